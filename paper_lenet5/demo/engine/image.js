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

  // Of each `length` neighbours down (axis 0) or along the rows (1) the least or the largest, by
  // doubling: shorter by length - 1.
  function running(of, length, axis, pick) {
    const least = pick === Math.min;
    for (let reached = 1; reached < length;) {
      const step = Math.min(reached, length - reached);
      const { columns: across, values: x } = of;
      const rows = of.rows - (axis ? 0 : step), columns = across - (axis ? step : 0);
      const ahead = axis ? step : step * across, values = new x.constructor(rows * columns);
      for (let row = 0, to = 0; row < rows; row++) {
        for (let at = row * across, end = at + columns; at < end; at++, to++) {
          const a = x[at], b = x[at + ahead];
          values[to] = a < b === least ? a : b;
        }
      }
      of = { rows, columns, values };
      reached += step;
    }
    return of;
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
