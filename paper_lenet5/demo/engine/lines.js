// Lines of digits: which parts stand in which line, made level. paper_lenet5/pictures/lines.py.
const lines = (() => {
  const { TALL, OVER, GAP, SLOPES } = NUMBERS.lines;
  const [LEAST, MOST] = [SLOPES[0], SLOPES.at(-1)];

  const height = ([top, , bottom]) => bottom - top + 1;
  const middle = ([top, , bottom]) => (top + bottom) / 2;
  const column = ([, left, , right]) => (left + right) / 2;

  // The chosen parts by lines, from top to bottom.
  function linesOf(parts, chosen) {
    const boxes = chosen.map((part) => parts.boxes[part]);
    const least = TALL * image.quantile(boxes.map(height), 0.9);
    const places = [...boxes.keys()];
    const tall = places.filter((at) => height(boxes[at]) >= least);
    const slope = slopeOfPage(tall.map((at) => boxes[at]));
    const level = boxes.map((box) => middle(box) - slope * column(box));
    const found = []; // {places, top, bottom}
    for (const at of tall.sort((a, b) => level[a] - level[b])) {
      const top = level[at] - height(boxes[at]) / 2, bottom = level[at] + height(boxes[at]) / 2;
      const last = found.at(-1);
      if (last && level[at] < last.bottom && last.top < level[at]) {
        last.places.push(at);
        last.top = Math.min(last.top, top), last.bottom = Math.max(last.bottom, bottom);
      } else found.push({ places: [at], top, bottom });
    }
    for (const at of places.filter((place) => height(boxes[place]) < least)) {
      const away = found.map(({ top, bottom }) => Math.max(top - level[at], level[at] - bottom, 0));
      const nearest = away.indexOf(Math.min(...away)), { top, bottom } = found[nearest];
      if (away[nearest] <= 0.3 * (bottom - top)) found[nearest].places.push(at);
    }
    return found.map((line) =>
      line.places.sort((a, b) => column(boxes[a]) - column(boxes[b])).map((at) => chosen[at]));
  }

  // The slope that brings the middles of the digits together into as few rows as possible.
  function slopeOfPage(boxes) {
    if (boxes.length < 3) return 0;
    const near = image.median(boxes.map(height)) / 4;
    const costs = SLOPES.map((slope) => {
      const level = boxes.map((box) => middle(box) - slope * column(box)).sort((a, b) => a - b);
      const apart = level.slice(1).map((x, k) => Math.min(x - level[k], near));
      return apart.reduce((a, b) => a + b, 0) + 0.5 * near * Math.abs(slope);
    });
    return SLOPES[costs.indexOf(Math.min(...costs))];
  }

  // Of a line through boxes, rows a column: by the tops and bottoms of the tall ones.
  function slopeOf(boxes) {
    const highest = Math.max(...boxes.map(height));
    const tall = boxes.filter((box) => height(box) >= TALL * highest), columns = tall.map(column);
    if (tall.length < 3 || Math.max(...columns) - Math.min(...columns) < highest) return 0;
    const mean = columns.reduce((a, b) => a + b) / columns.length;
    const x = columns.map((place) => place - mean);
    const squares = x.reduce((sum, each) => sum + each * each, 0);
    const slopes = [0, 2].map((side) => x.reduce((sum, each, k) => sum + each * tall[k][side], 0) / squares);
    return image.clip((slopes[0] + slopes[1]) / 2, LEAST, MOST);
  }

  // The ink with each column moved up or down, by whole pixels.
  function levelled({ rows, columns, values }, slope) {
    const down = Array.from({ length: columns }, (_, k) => image.round(-slope * (k - columns / 2)));
    const most = down.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const moved = new Float32Array((rows + 2 * most) * columns);
    for (let row = 0; row < rows; row++) {
      for (let k = 0; k < columns; k++) moved[(row + most + down[k]) * columns + k] = values[row * columns + k];
    }
    return { rows: rows + 2 * most, columns, values: moved };
  }

  // The parts of a line by characters, from left to right: those that lie over each other.
  function charactersOf(parts, line) {
    const characters = [];
    let end = -1;
    for (const part of [...line].sort((a, b) => parts.boxes[a][1] - parts.boxes[b][1])) {
      const [, left, , right] = parts.boxes[part];
      const over = OVER * Math.min(right - left + 1, end - left + 1);
      if (characters.length && end - left >= over) characters.at(-1).push(part);
      else characters.push([part]);
      end = Math.max(end, right);
    }
    return characters;
  }

  // The ink of several characters side by side, columns of paper around each.
  function spaced(inks) {
    const { rows } = inks[0], cells = inks.map((ink) => {
      const inked = [...Array(ink.columns).keys()].filter((column) => {
        for (let row = 0; row < rows; row++) if (ink.values[row * ink.columns + column]) return true;
        return false;
      });
      return image.surrounded(image.part(ink, 0, inked[0], rows - 1, inked.at(-1)), 0, GAP);
    });
    const columns = cells.reduce((sum, cell) => sum + cell.columns, 0);
    const values = new Float32Array(rows * columns);
    let left = 0;
    for (const cell of cells) {
      for (let row = 0; row < rows; row++) {
        values.set(cell.values.subarray(row * cell.columns, (row + 1) * cell.columns), row * columns + left);
      }
      left += cell.columns;
    }
    return { rows, columns, values };
  }

  return { linesOf, slopeOf, levelled, charactersOf, spaced };
})();
