// A network of LeNet-5's size by today's means. paper_lenet5/modern.py.
const modern = (() => {
  const { WHITE, BLACK, FIELD, PATTERN } = NUMBERS.preprocessing;
  const EPSILON = 1e-5; // of PyTorch's batch normalisation

  // A convolution, batch normalisation as it is after training, and ReLU.
  function normalised(before, tensors, convolution, normalisation, stride = 1) {
    const { shape: [maps, inputs, side], values: weight } = tensors[`${convolution}.weight`];
    const margin = side >> 1, padded = surrounded(before, margin), across = before.columns + 2 * margin;
    const area = across * (before.rows + 2 * margin);
    const [rows, columns] = [before.rows, before.columns].map((size) => Math.ceil(size / stride));
    const values = new Float32Array(maps * rows * columns), sum = new Float64Array(rows * columns);
    const of = (name, map) => tensors[`${normalisation}.${name}`].values[map];
    for (let map = 0, at = 0; map < maps; map++) {
      sum.fill(0);
      for (let input = 0; input < inputs; input++) {
        if (side === 3) { // most of it: nine at once are three times as fast
          const [a, b, c, d, e, f, g, h, i] = weight.subarray(at, at += 9);
          for (let row = 0, to = 0; row < rows; row++) {
            let p = input * area + row * across, q = p + across, r = q + across;
            for (let column = 0; column < columns; column++, to++, p++, q++, r++) {
              sum[to] += a * padded[p] + b * padded[p + 1] + c * padded[p + 2] + d * padded[q] + e * padded[q + 1]
                + f * padded[q + 2] + g * padded[r] + h * padded[r + 1] + i * padded[r + 2];
            }
          }
          continue;
        }
        for (let tap = 0; tap < side * side; tap++) {
          const w = weight[at++], first = input * area + Math.floor(tap / side) * across + (tap % side);
          for (let row = 0, to = 0; row < rows; row++) {
            const from = first + stride * row * across;
            for (let column = 0; column < columns; column++, to++) sum[to] += w * padded[from + stride * column];
          }
        }
      }
      const scale = of("weight", map) / Math.sqrt(of("running_var", map) + EPSILON);
      const add = of("bias", map) - scale * of("running_mean", map);
      for (let k = 0; k < sum.length; k++) values[map * sum.length + k] = Math.max(0, scale * sum[k] + add);
    }
    return { maps, rows, columns, values };
  }

  // Every map with zeros around it.
  function surrounded({ maps, rows, columns, values }, margin) {
    const across = columns + 2 * margin, padded = new Float32Array(maps * across * (rows + 2 * margin));
    for (let line = 0; line < maps * rows; line++) {
      const to = (Math.floor(line / rows) * (rows + 2 * margin) + (line % rows) + margin) * across + margin;
      padded.set(values.subarray(line * columns, (line + 1) * columns), to);
    }
    return padded;
  }

  function residual(before, tensors, name) {
    const change = normalised(before, tensors, `${name}.change.0`, `${name}.change.1`);
    return { ...change, values: change.values.map((x, k) => x + before.values[k]) };
  }

  // The largest of every two by two; a last odd row or column is left out.
  function largest({ maps, rows: high, columns: across, values: x }) {
    const rows = high >> 1, columns = across >> 1, values = new Float32Array(maps * rows * columns);
    for (let at = 0; at < values.length; at++) {
      const map = Math.floor(at / (rows * columns)), row = Math.floor(at / columns) % rows;
      const from = map * high * across + 2 * row * across + 2 * (at % columns);
      values[at] = Math.max(x[from], x[from + 1], x[from + across], x[from + across + 1]);
    }
    return { maps, rows, columns, values };
  }

  // The ten scores of an input of 32x32; the largest is the answer.
  function scores(tensors, input) {
    const margin = (FIELD - PATTERN) / 2, values = new Float32Array(PATTERN * PATTERN);
    for (let at = 0; at < values.length; at++) {
      const x = input[(Math.floor(at / PATTERN) + margin) * FIELD + (at % PATTERN) + margin];
      values[at] = (x - WHITE) / (BLACK - WHITE);
    }
    let layer = { maps: 1, rows: PATTERN, columns: PATTERN, values };
    layer = normalised(layer, tensors, "1", "2", 2);
    layer = largest(residual(normalised(layer, tensors, "4", "5"), tensors, "7"));
    layer = residual(normalised(layer, tensors, "9", "10"), tensors, "12");
    const { maps, values: x } = layer, area = x.length / maps;
    const means = Array.from({ length: maps }, (_, map) =>
      x.subarray(map * area, (map + 1) * area).reduce((a, b) => a + b) / area);
    const { values: weight } = tensors["15.weight"];
    return Array.from(tensors["15.bias"].values, (bias, digit) =>
      means.reduce((sum, mean, map) => sum + mean * weight[digit * maps + map], bias));
  }

  // How sure it is of each digit: the softmax of the scores.
  function shares(scores) {
    const most = Math.max(...scores), all = scores.map((score) => Math.exp(score - most));
    const sum = all.reduce((a, b) => a + b);
    return all.map((share) => share / sum);
  }

  return { scores, shares };
})();
