// Where is paper, and where ink? Found locally. paper_lenet5/pictures/paper.py.
//
// An image is {rows, columns, values}; a paper is {channel, paper, ink, noise}, the first three images.
const paper = (() => {
  const { CONTRAST, REACH, DARKEST_PAPER, COLOURFUL } = NUMBERS.paper;
  const LEVELS = 2 ** 16 - 1;

  // The ways in which red, green, blue images can be paper with ink on it: as many as one asks for.
  function* papers(red, green, blue) {
    const apart = red.values.map((x, at) =>
      Math.max(x, green.values[at], blue.values[at]) - Math.min(x, green.values[at], blue.values[at]));
    const grey = red.values.map((x, at) =>
      0.299 * x + 0.587 * green.values[at] + 0.114 * blue.values[at]);
    const colourful = apart.reduce((count, x) => count + (x > COLOURFUL), 0);
    let channels = [{ ...red, values: grey }];
    if (colourful / apart.length > 1e-3) channels.push(red, green, blue);
    else if (!apart.some((x) => x)) channels = [red];
    for (const each of channels) {
      const channel = calmed(each);
      const light = closed(channel), dark = inverted(closed(inverted(channel)));
      yield seen(channel, light, combined(light, channel, (paper, x) =>
        (paper - x) / Math.max(paper, DARKEST_PAPER)));
      yield seen(channel, dark, combined(dark, channel, (paper, x) => x - paper));
    }
  }

  const mapped = (image, f) => ({ ...image, values: image.values.map(f) });
  const combined = (a, b, f) => mapped(a, (x, at) => f(x, b.values[at]));
  const inverted = (image) => mapped(image, (x) => 1 - x);

  // With what the noise of the paper alone makes of the ink taken away.
  function seen(channel, paper, ink) {
    const known = some(ink.values).map((x) => Math.max(x, 0)), bare = median(known);
    const spread = bare
      ? median(known.filter((x) => x <= 2 * bare).map((x) => Math.abs(x - bare)))
      : 0;
    return {
      channel, paper: mapped(paper, (x) => x - bare),
      ink: mapped(ink, (x) => Math.min(Math.max(x - bare, 0), 1)), noise: 6 * spread,
    };
  }

  // Without the dark places that no square of REACH fits into.
  function closed(image) {
    const side = Math.max(3, normalise.round(REACH * Math.min(image.rows, image.columns)));
    let padded = surrounded(
      { ...image, values: Uint16Array.from(image.values, (x) => Math.round(x * LEVELS)) }, side, side);
    for (const pick of [Math.max, Math.min]) {
      for (const axis of [0, 1]) padded = running(padded, side, axis, pick);
    }
    const { rows, columns, values } = normalise.part(padded, 1, 1, padded.rows - 2, padded.columns - 2);
    return { rows, columns, values: Float32Array.from(values, (x) => x / LEVELS) };
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

  // Of each `length` neighbours along the axis what `pick` takes, by doubling: shorter by length - 1.
  function running(image, length, axis, pick) {
    const least = pick === Math.min;
    for (let reached = 1; reached < length;) {
      const step = Math.min(reached, length - reached);
      const { columns: across, values: x } = image;
      const rows = image.rows - (axis ? 0 : step), columns = across - (axis ? step : 0);
      const ahead = axis ? step : step * across, values = new x.constructor(rows * columns);
      for (let row = 0, to = 0; row < rows; row++) {
        for (let at = row * across, end = at + columns; at < end; at++, to++) {
          const a = x[at], b = x[at + ahead];
          values[to] = a < b === least ? a : b;
        }
      }
      image = { rows, columns, values };
      reached += step;
    }
    return image;
  }

  // A channel, smoothed as far as it is noisy. A drawing without noise stays as it is.
  function calmed(channel) {
    const noise = noiseOf(channel), { rows, columns } = channel;
    if (noise < 0.01) return channel;
    const radius = Math.min(noise / 0.03, Math.min(rows, columns) / 150);
    for (let times = normalise.round(2 * radius ** 2); times > 0; times--) {
      for (const step of [columns, 1]) { // 1, 2, 1: a variance of a half
        const size = step === 1 ? columns : rows, x = channel.values;
        channel = mapped(channel, (middle, at) => {
          const place = step === 1 ? at % columns : Math.floor(at / columns);
          const before = place ? x[at - step] : middle, after = place + 1 < size ? x[at + step] : middle;
          return (before + 2 * middle + after) / 4;
        });
      }
    }
    return channel;
  }

  // Its standard deviation, from second differences both ways, by their median.
  function noiseOf({ rows, columns, values: x }) {
    if (Math.min(rows, columns) < 3) return 0;
    const second = new Float32Array((rows - 2) * (columns - 2));
    const down = (at) => x[at] - 2 * x[at + columns] + x[at + 2 * columns];
    for (let row = 0, to = 0; row < rows - 2; row++) {
      for (let column = 0; column < columns - 2; column++, to++) {
        const at = row * columns + column;
        second[to] = down(at) - 2 * down(at + 1) + down(at + 2);
      }
    }
    return median(some(second).map(Math.abs)) / (6 * 0.6745);
  }

  // Enough of the values for a median, from all over.
  function some(values) {
    const step = Math.max(1, Math.floor(values.length / 30000) | 1);
    return Float32Array.from({ length: Math.ceil(values.length / step) }, (_, k) => values[k * step]);
  }

  function median(values) {
    return quantile(values, 0.5);
  }

  // Between the two values next to it, as NumPy does.
  function quantile(values, share) {
    const sorted = Float64Array.from(values).sort(), place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)], above = sorted[Math.ceil(place)];
    return below + (above - below) * (place % 1);
  }

  return { papers, running, surrounded, median, quantile, CONTRAST };
})();
