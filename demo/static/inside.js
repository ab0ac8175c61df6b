// Paint every layer's maps; choose a map of C3 and see what it looks at.
const view = element.querySelector(".view");
const said = view.querySelector(".looks");
const choices = [...view.querySelectorAll("button[data-c3]")];
const AREAS = { input: 1024, c1: 784, s2: 196, c3: 100, s4: 25, c5: 120, f6: 84 };
const layers = [...view.querySelectorAll("canvas[data-layer]")];

function show(value) {
  view.classList.toggle("empty", !value);
  const states = {};
  for (const [name, area] of Object.entries(AREAS)) {
    states[name] = value ? lenet.bytes(value[name]) : new Uint8Array(area * 16);
  }
  for (const canvas of layers) {
    const { layer, map, columns } = canvas.dataset;
    const area = AREAS[layer];
    lenet.cells(canvas, +columns, states[layer].subarray(map * area, (+map + 1) * area));
  }
}

function choose(button) {
  const chosen = button.getAttribute("aria-pressed") !== "true";
  for (const each of choices) each.setAttribute("aria-pressed", chosen && each === button);
  const inputs = chosen ? button.dataset.inputs.split(" ") : null;
  view.classList.toggle("chosen", chosen);
  for (const cross of view.querySelectorAll(".cross")) {
    cross.classList.toggle("on", chosen && cross.dataset.c3 === button.dataset.c3);
  }
  for (const map of view.querySelectorAll("[data-s2]")) {
    map.classList.toggle("on", chosen && inputs.includes(map.dataset.s2));
  }
  said.textContent = chosen
    ? `C3 map ${button.dataset.c3} looks at S2 maps ${inputs.slice(0, -1).join(", ")} and ${inputs.at(-1)}.`
    : "Choose a map of C3 to see which maps of S2 it looks at.";
}
for (const button of choices) button.addEventListener("click", () => choose(button));

lenet.paintAll(view);
watch("value", () => {
  lenet.answered();
  show(props.value);
});
show(props.value);
