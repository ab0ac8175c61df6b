// A string off one wide sweep: of all sequences of labels in which no digit follows a digit but itself
// without a blank between them, the cheapest. paper_lenet5/reading.py, section VII.
const reading = (sweep) => {
  const { BLANK } = NUMBERS.strings;
  const cheapest = (cost) => cost.indexOf(Math.min(...cost));
  let cost = [...sweep[0]];
  const path = []; // the best label of the answer before, for each label of this one
  for (const penalties of sweep.slice(1)) {
    const before = cost.map((c, label) =>
      label === BLANK ? cheapest(cost) : c <= cost[BLANK] ? label : BLANK);
    cost = penalties.map((penalty, label) => cost[before[label]] + penalty);
    path.push(before);
  }
  let label = cheapest(cost);
  const total = cost[label], labels = [label];
  for (const before of path.reverse()) labels.unshift(label = before[label]);
  const text = labels.filter((label, k) => label !== BLANK && label !== labels[k - 1]).join("");
  return { text, labels, cost: total };
};
