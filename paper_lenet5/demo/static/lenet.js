// What the demo's parts share: painting states as cells, in the theme's colours.
window.lenet = (() => {
  const repaints = new Map(); // canvas -> how to paint it, again after the theme has changed

  const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

  // Of what zlib has packed.
  const unpacked = (base64) => new Response(
    new Blob([bytes(base64)]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();

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

  const repaint = () => {
    for (const [canvas, paint] of repaints) canvas.isConnected ? paint() : repaints.delete(canvas);
  };
  const watchTheme = () =>
    new MutationObserver(repaint).observe(document.body, { attributeFilter: ["class"] });
  if (document.body) watchTheme();
  else document.addEventListener("DOMContentLoaded", watchTheme);

  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  // The engine in a worker, and what it does there: a script of the page.
  const addresses = {};
  function worker(script) {
    const source = () => ["engine", script].map((id) => document.getElementById(id).textContent);
    addresses[script] ??= URL.createObjectURL(new Blob(source(), { type: "text/javascript" }));
    return new Worker(addresses[script]);
  }

  return { bytes, unpacked, cells, calm, worker };
})();
