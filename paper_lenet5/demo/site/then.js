// The same drawing through the network of 1998 and one of today, changed by sliders, and along each slider.
const then = (() => {
  const root = document.getElementById("then"), find = (selector) => root.querySelector(selector);
  const LETTERS = { noise: "n", rotation: "r", scale: "z", shift: "x" }; // in the address
  const { WHITE, BLACK } = NUMBERS.preprocessing, SLICE = 12; // ms of work between two frames
  let networks = null, order, ranges, pattern = null, due = null, work = null;

  const sliders = () => [...root.querySelectorAll(".slider")];
  const settings = () => Object.fromEntries(sliders().map((slider) => [slider.dataset.name, +slider.querySelector("input").value]));
  const unchanged = () => Object.fromEntries(Object.entries(ranges).map(([name, { same }]) => [name, same]));

  function open(lenet5, hash) {
    parcels.open(root, ["modern"], (content) => {
      if (!networks) start(lenet5, content);
      for (const slider of sliders()) {
        const asked = hash.get(LETTERS[slider.dataset.name]);
        if (asked !== null) slider.querySelector("input").value = asked;
      }
      look();
    });
  }

  function start(lenet5, content) {
    networks = { lenet5, modern: network.load(lenet.bytes(content.weights).buffer) };
    order = new Float32Array(lenet.bytes(content.order).buffer);
    ranges = content.sliders;
    const count = (tensors) => Object.entries(tensors).reduce((sum, [name, { values }]) =>
      sum + (/running|centers/.test(name) ? 0 : values.length), 0).toLocaleString("en");
    find(".about").textContent = `1998: LeNet-5, ${count(lenet5)} weights. Now: batch normalisation, residual blocks and Adam, ${
      count(networks.modern)} weights. Both were trained with the paper’s distortions.`;
    find(".sliders").innerHTML = Object.entries(ranges).map(([name, { title, low, high, same, step, amounts }]) => {
      const cells = amounts.map(() => "<i></i>").join("");
      return `<div class="slider" data-name="${name}"><label for="slider-${name}">${title}</label><output for="slider-${name}"></output>
        <input id="slider-${name}" type="range" min="${low}" max="${high}" step="${step}" value="${same}">
        <div class="strip" role="img" aria-label="Answers along the slider"><div class="row">${cells}</div><div class="row">${cells}</div></div></div>`;
    }).join("");
    for (const slider of sliders()) {
      slider.querySelector("input").addEventListener("input", () => {
        look();
        tabs.changed();
      });
    }
    find("[data-do=reset]").addEventListener("click", () => {
      for (const slider of sliders()) slider.querySelector("input").value = ranges[slider.dataset.name].same;
      look();
      tabs.changed();
    });
  }

  // What both say to the drawing, changed so.
  function answers(amounts) {
    const input = changes.changed(network.inputOf(network.fieldOf(pattern)), amounts, order);
    const states = network.statesOf(networks.lenet5, input);
    const [penalties] = network.penalties(networks.lenet5, states.f6);
    const shares = modern.shares(modern.scores(networks.modern, input));
    return { input, penalties, said: verdict(penalties, doubt(states)), shares, now: shares.indexOf(Math.max(...shares)) };
  }

  function show(next) {
    cancelAnimationFrame(work); // on the one before
    pattern = next;
    if (networks && tabs.now === "then") look();
  }

  // At most once a frame.
  function look() {
    due ??= requestAnimationFrame(() => {
      due = null;
      const amounts = settings();
      for (const slider of sliders()) {
        slider.querySelector("output").textContent = String(amounts[slider.dataset.name]).replace("-", "−");
      }
      find("[data-do=reset]").disabled = sliders().every((slider) =>
        amounts[slider.dataset.name] === ranges[slider.dataset.name].same);
      root.classList.toggle("empty", !pattern);
      cancelAnimationFrame(work);
      if (!pattern) return empty();
      say(answers(amounts));
      along(amounts);
    });
  }

  function empty() {
    lenet.cells(find("[data-field]"), 32, new Uint8Array(1024));
    for (const text of root.querySelectorAll(".digit, .detail, .strip i")) {
      text.textContent = "";
      text.classList.remove("other");
    }
    find(".agree").textContent = "Draw one digit, or choose one below the pad.";
    for (const slider of sliders()) delete slider.dataset.of;
  }

  function say({ input, penalties, said, shares, now }) {
    lenet.cells(find("[data-field]"), 32, Array.from(input, (x) => image.clip((255 * (x - WHITE)) / (BLACK - WHITE), 0, 255)));
    const { closest, certainty } = said;
    find(".of-1998 .digit").textContent = closest;
    find(".of-1998").classList.toggle("none", certainty === "none");
    find(".of-1998 .detail").innerHTML = `${answer.percent(penalties[closest])} like its model${
      { sure: "", probable: ": probably", none: ", but more likely none of the ten" }[certainty]}`;
    find(".of-now .digit").textContent = now;
    find(".of-now .detail").textContent = `${(100 * shares[now]).toFixed(1)} % sure`;
    const sentence = certainty === "none" ? "1998 takes it for none of the ten; today’s network has no such answer."
      : closest === now ? "They agree." : "They disagree.";
    if (find(".agree").textContent !== sentence) find(".agree").textContent = sentence; // it is said aloud
    find(".agree").classList.toggle("not", certainty !== "none" && closest !== now);
  }

  // The answers along the sliders, a few a frame: what a slider shows depends on the others alone.
  function along(amounts) {
    const own = answers(unchanged()), left = [];
    for (const slider of sliders()) {
      const { name } = slider.dataset, of = JSON.stringify([[...pattern], { ...amounts, [name]: null }]);
      if (slider.dataset.of === of) continue;
      delete slider.dataset.of;
      const [before, after] = slider.querySelectorAll(".row");
      ranges[name].amounts.forEach((amount, k, all) => left.push(() => {
        const { said, now } = answers({ ...amounts, [name]: amount });
        fill(before.children[k], said.closest, own.said.closest);
        fill(after.children[k], now, own.now);
        if (k === all.length - 1) slider.dataset.of = of;
      }));
    }
    const some = () => {
      const began = performance.now();
      while (left.length && performance.now() - began < SLICE) left.shift()();
      root.classList.toggle("busy", left.length > 0);
      if (left.length) work = requestAnimationFrame(some);
    };
    work = requestAnimationFrame(some);
  }

  function fill(cell, digit, own) {
    cell.textContent = digit;
    cell.classList.toggle("other", digit !== own);
  }

  function written() {
    if (!networks) return {};
    const amounts = Object.entries(settings()).filter(([name, amount]) => amount !== ranges[name].same);
    return Object.fromEntries(amounts.map(([name, amount]) => [LETTERS[name], amount]));
  }

  return { open, show, written };
})();
