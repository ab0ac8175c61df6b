// Six steps from the drawing to the answer, for who wants to be shown.
const walk = (() => {
  const box = document.getElementById("walk");
  const STEPS = [
    { at: "#answer .seen", words: "<b>It sees squares.</b> The drawing is shrunk to 28×28 grey squares and centred, like the 60,000 digits it learned from. That is all it knows of the drawing." },
    { at: ".layer.c1", unit: "c1", words: "<b>It looks for strokes.</b> Each square of C1 looks at 5×5 squares of the drawing through a little stencil, the kernel. Six stencils give six maps: one answers to flat strokes, another to steep ones." },
    { at: ".layer.s2", unit: "s2", words: "<b>It looks less closely.</b> In S2 four squares become one. Where exactly a stroke lies is forgotten, so a digit drawn a little differently looks the same." },
    { at: ".layer.c3", unit: "c3", words: "<b>It puts strokes together.</b> Each map of C3 looks at several maps of S2 at once, and answers to corners, ends and bows. S4 halves it again." },
    { at: ".layer.f6", unit: "f6", words: "<b>It paints what it understood.</b> C5 sees the whole digit. From it F6 paints a tidy picture of 7×12 squares, whatever your handwriting is like." },
    { at: "#ten", words: "<b>The closest model is the answer.</b> That picture is laid over ten models, square by square. But if the earlier layers found too much that does not belong in such a digit, the answer is none of the ten." },
  ];
  let step = null, heard = () => {};

  function go(to) {
    const digit = document.body.classList.contains("digit");
    if (to !== null && !digit) pad.become({ pattern: misses.pattern(4), place: 4 });
    for (const lit of document.querySelectorAll(".lit")) lit.classList.remove("lit");
    step = to;
    box.hidden = step === null;
    document.body.classList.toggle("walking", step !== null);
    heard(step);
    if (step === null) return;
    const { at, unit, words: said } = STEPS[step], target = document.querySelector(at);
    box.querySelector(".count").textContent = `${step + 1} of ${STEPS.length}`;
    box.querySelector(".words").innerHTML = said;
    box.querySelector("[data-do=back]").disabled = step === 0;
    box.querySelector("[data-do=next]").textContent = step === STEPS.length - 1 ? "Done" : "Next";
    if (unit) inside.choose(inside.strongest(unit), false);
    target.classList.add("lit");
    const { top, height } = target.getBoundingClientRect(), room = innerHeight - box.offsetHeight;
    scrollTo({ top: scrollY + top - Math.max(16, (room - height) / 2), behavior: lenet.calm() ? "auto" : "smooth" });
  }

  function start(to = 0) {
    go(image.clip(to, 0, STEPS.length - 1));
    box.querySelector("[data-do=next]").focus({ preventScroll: true });
  }

  const end = () => {
    go(null);
    document.querySelector("[data-do=walk]").focus({ preventScroll: true });
  };
  document.querySelector("[data-do=walk]").addEventListener("click", () => start());
  box.querySelector("[data-do=back]").addEventListener("click", () => go(step - 1));
  box.querySelector("[data-do=next]").addEventListener("click", () => (step === STEPS.length - 1 ? end() : go(step + 1)));
  box.querySelector("[data-do=end]").addEventListener("click", end);
  box.addEventListener("keydown", (event) => { if (event.key === "Escape") end(); });

  return { start, get step() { return step; }, hear: (act) => { heard = act; } };
})();
