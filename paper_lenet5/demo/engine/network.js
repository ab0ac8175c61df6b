// LeNet-5: the state of every layer, and the penalties. paper_lenet5/lenet5.py, layers.py, rbf.py.
//
// A layer is {maps, rows, columns, values}, map by map and row by row. A field wider than 32 gives
// wider layers, one answer every 4 pixels (section VII).
const network = (() => {
  const { A, S } = NUMBERS.layers;
  const { TABLE_I } = NUMBERS.connections;
  const { WHITE, BLACK, FIELD, PATTERN } = NUMBERS.preprocessing;

  const squash = (a) => A * Math.tanh(S * a); // eq. 6

  // The tensors of a safetensors file, an ArrayBuffer, by name: {shape, values}.
  function load(buffer) {
    const length = Number(new DataView(buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
    const wanted = Object.entries(header).filter(([, { dtype }]) => dtype !== "I64"); // counts of batches
    return Object.fromEntries(wanted.map(([name, { shape, dtype, data_offsets }]) => {
      if (dtype !== "F32") throw new Error(`${name} is ${dtype} and not F32`);
      const [start, end] = data_offsets;
      return [name, { shape, values: new Float32Array(buffer, 8 + length + start, (end - start) / 4) }];
    }));
  }

  // A pattern of 28x28 grey levels, ink 255, in the middle of a field of 32x32.
  function fieldOf(pattern) {
    const field = new Uint8Array(FIELD * FIELD), margin = (FIELD - PATTERN) / 2;
    for (let row = 0; row < PATTERN; row++) {
      field.set(pattern.subarray(row * PATTERN, (row + 1) * PATTERN), (row + margin) * FIELD + margin);
    }
    return field;
  }

  const everything = (maps, inputs) => Array(maps).fill([...Array(inputs).keys()]);

  // Which maps of the layer before each map of a layer looks at.
  const inputs = {
    c1: everything(6, 1), s2: [0, 1, 2, 3, 4, 5].map((map) => [map]), c3: TABLE_I,
    s4: TABLE_I.map((_, map) => [map]), c5: everything(120, 16), f6: everything(84, 120),
  };

  // The weighted sums of a layer of convolutions, its kernels one after the other as the table has them.
  function convolve(before, weight, bias, table, side) {
    const rows = before.rows - side + 1, columns = before.columns - side + 1;
    const sums = new Float64Array(table.length * rows * columns);
    let at = 0;
    table.forEach((sources, map) => {
      const sum = sums.subarray(map * rows * columns, (map + 1) * rows * columns).fill(bias.values[map]);
      for (const source of sources) {
        const first = source * before.rows * before.columns;
        for (let down = 0; down < side; down++) {
          for (let right = 0; right < side; right++) {
            const w = weight.values[at++];
            for (let row = 0; row < rows; row++) {
              const from = first + (row + down) * before.columns + right, to = row * columns;
              for (let column = 0; column < columns; column++) {
                sum[to + column] += w * before.values[from + column];
              }
            }
          }
        }
      }
    });
    return { maps: table.length, rows, columns, values: sums };
  }

  // The weighted sums of S2 or S4: four inputs added, times a coefficient, and a bias.
  function subsample(before, coefficient, bias) {
    const { maps, columns: across } = before;
    const rows = before.rows >> 1, columns = across >> 1;
    const values = new Float64Array(maps * rows * columns);
    for (let map = 0, at = 0; map < maps; map++) {
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++, at++) {
          const from = map * before.rows * across + 2 * row * across + 2 * column, x = before.values;
          const sum = x[from] + x[from + 1] + x[from + across] + x[from + across + 1];
          values[at] = sum * coefficient.values[map] + bias.values[map];
        }
      }
    }
    return { maps, rows, columns, values };
  }

  const squashed = (layer) => ({ ...layer, values: Float32Array.from(layer.values, squash) });

  // The network's input, of a field of grey levels, ink 255.
  const inputOf = (field) => Float32Array.from(field, (grey) => (grey * (BLACK - WHITE)) / 255 + WHITE);

  // All states of a field, 32 rows of grey levels, ink 255: the input, c1 ... f6.
  const states = (tensors, field) => statesOf(tensors, inputOf(field));

  // The same, of an input.
  function statesOf(tensors, values) {
    const of = (name, part) => tensors[`${name}.${part}`];
    const input = { maps: 1, rows: FIELD, columns: values.length / FIELD, values };
    const layer = (name, before, side) =>
      squashed(convolve(before, of(name, "weight"), of(name, "bias"), inputs[name], side));
    const half = (name, before) =>
      squashed(subsample(before, of(name, "coefficient"), of(name, "bias")));
    const c1 = layer("c1", input, 5), s2 = half("s2", c1);
    const c3 = layer("c3", s2, 5), s4 = half("s4", c3);
    const c5 = layer("c5", s4, 5), f6 = layer("f6", c5, 1);
    return { input, c1, s2, c3, s4, c5, f6 };
  }

  // Eq. 7: for each answer of F6, from left to right, its distance from every centre.
  function penalties(tensors, f6) {
    const { shape: [classes, units], values } = tensors["rbf.centers"];
    const answers = f6.rows * f6.columns;
    return Array.from({ length: answers }, (_, answer) =>
      Array.from({ length: classes }, (_, digit) => {
        let sum = 0;
        for (let unit = 0; unit < units; unit++) {
          sum += (f6.values[unit * answers + answer] - values[digit * units + unit]) ** 2;
        }
        return sum;
      }));
  }

  // What a unit adds up: for each map it looks at, the patch, the kernel and the sum of their products;
  // and what follows: the bias, the weighted sum, the state. The layer's name, then map, row, column.
  function unit(tensors, states, name, map, row, column) {
    const order = ["input", "c1", "s2", "c3", "s4", "c5", "f6"];
    const source = order[order.indexOf(name) - 1], before = states[source];
    const halves = name === "s2" || name === "s4";
    const side = halves ? 2 : name === "f6" ? 1 : 5, step = halves ? 2 : 1;
    const area = side * side, table = inputs[name];
    let at = area * table.slice(0, map).reduce((sum, maps) => sum + maps.length, 0);
    const parts = table[map].map((from) => {
      const first = from * before.rows * before.columns;
      const patch = Float32Array.from({ length: area }, (_, k) =>
        before.values[first + (step * row + Math.floor(k / side)) * before.columns + step * column + (k % side)]);
      const kernel = halves
        ? new Float32Array(area).fill(tensors[`${name}.coefficient`].values[map])
        : tensors[`${name}.weight`].values.subarray(at, (at += area));
      return { map: from, patch, kernel, sum: patch.reduce((sum, x, k) => sum + x * kernel[k], 0) };
    });
    const bias = tensors[`${name}.bias`].values[map];
    const sum = parts.reduce((sum, part) => sum + part.sum, bias);
    const place = { row: step * row, column: step * column };
    return { source, side, place, parts, bias, sum, state: squash(sum) };
  }

  return { load, fieldOf, inputOf, states, statesOf, penalties, unit, inputs };
})();
