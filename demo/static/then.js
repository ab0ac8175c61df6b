// Both answers to the drawing as the sliders change it, and along each slider.
const view = element.querySelector(".view");
const sliders = [...view.querySelectorAll(".slider")];
const EVERY = 120; // ms between two looks while a slider moves
let due = null;

const settings = () => Object.fromEntries(
  sliders.map((slider) => [slider.dataset.name, +slider.querySelector("input").value]));

function shown(slider) {
  const { value } = slider.querySelector("input");
  slider.querySelector("output").textContent = value.replace("-", "−");
}

function send() {
  due = null;
  props.value = { ...props.value, settings: settings() };
  trigger("input");
}

function verdict(where, digit, detail) {
  view.querySelector(`${where} .digit`).textContent = digit;
  view.querySelector(`${where} .detail`).textContent = detail;
}

const DOUBT = { sure: "", probable: ": probably", none: ": none of these" };

function show(answers) {
  view.classList.toggle("empty", !answers);
  const cells = answers ? lenet.bytes(answers.seen) : new Uint8Array(1024);
  lenet.cells(view.querySelector("[data-seen]"), 32, cells);
  const agree = view.querySelector(".agree");
  if (!answers) {
    verdict(".then-answer", "", "");
    verdict(".now-answer", "", "");
    agree.textContent = "Draw a digit, or choose one below the pad.";
  } else {
    const { then, now } = answers;
    verdict(".then-answer", then.digit,
            `penalty ${then.penalty}${DOUBT[then.certainty]}`);
    verdict(".now-answer", now.digit, `${(100 * now.share).toFixed(1)} % sure`);
    agree.textContent = then.digit === now.digit ? "They agree." : "They disagree.";
    agree.classList.toggle("not", then.digit !== now.digit);
  }
  for (const slider of sliders) {
    const along = answers?.along[slider.dataset.name] ?? [[], []];
    [...slider.querySelectorAll(".row")].forEach((row, which) => {
      const own = answers && [answers.then, answers.now][which].unchanged;
      [...row.children].forEach((cell, k) => {
        cell.textContent = along[which][k] ?? "";
        cell.classList.toggle("other", along[which][k] !== undefined && along[which][k] !== own);
      });
    });
  }
}

for (const slider of sliders) {
  slider.querySelector("input").addEventListener("input", () => {
    shown(slider);
    due ??= setTimeout(send, EVERY);
  });
  shown(slider);
}
view.querySelector(".reset").addEventListener("click", () => {
  for (const slider of sliders) {
    slider.querySelector("input").value = slider.dataset.same;
    shown(slider);
  }
  send();
});

watch("value", () => {
  lenet.answered();
  show(props.value?.answers);
});
show(props.value?.answers);
