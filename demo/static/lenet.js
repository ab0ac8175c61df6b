// What the demo's parts share: painting states as cells, the theme's colours, the open tab.
window.lenet = (() => {
  const repaints = new Map(); // canvas -> how to paint it, again after the theme has changed

  const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

  // Paint columns x rows cells. `ink` and `accent` hold 0 ... 255 for each; accent may be missing.
  function cells(canvas, columns, ink, accent) {
    const paint = () => {
      const gap = canvas.hasAttribute("data-gap") ? 1 : 0;
      const side = gap ? 12 : 1;
      const rows = ink.length / columns;
      if (canvas.width !== columns * side || canvas.height !== rows * side) {
        canvas.width = columns * side;
        canvas.height = rows * side;
      }
      const style = getComputedStyle(canvas);
      const context = canvas.getContext("2d");
      context.clearRect(0, 0, canvas.width, canvas.height);
      const fill = (values, colour) => {
        context.fillStyle = colour;
        for (let i = 0; i < values.length; i++) {
          if (!values[i]) continue;
          context.globalAlpha = values[i] / 255;
          const x = (i % columns) * side, y = Math.floor(i / columns) * side;
          context.fillRect(x, y, side - gap, side - gap);
        }
        context.globalAlpha = 1;
      };
      fill(ink, style.getPropertyValue("--ink"));
      if (accent) fill(accent, style.getPropertyValue("--accent"));
    };
    repaints.set(canvas, paint);
    paint();
  }

  // Canvases whose cells stand in the page: data-ink and data-accent, base64; data-columns.
  function paintAll(element) {
    for (const canvas of element.querySelectorAll("canvas[data-ink]")) {
      const accent = canvas.dataset.accent;
      cells(canvas, +canvas.dataset.columns, bytes(canvas.dataset.ink), accent && bytes(accent));
    }
  }

  const repaint = () => {
    for (const [canvas, paint] of repaints) canvas.isConnected ? paint() : repaints.delete(canvas);
  };
  const watchTheme = () =>
    new MutationObserver(repaint).observe(document.body, { attributeFilter: ["class"] });
  if (document.body) watchTheme();
  else document.addEventListener("DOMContentLoaded", watchTheme);

  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  const pads = {};
  let tab = "draw";

  // A tab was opened: show the drawing there.
  function show(name) {
    tab = name;
    document.body.dataset.tab = name;
    if (["draw", "inside", "then"].includes(name)) pads.digit?.send();
  }

  const open = (name) => document.getElementById(`tab-${name}-button`).click();

  return { bytes, cells, paintAll, calm, pads, show, open, tab: () => tab };
})();
