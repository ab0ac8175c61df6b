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

  // What stays when the page is loaded again, as Gradio does once its server is back.
  function keep(name, value) {
    try { sessionStorage.setItem(`lenet-${name}`, JSON.stringify(value)); } catch { /* forbidden in a frame */ }
  }
  function kept(name) {
    try { return JSON.parse(sessionStorage.getItem(`lenet-${name}`)); } catch { return null; }
  }

  const pads = {};
  let tab = "draw";

  // A drawing without an answer for a while: is the server there? If not, what stands beside the drawing
  // belongs to another one, and is marked so until there is an answer again. If it is, the question may have
  // been lost, as those are that come before the page is whole: it is asked again, less and less often.
  const PATIENCE = 1500; // ms
  const LONGEST = 8 * PATIENCE;
  let patience = PATIENCE;
  let waiting = null;
  let away = false;
  const asked = () => {
    clearTimeout(waiting);
    waiting = setTimeout(check, patience);
  };
  const answered = () => {
    clearTimeout(waiting);
    patience = PATIENCE;
    mark(false);
  };
  async function check() {
    const there = await fetch("gradio_api/startup-events", { cache: "no-store" }).then((r) => r.ok, () => false);
    const back = there && away;
    mark(!there);
    if (!there) waiting = setTimeout(check, PATIENCE);
    else if (back || patience < LONGEST) {
      patience *= 2;
      (tab === "several" ? pads.string : pads.digit)?.send();
    }
  }
  function mark(lost) {
    away = lost;
    document.body.classList.toggle("away", lost);
    document.querySelector("#away")?.remove();
    if (!lost) return;
    const said = document.createElement("p");
    said.id = "away";
    said.setAttribute("role", "alert");
    said.textContent = "The server does not answer. Your drawing is kept; the pale answer belongs to an earlier one.";
    document.body.append(said);
  }

  // A tab was opened: show the drawing there.
  function show(name) {
    tab = name;
    keep("tab", name);
    document.body.dataset.tab = name;
    if (["draw", "inside", "then"].includes(name)) pads.digit?.send();
  }

  const open = (name) => document.getElementById(`tab-${name}-button`).click();

  // The tab that was open is opened again, as soon as it is there.
  const before = kept("tab");
  function reopen() {
    if (!document.getElementById(`tab-${before}-button`)) requestAnimationFrame(reopen);
    else open(before);
  }
  if (before && before !== tab) reopen();

  return { bytes, cells, paintAll, calm, keep, kept, asked, answered, pads, show, open, tab: () => tab };
})();
