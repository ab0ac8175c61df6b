// A string, and under it the answers of the sweep, each below the middle of its window.
const view = element.querySelector(".view");
const answers = view.querySelector(".answers");
const blank = +view.dataset.blank;
const sign = (label) => (label === blank ? "·" : label);

function show(value) {
  view.classList.toggle("empty", !value);
  view.querySelector(".lead").textContent =
    !value ? "Draw some digits, or choose a string." : value.text ? "Read as" : "No digit is read";
  view.querySelector(".digit").textContent = value?.text ?? "";
  answers.replaceChildren();
  const track = view.querySelector(".track");
  track.style.setProperty("--width", value?.width ?? 128);
  const canvas = view.querySelector("[data-field]");
  if (!value) return lenet.cells(canvas, 128, new Uint8Array(128 * 32));
  lenet.cells(canvas, value.width, lenet.bytes(value.field));
  let before = blank;
  value.raw.forEach((label, k) => {
    const item = document.createElement("li");
    const code = document.createElement("canvas");
    code.setAttribute("aria-hidden", "true");
    const raw = document.createElement("span");
    raw.className = "raw";
    raw.textContent = sign(label);
    raw.style.opacity = Math.max(0.35, 1 - value.penalties[k] / 60);
    const read = document.createElement("b");
    if (value.read[k] !== blank && value.read[k] !== before) read.textContent = value.read[k];
    before = value.read[k];
    item.append(code, raw, read);
    item.setAttribute("aria-label", label === blank ? "blank" : label);
    answers.append(item);
    lenet.cells(code, 7, lenet.bytes(value.f6[k]));
  });
}

watch("value", () => {
  lenet.answered();
  show(props.value);
});
show(props.value);
