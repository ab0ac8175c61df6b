// Images, {rows, columns, values}, row by row: what is done with all of them.
const image = (() => {
  // Each value made another by f(value, place), in an array of that kind. A loop: the arrays' own
  // `from` takes ten times as long.
  function mapped({ rows, columns, values }, f, Kind = values.constructor) {
    const other = new Kind(values.length);
    for (let at = 0; at < values.length; at++) other[at] = f(values[at], at);
    return { rows, columns, values: other };
  }

  // 1 where it is so, else 0.
  const mask = (of, is) => mapped(of, is, Uint8Array);

  // Rows top ... bottom, columns left ... right.
  function part({ columns, values }, top, left, bottom, right) {
    const across = right - left + 1, rows = bottom - top + 1;
    const inside = new values.constructor(rows * across);
    for (let row = 0; row < rows; row++) {
      const from = (top + row) * columns + left;
      inside.set(values.subarray(from, from + across), row * across);
    }
    return { rows, columns: across, values: inside };
  }

  // Rows to columns.
  function turned({ rows, columns, values }) {
    const other = new values.constructor(values.length);
    for (let row = 0, at = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, at++) other[column * rows + row] = values[at];
    }
    return { rows: columns, columns: rows, values: other };
  }

  // With zeros around it.
  function surrounded({ rows, columns, values }, down, right) {
    const across = columns + 2 * right;
    const padded = new values.constructor((rows + 2 * down) * across);
    for (let row = 0; row < rows; row++) {
      padded.set(values.subarray(row * columns, (row + 1) * columns), (row + down) * across + right);
    }
    return { rows: rows + 2 * down, columns: across, values: padded };
  }

  // Of each `length` neighbours down (axis 0) or along the rows (1) the least or the largest, of whole
  // numbers, with so many zeros before and behind: from what is so up to each place in blocks of that
  // length, and from it on (van Herk, 1992). The least is the largest with all bits turned.
  function running(of, length, axis, pick, beyond = 0) {
    const { columns: across, values: x } = of, turn = pick === Math.min ? -1 : 0;
    const inside = axis ? across : of.rows, size = inside + 2 * beyond, left = size - length + 1;
    const rows = axis ? of.rows : left, columns = axis ? left : across;
    const values = new x.constructor(rows * columns), upTo = new Int32Array(size), from = new Int32Array(size);
    const line = new Int32Array(size).fill(turn), step = axis ? 1 : across;
    for (let each = 0, lines = axis ? rows : columns; each < lines; each++) {
      const start = axis ? each * across : each, to = axis ? each * columns : each;
      for (let k = 0, at = start; k < inside; k++, at += step) line[beyond + k] = x[at] ^ turn;
      for (let first = 0; first < size; first += length) {
        const end = Math.min(first + length, size);
        for (let k = first, most = line[k]; k < end; k++) upTo[k] = most = line[k] > most ? line[k] : most;
        for (let k = end - 1, most = line[k]; k >= first; k--) from[k] = most = line[k] > most ? line[k] : most;
      }
      for (let k = 0, at = to; k < left; k++, at += step) {
        const a = from[k], b = upTo[k + length - 1];
        values[at] = (a > b ? a : b) ^ turn;
      }
    }
    return { rows, columns, values };
  }

  function range({ values }) {
    let low = Infinity, high = -Infinity;
    for (const x of values) {
      if (x < low) low = x;
      if (x > high) high = x;
    }
    return [low, high];
  }

  // Of numbers in any order; between two of them what NumPy gives.
  function quantile(values, share) {
    const sorted = Float64Array.from(values).sort(), place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)], above = sorted[Math.ceil(place)];
    return below + (above - below) * (place % 1);
  }

  const median = (values) => quantile(values, 0.5);

  // To the nearest whole number, from the middle to the even one, as Python and NumPy do.
  const round = (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));
  const clip = (x, low, high) => Math.min(Math.max(x, low), high);

  return { mapped, mask, part, turned, surrounded, running, range, quantile, median, round, clip };
})();
