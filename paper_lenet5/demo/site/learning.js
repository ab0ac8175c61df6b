// A recorded training as a film: what F6 makes of ten digits, C1's kernels, penalties and errors.
const learning = (() => {
  const root = document.getElementById("learning"), slider = root.querySelector("input");
  const button = root.querySelector("[data-do=play]"), find = (name) => root.querySelector(`[data-${name}]`);
  const UNITS = 84, EACH = 380; // ms a moment
  let film = null, centers, digit = 3, playing = null;

  const numbers = ({ unit, values }) =>
    Float32Array.from(new Int8Array(lenet.bytes(values).buffer), (x) => x * unit);
  const f6 = (moment, of) => film.f6.subarray((10 * moment + of) * UNITS, (10 * moment + of + 1) * UNITS);
  const kernel = (moment, map) => film.kernels.subarray((6 * moment + map) * 25, (6 * moment + map + 1) * 25);
  const name = ({ pass, patterns }) => (patterns === 0
    ? "Before it has seen any" : pass === 1 && patterns < film.all
      ? `After ${patterns.toLocaleString("en")} digits` : `After pass ${pass} of 20`);

  function open(tensors, settings) {
    parcels.open(root, ["learning"], (content) => {
      if (!film) start(tensors, content);
      const [moment, of] = [settings.get("k"), settings.get("w")];
      if (of !== null && +of in film.penalties[0]) digit = +of;
      slider.value = moment ?? (slider.value === "" ? 0 : slider.value);
      show();
    });
  }

  function start(tensors, content) {
    film = { moments: content.moments, f6: numbers(content.f6), kernels: numbers(content.kernels) };
    film.all = film.moments.find(({ pass }) => pass === 2).patterns;
    centers = tensors;
    film.penalties = film.moments.map((_, moment) => Array.from({ length: 10 }, (_, of) =>
      network.penalties(centers, { rows: 1, columns: 1, values: f6(moment, of) })[0]));
    film.full = image.quantile(film.kernels.map(Math.abs), 0.97); // a few weights are far larger
    slider.max = film.moments.length - 1;
    find("end").textContent = film.moments.at(-1).test_errors;
    find("reader").textContent = misses.ours;
    find("ten").append(...Array.from({ length: 10 }, (_, of) => {
      const element = document.createElement("button");
      element.type = "button";
      element.setAttribute("aria-label", `Digit ${of}`);
      element.innerHTML = "<canvas aria-hidden='true'></canvas><canvas data-gap aria-hidden='true'></canvas>";
      element.addEventListener("click", () => { digit = of; show(); tabs.changed(); });
      return element;
    }));
    [...find("ten").children].forEach((element, of) => lenet.cells(element.firstChild, 28, misses.pattern(of)));
    find("kernels").append(...Array.from({ length: 6 }, () => document.createElement("canvas")));
    find("models").innerHTML = Array.from({ length: 10 }, (_, of) =>
      `<li><b>${of}</b><span class="bar"><i></i></span><span class="close"></span></li>`).join("");
  }

  const X = () => ({
    low: 0, high: film.moments.length - 1,
    ticks: film.moments.flatMap(({ pass, patterns }, k) =>
      (patterns === 0 ? [[k, "0"]] : patterns === 1000 && pass === 1 ? [[k, "1,000"]]
        : patterns < film.all ? [] : pass === 1 ? [[k, "pass 1"]] : pass % 5 ? [] : [[k, pass]])),
  });

  function show() {
    const moment = +slider.value, { test_errors: errors } = film.moments[moment];
    const said = name(film.moments[moment]);
    slider.setAttribute("aria-valuetext", said);
    find("when").textContent = said;
    find("errors").textContent = errors.toLocaleString("en");
    [...find("ten").children].forEach((element, of) => {
      const penalties = film.penalties[moment][of], right = Math.min(...penalties) === penalties[of];
      lenet.cells(element.lastChild, 7, f6(moment, of).map(answer.ink));
      element.setAttribute("aria-pressed", of === digit);
      element.classList.toggle("wrong", !right);
    });
    [...find("kernels").children].forEach((canvas, map) => {
      const values = kernel(moment, map);
      const part = (sign) => Array.from(values, (x) => image.clip((255 * sign * x) / film.full, 0, 255));
      lenet.cells(canvas, 5, part(1), part(-1));
    });
    const penalties = film.penalties[moment][digit], least = Math.min(...penalties);
    lenet.cells(find("seen"), 28, misses.pattern(digit));
    lenet.cells(find("f6"), 7, f6(moment, digit).map(answer.ink));
    find("model").setAttribute("aria-label", `Its model of ${digit}`);
    lenet.cells(find("model"), 7, centers["rbf.centers"].values.subarray(UNITS * digit, UNITS * (digit + 1)).map(answer.ink));
    [...find("models").children].forEach((item, of) => {
      item.querySelector("i").style.width = `${100 * answer.closeness(penalties[of])}%`;
      item.querySelector(".close").textContent = answer.percent(penalties[of]);
      item.classList.toggle("first", penalties[of] === least);
    });
    const answered = penalties.indexOf(least);
    find("says").textContent = `It says ${answered}${answered === digit ? "." : `, and it is ${digit}.`}`;
    find("own").textContent = digit;
    const places = film.moments.map((_, k) => k);
    chart.draw(find("error-curve"), {
      places, at: moment, x: X(), lines: [{ values: film.moments.map((m) => m.test_errors), kind: "own" }],
      y: { low: 70, high: 10000, log: true, ticks: [100, 300, 1000, 3000, 10000].map((errors) => [errors, errors.toLocaleString("en")]) },
    });
    chart.draw(find("penalty-curve"), {
      places, at: moment, x: X(), lines: Array.from({ length: 10 }, (_, of) => of)
        .sort((a, b) => (a === digit) - (b === digit))
        .map((of) => ({ values: film.penalties.map((all) => all[digit][of]), kind: of === digit ? "own" : "" })),
      y: { low: 0, high: 250, ticks: [[0, "0"], [100, "100"], [200, "200"]] },
    });
  }

  function halt() {
    clearInterval(playing);
    playing = null;
    button.textContent = "Play";
  }

  function stop() {
    halt();
    tabs.changed();
  }

  function play() {
    if (playing) return stop();
    if (+slider.value === +slider.max) slider.value = 0;
    button.textContent = "Pause";
    show();
    playing = setInterval(() => {
      slider.value = +slider.value + 1;
      show();
      if (+slider.value === +slider.max) stop();
    }, EACH);
  }

  button.addEventListener("click", () => film && play());
  slider.addEventListener("input", () => {
    if (playing) stop();
    show();
    tabs.changed();
  });

  return { open, close: halt, written: () => (film ? { w: digit, k: slider.value } : {}) };
})();
