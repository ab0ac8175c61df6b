// Digits of MNIST's test set: one of each kind for the pad, and those that the network misses.
const misses = (() => {
  const { sheet, columns, examples, missed } = JSON.parse(document.getElementById("digits").textContent);
  const SIDE = 28, url = `data:image/png;base64,${sheet}`;
  const root = document.getElementById("misses");
  let ink; // of the sheet
  let across;

  async function start() {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
    [canvas.width, canvas.height] = [picture.width, picture.height];
    pen.drawImage(picture, 0, 0);
    across = picture.width;
    ink = pen.getImageData(0, 0, picture.width, picture.height).data.filter((_, k) => k % 4 === 0);
    document.querySelector(".examples").append(...Array.from({ length: examples }, (_, digit) =>
      button(digit, `Example: ${digit}`, "")));
    root.querySelector(".quiet").textContent =
      `Of 10,000 digits that it had never seen it misses these ${missed.length}: what is written → what it says. Choose one, and see why.`;
    root.querySelector(".grid").append(...missed.map(({ place, index, label, answer }) =>
      button(place, `${label}→${answer}, test digit ${index}`, `${label}→${answer}`)));
    for (const canvas of document.querySelectorAll("canvas[data-place]")) {
      lenet.cells(canvas, SIDE, pattern(+canvas.dataset.place));
    }
  }

  function pattern(place) {
    const left = (place % columns) * SIDE, top = Math.floor(place / columns) * SIDE;
    return Uint8Array.from({ length: SIDE * SIDE }, (_, k) =>
      255 - ink[(top + Math.floor(k / SIDE)) * across + left + (k % SIDE)]);
  }

  function button(place, name, words) {
    const element = document.createElement("button"), canvas = document.createElement("canvas");
    element.type = "button";
    element.setAttribute("aria-label", name);
    canvas.setAttribute("aria-hidden", "true");
    element.append(canvas, words);
    canvas.dataset.place = place;
    element.addEventListener("click", () => {
      if (words) {
        tabs.open("draw");
        scrollTo({ top: 0 });
      }
      pad.become({ pattern: pattern(place), place });
    });
    return element;
  }

  const known = (place) => Number.isInteger(place) && place >= 0
    && (place < examples || missed.some((miss) => miss.place === place));

  return { start, pattern, known };
})();
