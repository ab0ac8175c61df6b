// A string off one wide sweep. paper_lenet5/reading.py, section VII.
const reading = (() => {
  const { BLANK, STRIDE } = NUMBERS.strings;
  const { FIELD } = NUMBERS.preprocessing;
  const { INKED, PARTED, WIDEST, SMALLEST_CHARACTER, LOWEST } = NUMBERS.reading;

  const least = (costs) => costs.indexOf(Math.min(...costs));
  const textOf = (labels) => labels.filter((label, k) => label !== BLANK && label !== labels[k - 1]).join("");

  // Of all sequences of labels in which no digit follows a digit but itself without a blank between
  // them, the cheapest.
  function string(sweep) {
    let cost = [...sweep[0]];
    const path = []; // the best label of the answer before, for each label of this one
    for (const penalties of sweep.slice(1)) {
      const before = cost.map((c, label) =>
        label === BLANK ? least(cost) : c <= cost[BLANK] ? label : BLANK);
      cost = penalties.map((penalty, label) => cost[before[label]] + penalty);
      path.push(before);
    }
    let label = least(cost);
    const total = cost[label], labels = [label];
    for (const before of path.reverse()) labels.unshift(label = before[label]);
    return { text: textOf(labels), labels, cost: total };
  }

  // The string in a field, by a sweep over it, and that of a network that knows single digits: what paper
  // parts from its neighbours is one character, that with the smallest sum of both in its middle.
  function line(field, sweep, ofDigits) {
    const labels = sweep.map(() => BLANK);
    for (const [first, last] of charactersIn(field)) {
      const read = first === last
        ? [least(ofDigits[first].map((penalty, digit) => penalty + sweep[first][digit]))]
        : string(sweep.slice(first, last + 1)).labels;
      labels.splice(first, read.length, ...read);
    }
    return { text: textOf(labels), labels, cost: labels.reduce((sum, label, k) => sum + sweep[k][label], 0) };
  }

  // The first and the last answer that have a piece of ink in their middle, from left to right.
  function charactersIn(field) {
    const across = field.length / FIELD, most = (across - FIELD) / STRIDE, found = [];
    const inked = (column) => {
      for (let row = 0; row < FIELD; row++) if (field[row * across + column] > INKED) return true;
      return false;
    };
    const columns = [...Array(across).keys()].filter(inked);
    const starts = columns.filter((column, k) => !k || column - columns[k - 1] > PARTED);
    const ends = columns.filter((column, k) => k + 1 === columns.length || columns[k + 1] - column > PARTED);
    starts.forEach((start, k) => {
      const width = ends[k] + 1 - start, rows = [];
      let mass = 0, moment = 0;
      for (let row = 0; row < FIELD; row++) {
        for (let column = 0; column < width; column++) {
          const grey = field[row * across + start + column];
          mass += grey, moment += column * grey;
          if (grey > INKED && rows.at(-1) !== row) rows.push(row);
        }
      }
      const height = rows.at(-1) - rows[0] + 1;
      if (Math.max(height, width) < SMALLEST_CHARACTER || height < LOWEST) return;
      const middle = image.round((start + moment / mass - FIELD / 2) / STRIDE);
      const answers = width <= WIDEST ? [middle, middle]
        : [Math.ceil((start - FIELD / 2) / STRIDE), Math.floor((start + width - FIELD / 2) / STRIDE)];
      found.push(answers.map((answer) => image.clip(answer, 0, most)));
    });
    return found;
  }

  return { string, line, charactersIn };
})();
