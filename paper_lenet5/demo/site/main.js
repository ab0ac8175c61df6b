// From what is on the pad to all that is shown.
(async () => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const scheme = () => document.body.classList.toggle("dark", dark.matches);
  dark.addEventListener("change", scheme);
  scheme();
  document.body.classList.toggle("embed", new URLSearchParams(location.search).has("embed"));

  const tensors = async (name) =>
    network.load(await lenet.unpacked(document.getElementById(`weights-${name}`).textContent));
  const [lenet5, reader] = await Promise.all(["lenet5", "reader"].map(tensors));

  // What the network says to one pattern.
  function look(pattern) {
    const states = network.states(lenet5, network.fieldOf(pattern));
    const [penalties] = network.penalties(lenet5, states.f6);
    return { pattern, states, penalties, said: verdict(penalties, doubt(states)) };
  }

  // The lines in a picture as one field, and the sweep over it (section VII).
  function swept(seen) {
    const fields = pictures.fieldsOf(seen), rows = 32;
    const columns = fields.map((field) => field.length / rows);
    const across = columns.reduce((a, b) => a + b), field = new Uint8Array(rows * across);
    for (let row = 0, to = 0; row < rows; row++) {
      fields.forEach((of, k) => {
        field.set(of.subarray(row * columns[k], (row + 1) * columns[k]), to);
        to += columns[k];
      });
    }
    const { f6 } = network.states(reader, field), sweep = network.penalties(reader, f6);
    const ofDigits = network.penalties(lenet5, network.states(lenet5, field).f6);
    return { field, f6, sweep, read: reading.line(field, sweep, ofDigits) };
  }

  const seenOn = (on) => on.seen ?? pictures.drawn(drawing.inkOf(on.lines));

  function show(on, kept) {
    let digit = null;
    try {
      if (on.pattern) digit = look(on.pattern);
      else if (on.lines?.length || on.photo) {
        const seen = seenOn(on);
        if (pictures.several(seen)) {
          string.show(swept(seen));
          inside.show(null);
          then.show(null);
          return document.body.classList.remove("digit");
        }
        digit = look(pictures.patternOf(seen));
      }
      answer.show(digit, on);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (kept) answer.refuse(error.message);
      else answer.show(null); // of a line that has only begun
    }
    inside.show(digit);
    then.show(digit?.pattern ?? null);
    document.body.classList.toggle("digit", Boolean(digit));
  }

  // What is finished is said to who does not see it; of a line that is being drawn they hear nothing.
  const told = document.getElementById("told"), [lead, detail] = document.querySelectorAll(".verdict :is(.lead, .detail)");
  const tell = () => { told.textContent = lead.textContent || detail.textContent; };

  let unit = null;
  const write = (kept) => share.write(pad.now, unit, walk.step === null ? null : walk.step + 1, kept);

  answer.start(lenet5["rbf.centers"]);
  inside.start(lenet5);
  await misses.start();
  words.explain(document);
  pad.hear((on, kept) => {
    show(on, kept !== false);
    if (kept === false) return;
    tell();
    write(kept === true);
  });
  photo.hear((on) => pad.become(on));
  inside.hear((text) => { unit = text; write(false); });
  walk.hear(() => write(false));
  tabs.hear((kept) => { write(kept); pad.rest(); });
  tabs.parts.then = { ...then, open: (settings) => then.open(lenet5, settings) };
  tabs.parts.train = { ...train, open: (settings) => train.open(lenet5["rbf.centers"].values, settings) };
  tabs.parts.results = results;
  tabs.parts.learning = { ...learning, open: (settings) => learning.open(lenet5, settings) };

  function open() {
    const { on, unit: pointed, step, tab, settings } = share.read();
    unit = pointed;
    tabs.open(tab, settings);
    pad.become(on, null);
    inside.read(pointed);
    if (step) walk.start(step - 1);
  }
  addEventListener("popstate", open);
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address holds the drawing
    document.querySelector(".verdict").focus();
  });
  open();
  if (tabs.now === "draw" && !pad.now.lines?.length && !pad.now.pattern) pad.invite();

  if (location.protocol.startsWith("http")) {
    const link = document.createElement("link");
    Object.assign(link, { rel: "manifest", href: "manifest.webmanifest" });
    document.head.append(link);
    navigator.serviceWorker?.register("worker.js");
  }
  document.documentElement.dataset.ready = "";
})();
