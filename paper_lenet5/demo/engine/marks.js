// What is written, among all that differs from the paper. paper_lenet5/pictures/marks.py.
//
// A mask is an image of 0 and 1. Parts are {labels, boxes, mass, strength}: of each pixel the number of
// its part or -1; of each part [top, left, bottom, right], the sum of its ink, and its mean by itself.
const marks = (() => {
  const { SMALLEST_MARK, SPECK, AS_STRONG, LIGHTLY, WIDER, FILLS, FLAT, _MOST: MOST } = NUMBERS.marks;

  const sizes = (parts) => parts.boxes.map(([top, left, bottom, right]) =>
    Math.max(bottom - top, right - left) + 1);

  // The parts of a mask that hang together, corners included.
  function partsOf(mask, ink) {
    const { rows, columns, values } = mask;
    const labels = new Int32Array(values.length).fill(-1), boxes = [], mass = [], strength = [];
    const stack = [];
    for (let start = 0; start < values.length; start++) {
      if (!values[start] || labels[start] >= 0) continue;
      const number = boxes.length, box = [rows, columns, -1, -1];
      let sum = 0, squares = 0;
      labels[start] = number;
      stack.push(start);
      while (stack.length) {
        const at = stack.pop(), row = Math.floor(at / columns), column = at % columns;
        box[0] = Math.min(box[0], row), box[1] = Math.min(box[1], column);
        box[2] = Math.max(box[2], row), box[3] = Math.max(box[3], column);
        sum += ink.values[at], squares += ink.values[at] ** 2;
        for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++) {
          for (let c = Math.max(0, column - 1); c <= Math.min(columns - 1, column + 1); c++) {
            const next = r * columns + c;
            if (!values[next] || labels[next] >= 0) continue;
            labels[next] = number;
            stack.push(next);
          }
        }
      }
      boxes.push(box), mass.push(sum), strength.push(squares / sum);
    }
    return { labels: { rows, columns, values: labels }, boxes, mass, strength };
  }

  // Where ink is strong: above the unrest of the paper, and nearer to the pen than to its like.
  function strongIn(ink, unrest) {
    const some = ink.values.filter((x) => x > unrest);
    if (!some.length) return image.mask(ink, () => 0);
    const limit = Math.max(unrest, Math.min(between(some), 0.6 * image.quantile(some, 0.98)));
    const by = Math.max(1, Math.floor(Math.min(ink.rows, ink.columns) / 100));
    const near = grown(image.mask(ink, (x) => x > limit), by);
    return image.mask(ink, (x, at) => near.values[at] && x > unrest);
  }

  // The level that parts values in 0 ... 1 best into two kinds, by the variance between them.
  function between(values) {
    const BINS = 64, counts = Array(BINS).fill(0);
    for (const x of values) counts[Math.min(BINS - 1, Math.floor(x * BINS))]++;
    const all = values.length;
    const total = counts.reduce((sum, count, k) => sum + (count * (k + 0.5)) / BINS, 0);
    let below = 0, sum = 0, best = 0, most = -1;
    counts.forEach((count, k) => {
      below += count;
      sum += (count * (k + 0.5)) / BINS;
      const above = all - below;
      if (!below) return;
      const apart = above ? below * above * (sum / below - (total - sum) / above) ** 2 : 0;
      if (apart > most) [best, most] = [k, apart];
    });
    return (best + 1) / BINS;
  }

  // Without ruled lines, those that go from one edge to the other. Where a stroke crosses one it stays.
  const withoutLines = (mask) => image.turned(withoutRows(image.turned(withoutRows(mask))));

  function withoutRows(mask) {
    const { columns } = mask, piece = Math.max(9, Math.floor(columns / 12));
    if (columns < 2 * piece) return mask;
    const thick = grown(mask, 1, [0]); // a line that is a little turned climbs by steps
    const pieces = image.running(thick, piece, 1, Math.min);
    const reached = image.running(pieces, piece, 1, Math.max, piece - 1);
    const along = image.mask(mask, (_, at) => reached.values[at] && thick.values[at]);
    const lines = partsOf(along, along), end = Math.floor(columns / 100);
    const ruled = lines.boxes.map(([top, left, bottom, right]) =>
      left <= end && right >= columns - 1 - end && bottom - top < 0.08 * columns);
    if (!ruled.some((is) => is)) return mask;
    const on = image.mask(mask, (is, at) => is && ruled[lines.labels.values[at]]);
    const heights = heightsIn(mask), usual = image.median(heights.filter((_, at) => on.values[at]));
    return image.mask(mask, (is, at) => is && !(on.values[at] && heights[at] <= 2 * usual + 1));
  }

  // Of the vertical run that each pixel of the mask lies in.
  function heightsIn({ rows, columns, values }) {
    const heights = new Int32Array(values.length);
    for (let column = 0; column < columns; column++) {
      for (let row = 0; row < rows;) {
        let end = row;
        while (end < rows && values[end * columns + column]) end++;
        for (let r = row; r < end; r++) heights[r * columns + column] = end - row;
        row = end + 1;
      }
    }
    return heights;
  }

  // With everything that lies within `by` pixels of it along the axes.
  function grown(mask, by, axes = [0, 1]) {
    return axes.reduce((wide, axis) => image.running(wide, 2 * by + 1, axis, Math.max, by), mask);
  }

  const touches = ([top, left, bottom, right], { rows, columns }) =>
    top === 0 || left === 0 || bottom === rows - 1 || right === columns - 1;

  // The parts that are writing: {parts, chosen, atTheEdge}, the last whether some were cut off there.
  function writing(mask, ink) {
    const parts = partsOf(mask, ink), of = sizes(parts);
    const least = Math.max(2, SMALLEST_MARK * Math.min(mask.rows, mask.columns));
    const numbers = [...parts.boxes.keys()].filter((part) => of[part] >= least);
    const cut = numbers.filter((part) => touches(parts.boxes[part], mask));
    let kept = numbers.filter((part) => !cut.includes(part)), whole = [];
    if (!kept.length && numbers.length) {
      const largest = numbers.reduce((a, b) => (parts.mass[b] > parts.mass[a] ? b : a));
      if (wholeAtTheEdge(parts, largest)) kept = whole = [largest];
    }
    const strongest = Math.max(0, ...kept.map((part) => parts.strength[part]));
    kept = kept.filter((part) => parts.strength[part] >= AS_STRONG * strongest);
    kept = kept.sort((a, b) => parts.mass[b] - parts.mass[a]).slice(0, MOST);
    const chosen = kept.filter((part) => !surrounds(parts, of, part, kept));
    return { parts, chosen, atTheEdge: cut.some((part) => !whole.includes(part)) };
  }

  // Whether a part is whole though it touches the edge, as far as can be seen.
  function wholeAtTheEdge(parts, part) {
    const { rows, columns, values } = parts.labels, [top, left, bottom, right] = parts.boxes[part];
    const fills = (first, last, size) => {
      const end = Math.floor(size / 100);
      return first <= end + 1 && last >= size - end - 2;
    };
    if (fills(top, bottom, rows) || fills(left, right, columns)) return true;
    const is = (row, column) => values[row * columns + column] === part;
    const sides = [
      (depth) => Array.from({ length: columns }, (_, k) => is(depth, k)),
      (depth) => Array.from({ length: columns }, (_, k) => is(rows - 1 - depth, k)),
      (depth) => Array.from({ length: rows }, (_, k) => is(k, depth)),
      (depth) => Array.from({ length: rows }, (_, k) => is(k, columns - 1 - depth)),
    ];
    const touching = sides.flatMap((side) => runs(side(0)).map((run) => [side, ...run]));
    if (touching.length !== 1) return false;
    const [[side, start, end]] = touching, size = sizes(parts)[part];
    if (end - start > LIGHTLY * size) return false;
    if (size >= FILLS * Math.max(rows, columns)) return true;
    const inner = runs(side(Math.max(1, Math.floor((end - start) / 2))))
      .filter(([from, to]) => from < end && start < to)
      .map(([from, to]) => to - from);
    return Math.max(0, ...inner) >= WIDER * (end - start);
  }

  // Where a line of a mask is set: from, and up to before.
  function runs(line) {
    const starts = line.flatMap((is, k) => (is && !line[k - 1] ? [k] : []));
    const ends = line.flatMap((is, k) => (is && !line[k + 1] ? [k + 1] : []));
    return starts.map((start, k) => [start, ends[k]]);
  }

  // Whether a part goes all around another that is not small beside it.
  function surrounds(parts, of, frame, others) {
    const [top, left, bottom, right] = parts.boxes[frame];
    const { rows, columns, values } = parts.labels;
    return others.some((other) => {
      const box = parts.boxes[other];
      if (other === frame || of[other] < 0.15 * of[frame]) return false;
      if (box[0] <= top || box[1] <= left || box[2] >= bottom || box[3] >= right) return false;
      const row = Math.floor((box[0] + box[2]) / 2), column = Math.floor((box[1] + box[3]) / 2);
      const any = (from, to, place) => {
        for (let k = from; k < to; k++) if (values[place(k)] === frame) return true;
        return false;
      };
      const across = (k) => row * columns + k, down = (k) => k * columns + column;
      return any(0, column, across) && any(column, columns, across)
        && any(0, row, down) && any(row, rows, down);
    });
  }

  // Between two boxes, in pixels: the larger of the gaps between their rows and their columns.
  const gap = (one, other) => Math.max(0, ...[0, 1].map((k) =>
    Math.max(one[k], other[k]) - Math.min(one[k + 2], other[k + 2]) - 1));

  // The largest of the chosen parts, and those that are of the same character.
  function together(parts, chosen) {
    let rest = [...chosen].sort((a, b) => parts.mass[b] - parts.mass[a]);
    if (!rest.length) return [];
    const kept = [rest.shift()], of = sizes(parts), size = of[kept[0]];
    for (let found = kept; found.length;) {
      found = rest.filter((part) => {
        const nearest = Math.min(...kept.map((k) => gap(parts.boxes[part], parts.boxes[k])));
        const least = nearest > 0.06 * size ? SPECK : SPECK / 2;
        return nearest <= 0.35 * size && of[part] >= least * size;
      });
      kept.push(...found);
      rest = rest.filter((part) => !found.includes(part));
    }
    return kept;
  }

  // Whether the parts of a character are together far wider than they are high: no digit is.
  function isDash(parts, character) {
    const boxes = character.map((part) => parts.boxes[part]);
    const side = (k) =>
      Math.max(...boxes.map((box) => box[k + 2])) - Math.min(...boxes.map((box) => box[k])) + 1;
    return side(0) < FLAT * side(1);
  }

  // Whether there are two parts of about the same height with paper between them.
  function sideBySide({ parts, chosen }) {
    const boxes = chosen.map((part) => parts.boxes[part]);
    const heights = boxes.map(([top, , bottom]) => bottom - top + 1), highest = Math.max(...heights);
    const tall = boxes.filter((_, k) => heights[k] >= 0.6 * highest).sort((a, b) => a[1] - b[1]);
    let end = Infinity;
    return tall.some(([, left, , right]) => {
      const apart = left > end + 1;
      end = end === Infinity ? right : Math.max(end, right);
      return apart;
    });
  }

  return { partsOf, strongIn, withoutLines, grown, writing, together, isDash, sideBySide, sizes };
})();
