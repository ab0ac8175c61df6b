// Digits of MNIST's test set: one of each kind for the pad, and those that the network misses, that of
// 1998 missed (Fig. 8), or any of ours with the same recipe.
const misses = (() => {
  const { sheet, columns, examples, networks, missed: lines } = JSON.parse(document.getElementById("digits").textContent);
  const missed = lines.map(([place, index, label, then, ours, by]) => ({ place, index, label, then, ours, by }));
  const SIDE = 28, url = `data:image/png;base64,${sheet}`;
  const root = document.getElementById("misses");
  const SETS = {
    ours: [({ ours }) => ours !== null, (n) => `This network’s ${n}`],
    paper: [({ then }) => then !== null, (n) => `The paper’s ${n}`],
    both: [({ ours, then }) => ours !== null && then !== null, (n) => `Both, ${n}`],
    any: [({ by }) => by > 0, (n) => `The ${n} that any of ${networks} networks misses`],
  };
  let ink; // of the sheet
  let across;

  // How light each pixel of a picture is, 0 ... 255.
  async function inkOf(url) {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
    [canvas.width, canvas.height] = [picture.width, picture.height];
    pen.drawImage(picture, 0, 0);
    const { data } = pen.getImageData(0, 0, picture.width, picture.height);
    return { across: picture.width, ink: data.filter((_, k) => k % 4 === 0) };
  }

  // A digit of a sheet that has so many columns.
  function cut(ink, across, columns, place) {
    const left = (place % columns) * SIDE, top = Math.floor(place / columns) * SIDE;
    return Uint8Array.from({ length: SIDE * SIDE }, (_, k) =>
      255 - ink[(top + Math.floor(k / SIDE)) * across + left + (k % SIDE)]);
  }

  async function start() {
    ({ ink, across } = await inkOf(url));
    document.querySelector(".examples").append(...Array.from({ length: examples }, (_, digit) =>
      button(digit, `Example: ${digit}`, "")));
    paint(document.querySelector(".examples"));
    root.querySelector(".choices").append(...Object.entries(SETS).map(([name, [within, words]]) => {
      const choice = document.createElement("label");
      choice.innerHTML = `<input type="radio" name="misses" value="${name}"><span>${words(missed.filter(within).length)}</span>`;
      choice.firstChild.addEventListener("change", () => choose(name));
      return choice;
    }));
    root.querySelector("[value=ours]").checked = true;
    choose("ours");
  }

  function choose(name) {
    const grid = root.querySelector(".grid");
    grid.replaceChildren(...missed.filter(SETS[name][0]).map(({ place, index, label, then, ours, by }) => {
      const words = `${label}→${name === "paper" ? then : ours ?? label}`;
      const said = [`${words}, test digit ${index}.`, then === null ? "" : ` In 1998: ${then}.`,
                    ` Missed by ${by} of ${networks} networks.`].join("");
      const element = button(place, said, words);
      element.title = said;
      element.classList.toggle("of-1998", then !== null);
      return element;
    }));
    paint(grid);
  }

  function paint(element) {
    for (const canvas of element.querySelectorAll("canvas")) lenet.cells(canvas, SIDE, pattern(+canvas.dataset.place));
  }

  const pattern = (place) => cut(ink, across, columns, place);

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

  return { start, pattern, known, inkOf, cut, ours: missed.filter(SETS.ours[0]).length };
})();
