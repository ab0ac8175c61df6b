// LeNet-5 in training, a pattern at a time. paper_lenet5/eager.py, losses.py, sdlm.py, recursion.py.
//
// A network in training is {weights, gradient, curvature}, each all parameters one after the other, and
// `parts`, where they lie by name. What one pass back does with the states, weights and slopes of the
// network, it does with their squares for appendix C's curvature (eq. 23, 25, 27).
const training = (() => {
  const { A, S } = NUMBERS.layers, { TABLE_I } = NUMBERS.connections;
  const SHAPES = {
    "c1.weight": [6, 25], "c1.bias": [6], "s2.coefficient": [6], "s2.bias": [6], "c3.weight": [60, 25],
    "c3.bias": [16], "s4.coefficient": [16], "s4.bias": [16], "c5.weight": [120, 400], "c5.bias": [120],
    "f6.weight": [84, 120], "f6.bias": [84],
  };
  const SIZE = { input: 1024, c1: 6 * 784, s2: 6 * 196, c3: 16 * 100, s4: 400, c5: 120, f6: 84 };
  const LENGTH = Object.values(SHAPES).reduce((sum, shape) => sum + shape.reduce((a, b) => a * b), 0);

  // All parameters in one array, and a part of it for each.
  function laidOut() {
    const whole = new Float32Array(LENGTH), parts = {};
    let at = 0;
    for (const [name, shape] of Object.entries(SHAPES)) {
      const length = shape.reduce((a, b) => a * b);
      parts[name] = whole.subarray(at, at += length);
    }
    return { whole, parts };
  }

  const layers = () => Object.fromEntries(Object.entries(SIZE).map(([name, size]) => [name, new Float32Array(size)]));

  // A network with the values of `tensors`, by name, before its first step.
  function begun(tensors, centers) {
    const weights = laidOut();
    for (const [name, part] of Object.entries(weights.parts)) part.set(tensors[name]);
    return {
      weights, gradient: laidOut(), curvature: laidOut(), centers, steps: null, estimates: 0,
      states: layers(), sums: { s2: new Float32Array(SIZE.s2), s4: new Float32Array(SIZE.s4) }, back: layers(),
      squared: { weights: laidOut(), states: layers(), sums: { s2: new Float32Array(SIZE.s2), s4: new Float32Array(SIZE.s4) } },
    };
  }

  // First values as paper_lenet5/initialisation.py draws them, from random numbers 0 ... 1.
  function drawn(random, { scale, power, coefficient }) {
    const fan = (name, k) => ({ "c1.weight": 25, "c5.weight": 400, "f6.weight": 120 })[name] ?? 25 * FAN_C3[Math.floor(k / 25)];
    return Object.fromEntries(Object.entries(SHAPES).map(([name, shape]) => {
      const values = new Float32Array(shape.reduce((a, b) => a * b));
      if (name.endsWith("coefficient")) values.fill(coefficient);
      else if (name.endsWith("weight")) values.forEach((_, k) => { values[k] = ((2 * random() - 1) * scale) / fan(name, k) ** power; });
      return [name, values];
    }));
  }
  const FAN_C3 = TABLE_I.flatMap((sources) => sources.map(() => sources.length)); // of each kernel

  // --- forward ------------------------------------------------------------------------------------------

  const squash = (layer) => { for (let k = 0; k < layer.length; k++) layer[k] = A * Math.tanh(S * layer[k]); };

  // Adds to `sums`, at `to`, the convolution of a map of `across` columns, at `from`, with a kernel.
  function convolve(sums, to, side, map, from, across, kernel, at) {
    for (let down = 0; down < 5; down++, at += 5) {
      const a = kernel[at], b = kernel[at + 1], c = kernel[at + 2], d = kernel[at + 3], e = kernel[at + 4];
      for (let row = 0, k = to; row < side; row++) {
        let p = from + (row + down) * across;
        for (let column = 0; column < side; column++, k++, p++) {
          sums[k] += a * map[p] + b * map[p + 1] + c * map[p + 2] + d * map[p + 3] + e * map[p + 4];
        }
      }
    }
  }

  // Sums of every two by two of all maps.
  function halve(sums, maps, side, layer) {
    for (let map = 0, k = 0; map < maps; map++) {
      for (let row = 0; row < side; row++) {
        let p = map * 4 * side * side + 4 * row * side;
        for (let column = 0; column < side; column++, k++, p += 2) {
          sums[k] = layer[p] + layer[p + 1] + layer[p + 2 * side] + layer[p + 2 * side + 1];
        }
      }
    }
  }

  function scale(layer, sums, coefficient, bias) {
    const area = layer.length / bias.length;
    for (let k = 0; k < layer.length; k++) {
      const map = Math.floor(k / area);
      layer[k] = sums[k] * coefficient[map] + bias[map];
    }
  }

  function connect(layer, before, weight, bias) {
    const n = before.length;
    for (let unit = 0, at = 0; unit < layer.length; unit++) {
      let sum = bias[unit];
      for (let k = 0; k < n; k++, at++) sum += weight[at] * before[k];
      layer[unit] = sum;
    }
  }

  const fill = (layer, bias) => {
    const area = layer.length / bias.length;
    for (let map = 0; map < bias.length; map++) layer.fill(bias[map], map * area, (map + 1) * area);
  };

  // The states of an input of 32x32, and the ten penalties.
  function forward({ weights: { parts: w }, states: x, sums, centers }, input) {
    x.input.set(input);
    fill(x.c1, w["c1.bias"]);
    for (let map = 0; map < 6; map++) convolve(x.c1, 784 * map, 28, x.input, 0, 32, w["c1.weight"], 25 * map);
    squash(x.c1);
    halve(sums.s2, 6, 14, x.c1);
    scale(x.s2, sums.s2, w["s2.coefficient"], w["s2.bias"]);
    squash(x.s2);
    fill(x.c3, w["c3.bias"]);
    let kernel = 0;
    TABLE_I.forEach((sources, map) => {
      for (const source of sources) convolve(x.c3, 100 * map, 10, x.s2, 196 * source, 14, w["c3.weight"], 25 * kernel++);
    });
    squash(x.c3);
    halve(sums.s4, 16, 5, x.c3);
    scale(x.s4, sums.s4, w["s4.coefficient"], w["s4.bias"]);
    squash(x.s4);
    connect(x.c5, x.s4, w["c5.weight"], w["c5.bias"]);
    squash(x.c5);
    connect(x.f6, x.c5, w["f6.weight"], w["f6.bias"]);
    squash(x.f6);
    return Array.from({ length: 10 }, (_, digit) => {
      let sum = 0;
      for (let unit = 0; unit < 84; unit++) sum += (x.f6[unit] - centers[84 * digit + unit]) ** 2;
      return sum;
    });
  }

  // --- back ---------------------------------------------------------------------------------------------

  // What comes to the states times the slope there, or its square: what comes to the weighted sums.
  function throughSlope(back, states, square) {
    for (let k = 0; k < back.length; k++) {
      const slope = S * (A - (states[k] * states[k]) / A);
      back[k] *= square ? slope * slope : slope;
    }
  }

  function backConnected(back, before, x, w, into, bias) {
    const n = x.length;
    before.fill(0);
    for (let unit = 0, at = 0; unit < back.length; unit++) {
      const come = back[unit];
      bias[unit] += come;
      for (let k = 0; k < n; k++, at++) {
        before[k] += come * w[at];
        into[at] += come * x[k];
      }
    }
  }

  // Each unit hands the same to its four inputs.
  function backHalved(back, before, side, sums, coefficient, into, bias) {
    const maps = bias.length;
    for (let map = 0, k = 0; map < maps; map++) {
      let ofBias = 0, ofCoefficient = 0;
      for (let row = 0; row < side; row++) {
        let p = map * 4 * side * side + 4 * row * side;
        for (let column = 0; column < side; column++, k++, p += 2) {
          ofBias += back[k];
          ofCoefficient += back[k] * sums[k];
          before[p] = before[p + 1] = before[p + 2 * side] = before[p + 2 * side + 1] = back[k] * coefficient[map];
        }
      }
      bias[map] += ofBias;
      into[map] += ofCoefficient;
    }
  }

  // To a kernel, and, where there is a `before`, to the map that it looks at.
  function backConvolved(back, of, side, x, from, across, w, into, at, before) {
    for (let down = 0; down < 5; down++, at += 5) {
      const a = w[at], b = w[at + 1], c = w[at + 2], d = w[at + 3], e = w[at + 4];
      let A = 0, B = 0, C = 0, D = 0, E = 0;
      for (let row = 0, k = of; row < side; row++) {
        let p = from + (row + down) * across;
        for (let column = 0; column < side; column++, k++, p++) {
          const come = back[k];
          A += come * x[p];
          B += come * x[p + 1];
          C += come * x[p + 2];
          D += come * x[p + 3];
          E += come * x[p + 4];
          if (!before) continue;
          before[p] += come * a;
          before[p + 1] += come * b;
          before[p + 2] += come * c;
          before[p + 3] += come * d;
          before[p + 4] += come * e;
        }
      }
      into[at] += A;
      into[at + 1] += B;
      into[at + 2] += C;
      into[at + 3] += D;
      into[at + 4] += E;
    }
  }

  function backBias(back, bias) {
    const area = back.length / bias.length;
    for (let k = 0; k < back.length; k++) bias[Math.floor(k / area)] += back[k];
  }

  // From what has come to F6's states to all parameters, added to `into`. With `square`, w, x and sums are
  // squares, and so are the slopes.
  function backward({ states, back }, w, x, sums, into, square) {
    throughSlope(back.f6, states.f6, square);
    backConnected(back.f6, back.c5, x.c5, w["f6.weight"], into["f6.weight"], into["f6.bias"]);
    throughSlope(back.c5, states.c5, square);
    backConnected(back.c5, back.s4, x.s4, w["c5.weight"], into["c5.weight"], into["c5.bias"]);
    throughSlope(back.s4, states.s4, square);
    backHalved(back.s4, back.c3, 5, sums.s4, w["s4.coefficient"], into["s4.coefficient"], into["s4.bias"]);
    throughSlope(back.c3, states.c3, square);
    backBias(back.c3, into["c3.bias"]);
    back.s2.fill(0);
    let kernel = 0;
    TABLE_I.forEach((sources, map) => {
      for (const source of sources) {
        backConvolved(back.c3, 100 * map, 10, x.s2, 196 * source, 14, w["c3.weight"], into["c3.weight"], 25 * kernel++, back.s2);
      }
    });
    throughSlope(back.s2, states.s2, square);
    backHalved(back.s2, back.c1, 14, sums.s2, w["s2.coefficient"], into["s2.coefficient"], into["s2.bias"]);
    throughSlope(back.c1, states.c1, square);
    backBias(back.c1, into["c1.bias"]);
    for (let map = 0; map < 6; map++) {
      backConvolved(back.c1, 784 * map, 28, x.input, 0, 32, w["c1.weight"], into["c1.weight"], 25 * map);
    }
  }

  // --- learning -----------------------------------------------------------------------------------------

  // What eq. 9 with rubbish of penalty j, its factor 1, hands to F6's states: 2 (t_i - p_i) (x - w_i), summed.
  function ofLoss({ states: { f6 }, back, centers }, penalties, label, j) {
    const least = Math.min(j, ...penalties), shares = penalties.map((penalty) => Math.exp(least - penalty));
    const sum = shares.reduce((a, b) => a + b) + Math.exp(least - j);
    const pulls = shares.map((share, digit) => 2 * ((digit === label) - share / sum));
    for (let unit = 0; unit < 84; unit++) {
      let come = 0;
      for (let digit = 0; digit < 10; digit++) come += pulls[digit] * (f6[unit] - centers[84 * digit + unit]);
      back.f6[unit] = come;
    }
  }

  // Learn one input: every weight goes down its gradient, by a step of its own where they are estimated, or
  // all by the same `rate`. Returns the answer before.
  function learn(net, input, label, { j, rate }) {
    const { weights, gradient, states, sums, steps } = net;
    const penalties = forward(net, input);
    ofLoss(net, penalties, label, j);
    gradient.whole.fill(0);
    backward(net, weights.parts, states, sums, gradient.parts, false);
    const w = weights.whole, g = gradient.whole;
    if (steps) for (let k = 0; k < LENGTH; k++) w[k] -= steps[k] * g[k];
    else for (let k = 0; k < LENGTH; k++) w[k] -= rate * g[k];
    return penalties.indexOf(Math.min(...penalties));
  }

  // Estimate the curvature on some inputs: its mean over all estimates so far gives each weight its step,
  // eta / (mu + h) of eq. 21.
  function estimate(net, inputs, { eta, mu, outputCurvature }) {
    const { weights, gradient, curvature, states, sums, squared, back } = net;
    const square = (to, from) => { for (let k = 0; k < from.length; k++) to[k] = from[k] * from[k]; };
    square(squared.weights.whole, weights.whole);
    gradient.whole.fill(0);
    for (const input of inputs) {
      forward(net, input);
      for (const name of Object.keys(states)) square(squared.states[name], states[name]);
      for (const name of Object.keys(sums)) square(squared.sums[name], sums[name]);
      back.f6.fill(outputCurvature);
      backward(net, squared.weights.parts, squared.states, squared.sums, gradient.parts, true);
    }
    net.estimates += 1;
    net.steps ??= new Float32Array(LENGTH);
    for (let k = 0; k < LENGTH; k++) {
      const h = curvature.whole[k] += (gradient.whole[k] / inputs.length - curvature.whole[k]) / net.estimates;
      net.steps[k] = eta / (mu + h);
    }
  }

  return { SHAPES, drawn, begun, forward, learn, estimate };
})();
