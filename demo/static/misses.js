// Choose which digits are shown; put one onto the pad.
const view = element.querySelector(".view");
const sheet = view.querySelector(".sheet");
const SIDE = 28;

view.querySelector(".grid").style.setProperty("--sheet", `url(${sheet.src})`);

for (const radio of view.querySelectorAll("input[name=misses]")) {
  radio.addEventListener("change", () => { view.dataset.show = radio.value; });
}

for (const button of view.querySelectorAll(".grid button")) {
  button.addEventListener("click", async () => {
    await sheet.decode();
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIDE;
    const { x, y } = button.dataset;
    canvas.getContext("2d").drawImage(sheet, x * SIDE, y * SIDE, SIDE, SIDE, 0, 0, SIDE, SIDE);
    lenet.pads.digit.load(canvas.toDataURL("image/png"));
    lenet.open("draw");
    scrollTo({ top: 0, behavior: lenet.calm() ? "auto" : "smooth" });
  });
}
