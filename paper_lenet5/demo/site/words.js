// Words that want a word: what they mean is said on hover, on focus and on a tap.
const words = (() => {
  const SAYINGS = {
    pattern: "Your drawing is cropped, fitted into 20×20 squares, and laid with its centre of mass in the middle of 28×28: so were the digits that the network learned from (MNIST).",
    F6: "The last hidden layer has 84 units: −1 is paper, 1 is ink, and none gets beyond ±1.7. They were taught to look like one of ten small pictures: 7 squares across and 12 down.",
    blank: "The blank is an eleventh answer, for a window with no digit in its middle. Between two digits there has to be one.",
    closeness: "100 % if each of the 84 squares is exactly as in the model, 0 % if half of them or more are the opposite, as by chance. The paper counts the other way: its penalty is the sum of the squared differences (eq. 7), and the smallest wins.",
    models: "One picture of 7×12 for each digit (Fig. 3 of the paper). Nobody trained them: they were drawn, so that what looks alike, such as 0 and O, gets similar pictures.",
    weights: "The 60,000 numbers that training finds. A unit multiplies what it looks at by its weights, adds all up, and squeezes the sum between −1.7 and 1.7.",
    penalty: `How far F6 is from a model: the sum of the squared differences over its 84 squares (eq. 7 of the paper). Eq. 9 has a class for what is no digit, with a penalty j that the paper does not give; here it is ${NUMBERS.verdict.RUBBISH}. Above that this class is the likelier, and the answer is at most “probably”.`,
    state: "What a unit gives to the next layer: its sum, squeezed by 1.7159 tanh(⅔ sum), eq. 6 of the paper: from paper, −1.7, to ink, 1.7 (in F6, from −1 to 1).",
    bias: "A constant of its own that each map adds to its sums.",
    kernel: "The weights of a map: the same 5×5 wherever it looks. Grey adds, orange takes away.",
    SDLM: "Stochastic diagonal Levenberg-Marquardt (appendix C of the paper): before each pass the curvature of the error is estimated for every weight, and where the curvature is large, the step is small (eq. 21).",
    SGD: "Stochastic gradient descent: after each digit every weight goes down its own slope, all by the same factor.",
    tableI: "Each map of C3 looks at some maps of S2 only (Table I of the paper), so that they come to see different things.",
  };
  const box = document.getElementById("saying");
  let open = null;

  function show(word) {
    hide();
    open = word;
    box.textContent = SAYINGS[word.dataset.word];
    box.hidden = false;
    const at = word.getBoundingClientRect(), { width, height } = box.getBoundingClientRect();
    const left = Math.min(Math.max(12, at.left + at.width / 2 - width / 2), innerWidth - width - 12);
    const above = at.top > height + 16;
    box.style.left = `${left + scrollX}px`;
    box.style.top = `${(above ? at.top - height - 8 : at.bottom + 8) + scrollY}px`;
    word.setAttribute("aria-describedby", "saying");
  }

  function hide() {
    box.hidden = true;
    open?.removeAttribute("aria-describedby");
    open = null;
  }

  // Make the words in an element say what they mean.
  function explain(element) {
    for (const word of element.querySelectorAll("[data-word]:not([tabindex])")) {
      word.tabIndex = 0;
      word.setAttribute("role", "button");
      word.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && show(word));
      word.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hide());
      word.addEventListener("focus", () => show(word));
      word.addEventListener("blur", hide);
      word.addEventListener("click", () => show(word));
    }
  }

  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest("[data-word]")) hide(); });

  return { explain };
})();
