// Two networks in training, SDLM beside SGD, each in a worker: they see the same, in the same order.
const train = (() => {
  const root = document.getElementById("train"), button = root.querySelector("[data-do=train]");
  const select = root.querySelector("[data-rate]"), curve = root.querySelector("[data-curve]");
  const state = root.querySelector("[data-state]");
  const METHODS = ["sdlm", "sgd"], RATES = [0.0001, 0.0003, 0.001, 0.003], RATE = 0.001;
  const ROUND = 50; // digits until they are looked at
  let data = null, centers, workers = [], running = false, round = 0, curves, seen, began;

  const part = (method, name) => root.querySelector(`[data-of=${method}] [data-${name}]`);
  const most = () => data.learned * data.recipe.schedule.length;

  function open(models, settings) {
    parcels.open(root, ["training"], async (content) => {
      const asked = RATES.find((rate) => String(rate) === settings.get("e"));
      if (data) {
        if (!asked || asked === +select.value) return;
        select.value = asked;
        return anew();
      }
      data = content;
      centers = models;
      root.querySelector("[data-count]").textContent = data.learned.toLocaleString("en");
      select.innerHTML = RATES.map((rate) => `<option value="${rate}"${rate === (asked ?? RATE) ? " selected" : ""}>${rate}</option>`).join("");
      for (const method of METHODS) {
        part(method, "f6s").append(...Array.from({ length: 10 }, () => {
          const canvas = document.createElement("canvas");
          canvas.dataset.gap = "";
          return canvas;
        }));
        part(method, "kernels").append(...Array.from({ length: 6 }, () => document.createElement("canvas")));
      }
      data.fields = await fields();
      anew();
    });
  }

  // The digits of the sheet, each in the middle of a field.
  async function fields() {
    const { ink, across } = await misses.inkOf(`data:image/webp;base64,${data.sheet}`);
    const all = new Uint8Array(1024 * data.labels.length);
    for (let k = 0; k < data.labels.length; k++) {
      all.set(network.fieldOf(misses.cut(ink, across, data.columns, k)), 1024 * k);
    }
    return all;
  }

  // Both are built anew, with other random numbers, once the digits are there.
  function anew() {
    if (!data?.fields) return;
    seen = 0;
    halt();
    for (const { worker } of workers) worker.terminate();
    const seed = Math.floor(Math.random() * 2 ** 31), shown = new Uint8Array(10240);
    for (let digit = 0; digit < 10; digit++) shown.set(network.fieldOf(misses.pattern(digit)), 1024 * digit);
    const begin = {
      recipe: data.recipe, fields: data.fields, labels: [...data.labels].map(Number), learned: data.learned,
      shown, seed, centers, rate: +select.value,
    };
    workers = METHODS.map((method) => {
      const worker = lenet.worker("trainer");
      worker.onmessage = (event) => told(method, event.data);
      return { worker, method, begin: { ...begin, method } };
    });
    curves = { places: [], sdlm: [], sgd: [] };
    round += 1; // what comes of the ones before is not heard
    ask(0, true);
  }

  const waiting = new Set();

  // Go on by so many digits, both; and count, sometimes, what they miss of the unseen.
  function ask(count, judge) {
    for (const each of workers) {
      waiting.add(each.method);
      each.worker.postMessage({ begin: each.begin, learn: count, judge, round });
      delete each.begin;
    }
  }

  function told(method, { round: of, seen: reached, f6, kernels, unseen }) {
    if (of !== round) return;
    f6.forEach((states, digit) => lenet.cells(part(method, "f6s").children[digit], 7, Array.from(states, answer.ink)));
    const full = image.quantile(kernels.map(Math.abs), 0.97);
    [...part(method, "kernels").children].forEach((canvas, map) => {
      const of = kernels.subarray(25 * map, 25 * map + 25);
      const sign = (s) => Array.from(of, (x) => image.clip((255 * s * x) / full, 0, 255));
      lenet.cells(canvas, 5, sign(1), sign(-1));
    });
    if (unseen !== null) {
      curves[method].push(100 * unseen);
      part(method, "missed").textContent = `misses ${(100 * unseen).toFixed(1)} %${
        reached ? ` after ${reached.toLocaleString("en")} digits` : ""}`;
    }
    waiting.delete(method);
    if (!waiting.size) both(reached, unseen !== null);
  }

  // Both are there.
  function both(reached, judged) {
    if (judged) curves.places.push(reached);
    if (running && reached > seen) {
      began ??= { time: performance.now(), seen: reached };
      const rate = (1000 * (reached - began.seen)) / (performance.now() - began.time);
      const pace = reached > began.seen ? `, ${Math.round(rate).toLocaleString("en")} a second` : "";
      say(`Pass ${Math.ceil(reached / data.learned)} of ${data.recipe.schedule.length}: ${reached.toLocaleString("en")} digits seen${pace}.`);
    }
    seen = reached;
    if (judged) draw();
    if (!seen && !running) say("Nothing learned yet: the weights are random.");
    if (seen >= most()) {
      halt();
      say(`Twenty passes are over: ${seen.toLocaleString("en")} digits seen.`);
    }
    if (running) go();
  }

  function go() {
    const next = seen + ROUND;
    if (next === ROUND) say("Estimating the curvature of every weight…");
    ask(ROUND, [50, 100, 150].includes(next) || next % (next > data.learned ? 500 : 250) === 0);
  }

  const say = (sentence) => { state.textContent = sentence; };

  function draw() {
    const high = Math.max(data.learned, Math.ceil(seen / data.learned) * data.learned);
    const least = Math.min(...curves.sdlm, ...curves.sgd), low = [10, 3].find((share) => share <= least) ?? 1;
    const ticks = Array.from({ length: 5 }, (_, k) => (k * high) / 4);
    chart.draw(curve, {
      places: curves.places, at: curves.places.at(-1),
      x: { low: 0, high, ticks: ticks.map((tick) => [tick, tick.toLocaleString("en")]) },
      y: { low, high: 100, log: true, ticks: [1, 3, 10, 30, 100].filter((share) => share >= low).map((share) => [share, `${share} %`]) },
      lines: [{ values: curves.sgd, kind: "other" }, { values: curves.sdlm, kind: "own" }],
    });
  }

  function halt() {
    running = false;
    began = null;
    button.textContent = seen ? "Go on" : "Start";
  }

  button.addEventListener("click", () => {
    if (!workers.length) return;
    if (running) return halt();
    if (seen >= most()) anew();
    running = true;
    button.textContent = "Pause";
    if (!waiting.size) go();
  });
  root.querySelector("[data-do=anew]").addEventListener("click", anew);
  select.addEventListener("change", () => {
    anew();
    tabs.changed();
  });

  return { open, close: () => data && halt(), written: () => (data ? { e: select.value } : {}) };
})();
