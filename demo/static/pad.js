// A pad to draw on, with undo, clear and examples. Its value: a PNG's data URL, or "".
const canvas = element.querySelector("canvas");
const context = canvas.getContext("2d");
const { width, height } = canvas;
const { name, first } = canvas.dataset;
const LINE = +canvas.dataset.line;
const EVERY = 220; // ms between two looks at a line that is being drawn
const EVENTS = ["draw", "inside", "then", "several"]; // named like the tab that shows the answer

let now = { picture: null, lines: [] };
let earlier = []; // what undo goes back to
let line = null; // being drawn
let due = null;
let image = null; // of now.picture

function paint(context) {
  context.lineWidth = LINE;
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = context.fillStyle = "black";
  for (const points of now.lines) {
    context.beginPath();
    context.moveTo(...points[0]);
    for (const point of points) context.lineTo(...point);
    context.lineTo(points.at(-1)[0] + 0.01, points.at(-1)[1]);
    context.stroke();
  }
}

function show() {
  context.clearRect(0, 0, width, height);
  if (image?.complete && now.picture) {
    context.imageSmoothingEnabled = false;
    const scale = Math.min(width / image.width, height / image.height);
    const [w, h] = [image.width * scale, image.height * scale];
    context.globalCompositeOperation = "source-over";
    context.drawImage(image, (width - w) / 2, (height - h) / 2, w, h);
  }
  paint(context);
  element.querySelector(".hint").hidden = Boolean(now.picture || now.lines.length);
  element.querySelector("[data-do=undo]").disabled = !earlier.length;
  element.querySelector("[data-do=clear]").disabled = !now.picture && !now.lines.length;
}

function drawing() {
  if (now.picture) return now.picture;
  if (!now.lines.length) return "";
  const sheet = document.createElement("canvas");
  // With paper around, so that a line at the pad's edge is not taken for one that the edge cuts off.
  [sheet.width, sheet.height] = [width + 2 * LINE, height + 2 * LINE];
  const onto = sheet.getContext("2d");
  onto.fillStyle = "white";
  onto.fillRect(0, 0, sheet.width, sheet.height);
  onto.translate(LINE, LINE);
  paint(onto);
  return sheet.toDataURL("image/png");
}

function send() {
  clearTimeout(due);
  due = null;
  lenet.keep(name, now);
  props.value = drawing();
  if (!EVENTS.includes(lenet.tab())) return;
  lenet.asked();
  trigger(lenet.tab());
}

function become(next, remember = true) {
  if (remember) earlier.push(now);
  now = next;
  if (!now.picture) image = null;
  else if (image?.src !== now.picture) {
    image = new Image();
    image.onload = show;
    image.src = now.picture;
  }
  show();
}

function act(next) {
  become(next);
  send();
}

// --- mouse, pen, finger ---
function place(event) {
  const box = canvas.getBoundingClientRect();
  return [((event.clientX - box.left) * width) / box.width,
          ((event.clientY - box.top) * height) / box.height];
}

canvas.addEventListener("pointerdown", (event) => {
  if (!event.isPrimary || event.button) return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  line = [place(event)];
  become({ picture: null, lines: [...now.lines, line] }); // a picture goes when one draws
  due ??= setTimeout(send, EVERY);
});

canvas.addEventListener("pointermove", (event) => {
  if (!line || !event.isPrimary) return;
  const events = event.getCoalescedEvents?.() ?? [];
  for (const each of events.length ? events : [event]) line.push(place(each));
  show();
  due ??= setTimeout(send, EVERY);
});

function lift(event) {
  if (!line || !event.isPrimary) return;
  line = null;
  send();
}
canvas.addEventListener("pointerup", lift);
canvas.addEventListener("pointercancel", lift);

// --- buttons ---
function undo() {
  if (!earlier.length) return;
  become(earlier.pop(), false);
  send();
}

element.querySelector("[data-do=undo]").addEventListener("click", undo);
element.querySelector("[data-do=clear]").addEventListener("click", () => {
  act({ picture: null, lines: [] });
});
canvas.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "z") {
    event.preventDefault();
    undo();
  }
});

for (const button of element.querySelectorAll(".examples button")) {
  button.addEventListener("click", () => {
    const { lines } = button.dataset;
    if (lines) act({ picture: null, lines: JSON.parse(lines) });
    else act({ picture: button.querySelector("img").src, lines: [] });
  });
}

lenet.pads[name] = {
  send,
  load: (picture) => become({ picture, lines: [] }),
};

const kept = lenet.kept(name);
become(kept ?? { picture: first || null, lines: [] }, false);
if (kept && kept.picture !== first) setTimeout(send); // what the page has is the answer to the first one
