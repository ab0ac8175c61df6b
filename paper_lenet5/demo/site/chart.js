// Curves with a mark on them: lines [{name, values, kind}] over x, which may have been drawn only in part.
const chart = (() => {
  // `y` is {low, high, log, ticks: [[value, label]]}, `x` {low, high, ticks}, `at` where the mark stands.
  function draw(element, { places, lines, x, y, at = null }) {
    const scale = y.log ? Math.log : (value) => value;
    const across = (value) => (value - x.low) / (x.high - x.low);
    const down = (value) => 1 - (scale(image.clip(value, y.low, y.high)) - scale(y.low)) / (scale(y.high) - scale(y.low));
    const percent = (share) => `${(100 * share).toFixed(2)}%`;
    const path = (values) => values.map((value, k) =>
      `${k ? "L" : "M"}${(1000 * across(places[k])).toFixed(1)} ${(1000 * down(value)).toFixed(1)}`).join("");
    const grid = y.ticks.map(([value]) => `M0 ${1000 * down(value)}H1000`).join("");
    const cursor = at === null ? "" : `<path class="at" d="M${1000 * across(at)} 0V1000"/>`;
    const dots = at === null ? "" : lines.filter((line) => line.kind).map(({ values, kind }) => {
      const k = places.indexOf(at);
      return `<i class="dot ${kind}" style="left:${percent(across(at))};top:${percent(down(values[k]))}"></i>`;
    }).join("");
    element.innerHTML = `<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">
      <path class="grid" d="${grid}"/>${cursor}${
      lines.map(({ values, kind = "" }) => `<path class="line ${kind}" d="${path(values)}"/>`).join("")}</svg>${dots}${
      y.ticks.map(([value, label]) => `<span class="y" style="top:${percent(down(value))}">${label}</span>`).join("")}${
      x.ticks.map(([value, label]) => `<span class="x" style="left:${percent(across(value))}">${label}</span>`).join("")}`;
  }

  return { draw };
})();
