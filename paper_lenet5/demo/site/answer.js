// The answer, why in one picture, and how close each of the ten is.
const answer = (() => {
  const root = document.getElementById("answer"), list = document.querySelector("#ten .bitmaps");
  const LEAD = {
    sure: (digit) => `It is ${a(digit)}.`, probable: (digit) => `It is probably ${a(digit)}.`,
    none: () => "It is none of the ten digits.",
  };
  const a = (digit) => `${digit === 8 ? "an" : "a"} ${digit}`;
  const find = (selector) => root.querySelector(selector);
  let models;

  // 100 % where each unit is as in the model, 0 % where half of them are the opposite, as by chance.
  const closeness = (penalty) => Math.max(0, 1 - penalty / (4 * 42));
  const percent = (penalty) => `${Math.floor(100 * closeness(penalty))}\u00a0%`;
  const model = (digit) => models.subarray(84 * digit, 84 * digit + 84);
  const ink = (x) => image.clip(127.5 * (x + 1), 0, 255); // of F6, wherever it is shown: models are −1 and 1

  // How strongly a square is marked: paler where F6 has ink beside the model, so that its shape stays.
  function differing(x, target) {
    const square = Math.min(1, (x - target) ** 2 / 4);
    return square < 0.1 ? 0 : (target > 0 ? 255 : 110) * square;
  }

  function start(centers) {
    models = centers.values;
    list.innerHTML = Array.from({ length: 10 }, (_, digit) =>
      `<li data-digit="${digit}"><canvas data-gap aria-hidden="true"></canvas><b><span class="sr">Digit </span>${digit}</b>
       <span class="bar" aria-hidden="true"><i></i></span><span class="close"></span></li>`).join("");
    show(null);
  }

  function compare(canvas, digit, f6) {
    const target = model(digit);
    lenet.cells(canvas, 7, target.map(ink), f6 && f6.map((x, k) => differing(x, target[k])));
  }

  // Of an example that draws itself, of one of MNIST's digits, of what the visitor drew.
  const made = ({ example, pattern }) =>
    `${example ? "An example: what" : "What"} it made of ${example || pattern ? "this digit" : "your drawing"}`;

  function show(look, on) {
    root.classList.toggle("empty", !look);
    root.classList.toggle("none", look?.said.certainty === "none");
    find(".why").hidden = false;
    find(".sweep").hidden = true;
    for (const part of ["ten", "steps"]) document.getElementById(part).hidden = false;
    find(".digit").style.setProperty("--n", 1);
    const f6 = look?.states.f6.values;
    lenet.cells(find("[data-seen]"), 28, look?.pattern ?? new Uint8Array(784));
    lenet.cells(find("[data-f6]"), 7, f6 ? f6.map(ink) : new Uint8Array(84));
    list.classList.toggle("none", look?.said.certainty === "none");
    const ranking = look?.said.ranking ?? [...Array(10).keys()];
    const items = [...list.children].sort((a, b) => a.dataset.digit - b.dataset.digit);
    items.forEach((item, digit) => {
      compare(item.querySelector("canvas"), digit, f6);
      const share = look ? closeness(look.penalties[digit]) : 0;
      item.querySelector("i").style.width = `${100 * share}%`;
      item.querySelector(".close").textContent = look ? percent(look.penalties[digit]) : "";
      item.classList.toggle("first", Boolean(look) && digit === ranking[0]);
    });
    sort(items, ranking);
    if (!look) return nothing("Draw a digit: the answer appears here as you draw.");
    const { closest, certainty, ranking: [first, second] } = look.said;
    find(".lead").textContent = LEAD[certainty](closest);
    find(".digit").textContent = certainty === "none" ? "?" : closest;
    find(".because").innerHTML = certainty === "none"
      ? `It comes closest to ${a(first)} (${percent(look.penalties[first])} alike), but parts of it do not belong to ${a(first)}.`
      : `${made(on)} is ${percent(look.penalties[first])} like its model of ${a(first)}. The next, ${second}, is ${percent(look.penalties[second])} alike.`;
    find(".detail").innerHTML =
      `<span data-word="penalty">Penalty</span> ${look.penalties[first].toFixed(1)}, the next ${look.penalties[second].toFixed(1)}`;
    words.explain(root);
    caption(".first", first, look, f6);
    caption(".second", second, look, f6);
  }

  function caption(figure, digit, look, f6) {
    find(`${figure} b`).textContent = `${figure === ".first" ? "Its model of" : "Runner-up:"} ${digit}`;
    find(`${figure} figcaption span`).textContent = `${percent(look.penalties[digit])} alike`;
    compare(find(`${figure} canvas`), digit, f6);
  }

  function nothing(sentence) {
    find(".lead").textContent = "";
    find(".digit").textContent = "";
    find(".detail").textContent = sentence;
    find(".because").textContent = "What it makes of your drawing is compared with ten models; the closest is the answer.";
    for (const [figure, digit] of [[".first", 0], [".second", 1]]) {
      lenet.cells(find(`${figure} canvas`), 7, model(digit).map(ink));
      find(`${figure} b`).textContent = `Its model of ${digit}`;
      find(`${figure} figcaption span`).textContent = "";
    }
  }

  // What is wrong with a drawing, in one sentence.
  function refuse(sentence) {
    show(null);
    nothing(`${sentence[0].toUpperCase()}${sentence.slice(1)}.`);
  }

  function sort(items, ranking) {
    if (ranking.every((digit, k) => list.children[k] === items[digit])) return;
    const before = items.map((item) => item.getBoundingClientRect());
    list.append(...ranking.map((digit) => items[digit]));
    if (lenet.calm()) return;
    items.forEach((item, digit) => {
      const after = item.getBoundingClientRect();
      const [x, y] = [before[digit].left - after.left, before[digit].top - after.top];
      if (x || y) item.animate([{ transform: `translate(${x}px, ${y}px)` }, {}], { duration: 250, easing: "ease-out" });
    });
  }

  return { start, show, refuse, closeness, percent, ink };
})();
