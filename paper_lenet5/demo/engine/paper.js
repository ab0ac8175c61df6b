// Where is paper, and where ink? Found locally. paper_lenet5/pictures/paper.py.
//
// An image is {rows, columns, values}; a paper is {channel, paper, ink, noise}, the first three images.
const paper = (() => {
  const { CONTRAST, REACH, DARKEST_PAPER, COLOURFUL } = NUMBERS.paper;
  const LEVELS = 2 ** 16 - 1;
  const { mapped, median } = image;

  // The ways in which red, green, blue images can be paper with ink on it: as many as one asks for.
  function* papers(red, green, blue) {
    const [g, b] = [green.values, blue.values];
    const grey = mapped(red, (x, at) => 0.299 * x + 0.587 * g[at] + 0.114 * b[at]);
    const apart = mapped(red, (x, at) => Math.max(x, g[at], b[at]) - Math.min(x, g[at], b[at])).values;
    const colourful = apart.reduce((count, x) => count + (x > COLOURFUL), 0);
    let channels = [grey];
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

  const combined = (a, b, f) => mapped(a, (x, at) => f(x, b.values[at]));
  const inverted = (channel) => mapped(channel, (x) => 1 - x);

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
  function closed(channel) {
    const side = Math.max(3, image.round(REACH * Math.min(channel.rows, channel.columns)));
    const whole = mapped(channel, (x) => Math.round(x * LEVELS), Uint16Array); // twice as fast as floats
    let closing = whole;
    for (const axis of [0, 1]) closing = image.running(closing, side, axis, Math.max, side);
    for (const axis of [0, 1]) closing = image.running(closing, side, axis, Math.min);
    const inside = image.part(closing, 1, 1, closing.rows - 2, closing.columns - 2);
    return mapped(inside, (x) => x / LEVELS, Float32Array);
  }

  // A channel, smoothed as far as it is noisy. A drawing without noise stays as it is.
  function calmed(channel) {
    const noise = noiseOf(channel), { rows, columns } = channel;
    if (noise < 0.01) return channel;
    const radius = Math.min(noise / 0.03, Math.min(rows, columns) / 150);
    for (let times = image.round(2 * radius ** 2); times > 0; times--) {
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

  return { papers };
})();
