// How much speaks against each digit, given all states of one field of the network for single digits.
// paper_lenet5/doubt.py.
const doubt = (states) => {
  const seen = [...NUMBERS.doubt.LAYERS.flatMap((layer) => [...states[layer].values]), 1];
  return NUMBERS.units.map((unit) => unit.reduce((sum, weight, k) => sum + weight * seen[k], 0));
};
