// One network in training, in a worker of its own. It is told how far to go, and says what has come of it.
let net, recipe, method, rate, fields, labels, order, learned, shown, seen, random;

const input = (k) => network.inputOf(fields.subarray(1024 * k, 1024 * (k + 1)));

// Numbers 0 ... 1, the same for the same seed in every browser (mulberry32).
function numbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let x = Math.imul(seed ^ (seed >>> 15), seed | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

// Random first weights, and a constant random order (appendix C).
function begin(of) {
  ({ recipe, method, rate, fields, labels, learned, shown } = of);
  random = numbers(of.seed);
  net = training.begun(training.drawn(random, recipe.initialisation), of.centers);
  order = Array.from({ length: learned }, (_, k) => k);
  for (let k = learned - 1; k > 0; k--) {
    const other = Math.floor(random() * (k + 1));
    [order[k], order[other]] = [order[other], order[k]];
  }
  seen = 0;
}

// Before each pass the curvature is estimated; the rate falls as in the printed schedule.
function beginPass() {
  const number = seen / learned, eta = recipe.schedule[number];
  if (method === "sgd") return (eta / recipe.schedule[0]) * rate;
  const some = Array.from({ length: recipe.curvaturePatterns }, () => input(order[Math.floor(random() * learned)]));
  training.estimate(net, some, { ...recipe, eta });
}

let step; // of SGD in this pass

function learn(count) {
  let missed = 0;
  for (let k = 0; k < count; k++, seen++) {
    if (seen % learned === 0) step = beginPass();
    const at = order[seen % learned];
    if (training.learn(net, input(at), labels[at], { j: recipe.j, rate: step }) !== labels[at]) missed++;
  }
  return missed;
}

function missedOfUnseen() {
  let missed = 0;
  for (let k = learned; k < labels.length; k++) {
    const penalties = training.forward(net, input(k));
    if (penalties.indexOf(Math.min(...penalties)) !== labels[k]) missed++;
  }
  return missed / (labels.length - learned);
}

onmessage = ({ data }) => {
  if (data.begin) begin(data.begin);
  learn(data.learn);
  const f6 = Array.from({ length: 10 }, (_, digit) => {
    training.forward(net, network.inputOf(shown.subarray(1024 * digit, 1024 * (digit + 1))));
    return net.states.f6.slice();
  });
  postMessage({
    round: data.round, seen, f6, kernels: net.weights.parts["c1.weight"].slice(),
    unseen: data.judge ? missedOfUnseen() : null,
  });
};
