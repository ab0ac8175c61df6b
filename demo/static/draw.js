// The answer, F6's picture, and the bitmaps in the order of their penalties.
const view = element.querySelector(".view");
const bitmaps = lenet.bytes(view.dataset.bitmaps);
const list = view.querySelector(".bitmaps");
const items = [...list.children];
const LEAD = { sure: "The closest bitmap", probable: "Probably", none: "None of these" };
const FULL = 160; // the penalty of the longest bar

const bitmap = (digit) => bitmaps.subarray(84 * digit, 84 * digit + 84);
const text = (selector, words) => { view.querySelector(selector).textContent = words; };

// How strongly a cell is marked: paler where F6 has ink beside the bitmap, so that its shape stays.
function differing(x, ink) {
  const square = Math.min(1, (x - (ink ? 1 : -1)) ** 2 / 4);
  return square < 0.1 ? 0 : (ink ? 255 : 110) * square;
}

function sort(ranking) {
  const before = items.map((item) => item.getBoundingClientRect());
  list.append(...ranking.map((digit) => items[digit]));
  if (lenet.calm() || !before[0].width) return;
  items.forEach((item, digit) => {
    const after = item.getBoundingClientRect();
    const [x, y] = [before[digit].left - after.left, before[digit].top - after.top];
    if (x || y) item.animate([{ transform: `translate(${x}px, ${y}px)` }, {}],
                             { duration: 250, easing: "ease-out" });
  });
}

function show(value) {
  view.classList.toggle("empty", !value);
  view.classList.toggle("rubbish", value?.certainty === "none");
  if (!value) {
    lenet.cells(view.querySelector("[data-seen]"), 28, new Uint8Array(784));
    lenet.cells(view.querySelector("[data-f6]"), 7, new Uint8Array(84));
    items.forEach((item, digit) => lenet.cells(item.querySelector("canvas"), 7, bitmap(digit)));
    sort([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    text(".digit", "");
    text(".lead", "");
    text(".detail", "Draw a digit, or choose one below the pad.");
    return;
  }
  const { f6, penalties, ranking, certainty } = value;
  const rubbish = certainty === "none";
  const [first, second] = ranking;
  lenet.cells(view.querySelector("[data-seen]"), 28, lenet.bytes(value.seen));
  lenet.cells(view.querySelector("[data-f6]"), 7,
              f6.map((x) => Math.max(0, Math.min(255, 127.5 * (x + 1)))));
  items.forEach((item, digit) => {
    const target = bitmap(digit);
    lenet.cells(item.querySelector("canvas"), 7, target, f6.map((x, i) => differing(x, target[i])));
    item.querySelector(".bar span").style.height = `${Math.min(100, (100 * penalties[digit]) / FULL)}%`;
    item.classList.toggle("beyond", penalties[digit] > FULL);
    item.querySelector(".penalty").textContent = penalties[digit].toFixed(penalties[digit] < 10 ? 1 : 0);
    item.classList.toggle("first", digit === first && !rubbish);
  });
  sort(ranking);
  const margin = (penalties[second] - penalties[first]).toFixed(1);
  text(".lead", LEAD[certainty]);
  text(".digit", rubbish ? "?" : first);
  text(".detail", rubbish
    ? `F6 is not close to any bitmap. Closest: ${first}, penalty ${penalties[first].toFixed(1)}.`
    : `Penalty ${penalties[first].toFixed(1)}. The second, ${second}, has ${margin} more.`);
}

watch("value", () => {
  lenet.answered();
  show(props.value);
});
show(props.value);
