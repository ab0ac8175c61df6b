// Ink to what the network sees: a pattern as MNIST's are, or a line. paper_lenet5/pictures/normalise.py.
//
// Ink is {rows, columns, values}, 0 for paper to 1.
const normalise = (() => {
  const { BOX, LONGEST, BESIDE, WIDE, LEAST, STROKE, THIN, FAINT } = NUMBERS.normalise;
  const { FIELD, PATTERN, MARGIN } = NUMBERS.preprocessing;
  const { STRIDE } = NUMBERS.strings;
  const { part, turned, round, clip } = image;

  // The digit as a pattern: 28x28 grey levels, its centre of mass in the middle. What is smaller than
  // `least` pixels stays as much smaller than MNIST's digits.
  const pattern = (ink, least = 0) => {
    const digit = cropped(ink);
    return placed(thickened(digit, Math.max(digit.rows, digit.columns)), least);
  };

  // The same with strokes as thin as they are.
  function placed(ink, least) {
    const digit = cropped(ink), longest = Math.max(digit.rows, digit.columns, least);
    const grey = fitted(digit, ...[digit.rows, digit.columns].map((side) =>
      Math.max(1, round((side * BOX) / longest))));
    return centred(grey, PATTERN);
  }

  // A line of digits as a field of 32 rows: what paper parts from its neighbours as a pattern in a field
  // of its own; digits that touch in a wider one.
  function line(ink) {
    const digits = cropped(ink), borders = middlesOfGaps(digits);
    const pieces = borders.slice(1).map((end, k) =>
      cropped(part(digits, 0, borders[k], digits.rows - 1, end - 1)));
    const height = Math.max(...pieces.map(({ rows }) => rows));
    const cells = pieces.map((piece) =>
      piece.columns > WIDE * height ? touching(piece) : pattern(piece, LEAST * height));
    const widths = cells.map((cell) => cell.length / PATTERN + 2 * MARGIN);
    const across = widths.reduce((a, b) => a + b), field = new Uint8Array(FIELD * across);
    cells.forEach((cell, k) => {
      const columns = widths[k] - 2 * MARGIN;
      const left = widths.slice(0, k).reduce((a, b) => a + b, MARGIN);
      put({ rows: PATTERN, columns, values: cell }, field, across, MARGIN, left);
    });
    return field;
  }

  // Digits that touch, as high as one of MNIST's.
  function touching(ink) {
    const digits = cropped(thickened(ink, ink.rows));
    const scale = Math.min(BOX / digits.rows, LONGEST / digits.columns);
    const grey = fitted(digits, ...[digits.rows, digits.columns].map((side) =>
      Math.max(1, round(side * scale))));
    return centred(grey, STRIDE * Math.ceil((grey.columns + 2 * BESIDE) / STRIDE));
  }

  // Its centre of mass in the middle of 28 rows and so many columns, as far as there is room.
  function centred(grey, columns) {
    const top = clip(round(PATTERN / 2 - centre(grey)), 0, PATTERN - grey.rows);
    const left = clip(round(columns / 2 - centre(turned(grey))), 0, columns - grey.columns);
    const field = new Float64Array(PATTERN * columns);
    put(grey, field, columns, top, left);
    return Uint8Array.from(field, (x) => round(255 * x));
  }

  // The first column, the middles of the gaps between characters, and the end.
  function middlesOfGaps({ rows, columns, values }) {
    const darkest = Array.from({ length: columns }, (_, column) => {
      let strongest = 0;
      for (let row = 0; row < rows; row++) strongest = Math.max(strongest, values[row * columns + column]);
      return strongest;
    });
    const faint = Math.fround(Math.fround(FAINT) * Math.max(...darkest)), inked = darkest.map((x) => x > faint);
    const starts = inked.flatMap((is, k) => (is && !inked[k - 1] ? [k] : []));
    const ends = inked.flatMap((is, k) => (is && !inked[k + 1] ? [k + 1] : []));
    const middles = starts.slice(1).map((start, k) => Math.floor((ends[k] + start + 1) / 2));
    return [0, ...middles, columns];
  }

  function put({ rows, columns, values }, field, across, top, left) {
    for (let row = 0; row < rows; row++) {
      field.set(values.subarray(row * columns, (row + 1) * columns), (top + row) * across + left);
    }
  }

  // The row of the centre of mass.
  function centre({ rows, columns, values }) {
    let mass = 0, moment = 0;
    for (let row = 0, at = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, at++) mass += values[at], moment += row * values[at];
    }
    return moment / mass;
  }

  // Strokes of a digit of that size that are thinner than MNIST's, drawn again with a round pen.
  function thickened(ink, size) {
    const [, strongest] = image.range(ink);
    const thick = stroke(image.mask(ink, (x) => x > 0.4 * strongest));
    const radius = ((STROKE - thick / size) * size) / 2;
    if (radius < ((STROKE - THIN) * size) / 2 || radius < 0.5) return ink;
    const reach = Math.floor(radius), rows = ink.rows + 2 * reach, columns = ink.columns + 2 * reach;
    const drawn = new Float32Array(rows * columns);
    for (let down = -reach; down <= reach; down++) {
      const half = Math.floor(Math.sqrt(radius ** 2 - down ** 2));
      for (let row = 0; row < ink.rows; row++) {
        const to = (row + reach - down) * columns;
        for (let column = 0; column < ink.columns; column++) {
          const x = ink.values[row * ink.columns + column];
          if (!x) continue;
          const end = to + column + reach + half;
          for (let at = end - 2 * half; at <= end; at++) if (drawn[at] < x) drawn[at] = x;
        }
      }
    }
    return { rows, columns, values: drawn };
  }

  // How thick the strokes in a mask are, pixels: twice the area by the outline.
  function stroke({ rows, columns, values }) {
    let area = 0, outline = 0;
    for (let row = 0, at = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, at++) {
        if (!values[at]) continue;
        area++;
        outline += !(row && values[at - columns]) + !(row + 1 < rows && values[at + columns]);
        outline += !(column && values[at - 1]) + !(column + 1 < columns && values[at + 1]);
      }
    }
    return (2 * area) / outline;
  }

  // Of the strokes of a pattern, beside its longer side; of a filled square 0.5.
  function thickness(pattern) {
    const values = Uint8Array.from(pattern, (grey) => grey > 100);
    const rows = new Set(), columns = new Set();
    values.forEach((is, at) => {
      if (is) rows.add(Math.floor(at / PATTERN)), columns.add(at % PATTERN);
    });
    return stroke({ rows: PATTERN, columns: PATTERN, values }) / Math.max(rows.size, columns.size);
  }

  // The rectangle around the ink.
  function cropped({ rows, columns, values }) {
    let top = rows, bottom = -1, left = columns, right = -1;
    for (let row = 0, at = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, at++) {
        if (!values[at]) continue;
        top = Math.min(top, row), bottom = row;
        left = Math.min(left, column), right = Math.max(right, column);
      }
    }
    return part({ rows, columns, values }, top, left, bottom, right);
  }

  // The ink in another size, its darkest pixel 1: grey where a pixel is partly covered. What Pillow
  // does with its Hamming window, first along the rows, then along the columns.
  function fitted(ink, rows, columns) {
    const grey = turned(along(turned(along(ink, columns)), rows));
    const [, strongest] = image.range(grey);
    return image.mapped(grey, (x) => Math.max(x, 0) / strongest);
  }

  function along(ink, size) {
    if (size === ink.columns) return ink;
    const scale = ink.columns / size, reach = Math.max(scale, 1);
    const values = new Float32Array(ink.rows * size);
    for (let to = 0; to < size; to++) {
      const middle = (to + 0.5) * scale;
      const first = Math.max(0, Math.floor(middle - reach + 0.5));
      const end = Math.min(ink.columns, Math.floor(middle + reach + 0.5));
      const weights = Array.from({ length: end - first }, (_, k) =>
        hamming((first + k - middle + 0.5) / reach));
      const sum = weights.reduce((a, b) => a + b);
      for (let row = 0; row < ink.rows; row++) {
        let x = 0;
        weights.forEach((w, k) => { x += (w / sum) * ink.values[row * ink.columns + first + k]; });
        values[row * size + to] = x;
      }
    }
    return { rows: ink.rows, columns: size, values };
  }

  function hamming(x) {
    if (!x) return 1;
    const angle = Math.PI * Math.abs(x);
    return Math.abs(x) >= 1 ? 0 : (Math.sin(angle) / angle) * (0.54 + 0.46 * Math.cos(angle));
  }

  return { pattern, line, thickness, cropped };
})();
