// The pad. What is on it is {lines}, or {pattern, name} of a digit of MNIST, or {photo} of a picture.
const pad = (() => {
  const canvas = document.getElementById("pad"), hint = document.querySelector(".hint");
  const pen = canvas.getContext("2d");
  const { SIDE } = drawing, WAIT = 3500, REST = 5000; // ms until it draws by itself, and again
  const button = (name) => document.querySelector(`#drawing [data-do=${name}]`);

  let now = { lines: [] }, earlier = [], line = null, due = false, own = null, heard = () => {};

  const empty = () => !now.lines?.length && !now.pattern && !now.photo;

  function show() {
    const scale = canvas.width / SIDE;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, SIDE, SIDE);
    pen.imageSmoothingEnabled = !now.pattern;
    const shown = now.photo ?? now.shown;
    if (shown) {
      const by = SIDE / Math.max(shown.width, shown.height);
      const [w, h] = [by * shown.width, by * shown.height];
      pen.drawImage(shown, (SIDE - w) / 2, (SIDE - h) / 2, w, h);
    }
    const style = getComputedStyle(canvas);
    if (now.lines) drawing.paint(pen, now.lines, style.getPropertyValue(own ? "--quiet" : "--ink"));
    canvas.classList.toggle("photo", Boolean(now.photo));
    hint.hidden = !empty() && !own;
    hint.classList.toggle("aside", Boolean(own));
    button("undo").disabled = !earlier.length;
    button("clear").disabled = empty() || Boolean(own);
  }

  // At most one look a frame at a line that is being drawn (`kept` is false); at once what is finished:
  // true for what Back shall go back to, null for what it came back to.
  function tell(kept) {
    if (kept !== false) return heard(now, kept);
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      heard(now, false);
    });
  }

  function become(next, kept = true) {
    stop();
    if (kept && next !== now) earlier.push(now);
    now = next.pattern ? { ...next, shown: cells(next.pattern) } : next;
    show();
    tell(kept);
  }

  function cells(pattern) {
    const shown = document.createElement("canvas"), onto = shown.getContext("2d");
    shown.width = shown.height = 28;
    const pixels = onto.createImageData(28, 28);
    const [r, g, b] = rgb();
    pattern.forEach((ink, k) => pixels.data.set([r, g, b, ink], 4 * k));
    onto.putImageData(pixels, 0, 0);
    return shown;
  }

  function rgb() {
    const number = parseInt(getComputedStyle(canvas).getPropertyValue("--ink").trim().slice(1), 16);
    return [number >> 16, (number >> 8) & 255, number & 255];
  }

  // --- mouse, pen, finger ---
  function place(event) {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top].map((at) =>
      image.clip(Math.round((at * SIDE) / box.width), 0, SIDE));
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button) return;
    event.preventDefault();
    stop();
    canvas.setPointerCapture(event.pointerId);
    line = [place(event)];
    earlier.push(now);
    now = { lines: [...(now.lines ?? []), line] }; // a picture goes when one draws
    show();
    tell(false);
  });

  canvas.addEventListener("pointermove", (event) => {
    if (!line || !event.isPrimary) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) {
      const point = place(each), last = line.at(-1);
      if (Math.hypot(point[0] - last[0], point[1] - last[1]) >= 2) line.push(point);
    }
    show();
    tell(false);
  });

  function lift(event) {
    if (!line || !event.isPrimary) return;
    line = null;
    tell(true);
  }
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);

  function undo() {
    if (earlier.length) become(earlier.pop(), null);
    show();
  }
  button("undo").addEventListener("click", undo);
  button("clear").addEventListener("click", () => become({ lines: [] }));
  canvas.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "z") event.preventDefault(), undo();
  });

  // --- one that draws itself, stroke by stroke, while nobody does ---
  function stop() {
    if (!own) return;
    clearTimeout(own.timer);
    own = null;
    now = { lines: [] };
    show();
  }

  const rest = () => own && become({ lines: [] }, null);

  function invite(number = 0) {
    own = { timer: setTimeout(() => drawOne(number), number ? REST : WAIT) };
  }

  function drawOne(number) {
    const lines = drawing.OWN[number];
    const all = lines.reduce((sum, points) => sum + points.length, 0);
    now = { lines: [] };
    let done = lenet.calm() ? all : 0;
    const step = () => {
      let left = ++done;
      now = { example: true, lines: lines.map((points) => points.slice(0, Math.max(0, left), left -= points.length))
        .filter((points) => points.length) };
      show();
      heard(now, false);
      if (done < all) own.timer = setTimeout(step, 45);
      else if (!lenet.calm() && number + 1 < drawing.OWN.length) invite(number + 1);
    };
    step();
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTimeout(show));

  return {
    become, show, invite, rest,
    get now() { return own ? { lines: [] } : now; },
    hear: (act) => { heard = act; },
  };
})();
