// A pattern scaled, turned, shifted and made noisy. paper_lenet5/changes.py, paper_lenet5/demo/changes.py.
const changes = (() => {
  const { WHITE, BLACK, FIELD } = NUMBERS.preprocessing;

  // An input of 32x32 scaled and turned clockwise about its centre, then shifted to the right, by
  // bilinear interpolation with paper all around; then pixels are inverted whose `order`, 0 ... 1, is
  // below the percentage of noise.
  function changed(input, { noise, rotation, scale, shift }, order) {
    const turn = (rotation * Math.PI) / 180, half = (FIELD - 1) / 2;
    const [cosine, sine] = [Math.cos(turn) / scale, Math.sin(turn) / scale];
    const ink = (row, column) => (row < 0 || row >= FIELD || column < 0 || column >= FIELD
      ? 0 : input[row * FIELD + column] - WHITE);
    return Float32Array.from(input, (_, at) => {
      const right = (at % FIELD) - half - shift, down = Math.floor(at / FIELD) - half;
      const column = cosine * right + sine * down + half, row = cosine * down - sine * right + half;
      const [left, top] = [Math.floor(column), Math.floor(row)], [across, below] = [column - left, row - top];
      const x = (1 - below) * ((1 - across) * ink(top, left) + across * ink(top, left + 1))
        + below * ((1 - across) * ink(top + 1, left) + across * ink(top + 1, left + 1)) + WHITE;
      return order[at] < Math.fround(noise / 100) ? WHITE + BLACK - x : x;
    });
  }

  return { changed };
})();
