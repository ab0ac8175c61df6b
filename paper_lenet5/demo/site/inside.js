// All maps of every layer. Point at a unit: its patch in the layer before, its kernel, their product.
const inside = (() => {
  const root = document.getElementById("inside"), lens = document.getElementById("lens");
  const { A } = NUMBERS.layers, { WHITE, BLACK } = NUMBERS.preprocessing;
  const ABOUT = {
    input: ["Input", "the drawing with paper around it, 32×32"],
    c1: ["C1", "6 maps, each looks for one kind of stroke or edge with its own 5×5 <span data-word='kernel'>kernel</span>"],
    s2: ["S2", "the same at half the size: where exactly a stroke lies does not matter"],
    c3: ["C3", "16 maps put strokes together; below, <span data-word='tableI'>which maps of S2</span> each looks at"],
    s4: ["S4", "half the size again"],
    c5: ["C5", "120 units, each sees all of S4"],
    f6: ["F6", "84 units, laid out as a picture of 7×12: this is what it made of the drawing"],
  };
  const NAMES = Object.keys(ABOUT), AREA = { c5: 30, f6: 7 }; // columns of units that are no map
  let tensors, states = null, chosen = null, sweeping = null, resting = null, visible = false, stale = true, heard = () => {};

  const wide = (name) => AREA[name] ?? states?.[name]?.columns ?? { input: 32, c1: 28, s2: 14, c3: 10, s4: 5 }[name];
  const maps = (name) => (name === "input" || AREA[name] ? 1 : network.inputs[name].length);
  const place = (name, map) => root.querySelector(`[data-layer=${name}] [data-map="${map}"]`);
  const number = (x, digits = 2) => (x < 0 ? "−" : "") + Math.abs(x).toFixed(digits);
  const ink = (name) => {
    if (name === "f6") return answer.ink;
    const [white, black] = name === "input" ? [WHITE, BLACK] : [-A, A];
    return (x) => image.clip((255 * (x - white)) / (black - white), 0, 255);
  };
  const narrow = matchMedia("(max-width: 860px)");

  function start(all) {
    tensors = all;
    root.querySelector(".layers").innerHTML = NAMES.map(section).join("");
    words.explain(root);
    for (const canvas of root.querySelectorAll("canvas[data-kernel]")) {
      const [name, k] = canvas.dataset.kernel.split(" ");
      weigh(canvas, tensors[`${name}.weight`].values.subarray(25 * k, 25 * k + 25), 5);
    }
    for (const group of root.querySelectorAll(".maps")) {
      group.addEventListener("pointermove", (event) => event.pointerType === "mouse" && point(event, false));
      group.addEventListener("click", (event) => point(event, true));
      group.addEventListener("keydown", key);
      group.addEventListener("focus", () => {
        if (states && chosen?.name !== group.dataset.layer && group.matches(":focus-visible")) choose(strongest(group.dataset.layer));
      });
    }
    paint();
  }

  function section(name) {
    const [title, about] = ABOUT[name];
    const count = ["weight", "coefficient", "bias"].reduce((sum, part) =>
      sum + (tensors[`${name}.${part}`]?.values.length ?? 0), 0);
    const all = Array.from({ length: maps(name) }, (_, map) =>
      `<span class="map" data-map="${map}"><canvas aria-hidden="true"></canvas><i class="box" hidden></i>${
        name === "c1" ? `<canvas class="kernel" data-kernel="c1 ${map}" aria-hidden="true"></canvas>` : ""}</span>`).join("");
    return `<section class="layer ${name}"><header><h3>${title}</h3><p>${about}${
      count ? `. ${count.toLocaleString("en")} <span data-word="weights">weights</span>` : ""}</p></header>
      <div class="maps" data-layer="${name}" tabindex="0" role="group" aria-label="${title}, ${
        maps(name)} ${maps(name) === 1 ? "picture" : "maps"}: arrow keys point at a unit${maps(name) > 1 ? ", Page Up and Down at a map" : ""}">${all}</div>${
      name === "c3" ? tableOf() : ""}</section>`;
  }

  // Table I: S2's maps down, C3's across, a kernel at each cross.
  function tableOf() {
    let k = 0;
    const crosses = network.inputs.c3.flatMap((sources, map) => sources.map((source) =>
      `<canvas data-kernel="c3 ${k++}" data-of="${map}" style="--r:${source + 1};--c:${map + 1}" aria-hidden="true"></canvas>`));
    return `<div class="table" role="img" aria-label="Table I: which maps of S2, down, each map of C3, across, looks at: ${
      crosses.length} of 96 crosses, each with its kernel">${crosses.join("")}</div>`;
  }

  function weigh(canvas, values, columns, all = values) {
    const largest = all.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-9);
    const part = (sign) => Array.from(values, (x) => Math.max(0, (255 * sign * x) / largest));
    lenet.cells(canvas, columns, part(1), part(-1));
  }

  // Painted when it is on the screen, or comes there, or nobody draws for a moment: the answer does not wait for it.
  function show(look) {
    states = look?.states ?? null;
    stale = true;
    clearTimeout(resting);
    if (visible) paint();
    else resting = setTimeout(() => stale && root.offsetParent && paint(), 400);
  }

  new IntersectionObserver(([entry]) => {
    visible = entry.isIntersecting;
    if (visible && stale && tensors) paint(); // it may be seen before the weights are unpacked
  }, { rootMargin: "200px" }).observe(root);

  function paint() {
    stale = false;
    for (const name of NAMES) {
      for (let map = 0; map < maps(name); map++) {
        const canvas = place(name, map).querySelector("canvas"), columns = wide(name);
        const area = AREA[name] ? states?.[name].values.length : columns * columns;
        const values = states
          ? Array.from(states[name].values.subarray(map * area, (map + 1) * area), ink(name))
          : new Uint8Array({ c5: 120, f6: 84 }[name] ?? area);
        lenet.cells(canvas, columns, values);
      }
    }
    root.classList.toggle("empty", !states);
    if (!states) {
      unmark();
      lens.innerHTML = "<p class='quiet'>Draw a digit first, then point at a square of a map.</p>";
    } else choose(chosen ?? strongest("c1"), false);
  }

  // The unit of a layer with the largest state, in its busiest map.
  function strongest(name) {
    const { rows, columns, values } = states[name];
    let best = 0;
    values.forEach((x, at) => { if (Math.abs(x) > Math.abs(values[best])) best = at; });
    return { name, map: Math.floor(best / (rows * columns)), row: Math.floor(best / columns) % rows, column: best % columns };
  }

  function point(event, kept) {
    const map = event.target.closest(".map"), canvas = map?.querySelector("canvas");
    if (!map || !states) return;
    const box = canvas.getBoundingClientRect(), { layer: name } = map.parentElement.dataset;
    const columns = wide(name), rows = canvas.height / (canvas.width / columns);
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    if (row < 0 || row >= rows || column < 0 || column >= columns) return;
    halt();
    choose(AREA[name]
      ? { name, map: row * columns + column, row: 0, column: 0 }
      : { name, map: +map.dataset.map, row, column }, kept);
  }

  const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  function key(event) {
    const name = event.currentTarget.dataset.layer;
    if (!states || !(event.key in STEPS || event.key.startsWith("Page"))) return;
    event.preventDefault();
    halt();
    const unit = chosen?.name === name ? { ...chosen } : strongest(name);
    const [down, right] = STEPS[event.key] ?? [0, 0], clip = image.clip;
    if (AREA[name]) {
      unit.map = clip(unit.map + right + AREA[name] * down, 0, states[name].maps - 1);
    } else {
      unit.row = clip(unit.row + down, 0, states[name].rows - 1);
      unit.column = clip(unit.column + right, 0, states[name].columns - 1);
      if (event.key === "PageUp") unit.map = Math.max(0, unit.map - 1);
      if (event.key === "PageDown") unit.map = Math.min(maps(name) - 1, unit.map + 1);
    }
    choose(unit);
  }

  function unmark() {
    for (const box of root.querySelectorAll(".box")) box.hidden = true;
    for (const part of root.querySelectorAll(".on")) part.classList.remove("on");
  }

  function mark(name, map, row, column, side, own) {
    const units = AREA[name], holder = place(name, units ? 0 : map);
    const columns = wide(name), rows = units ? Math.ceil(states[name].maps / units) : states[name].rows;
    if (units) [row, column] = own ? [Math.floor(map / units), map % units] : [0, 0];
    const [high, broad] = units && !own ? [rows, columns] : [side, side];
    const box = holder.querySelector(".box"), across = `${(100 * broad) / columns}%`;
    box.hidden = false;
    box.classList.toggle("own", own);
    Object.assign(box.style, {
      left: `${(100 * column) / columns}%`, width: across,
      top: `calc(var(--high) * ${row / rows})`, height: `calc(var(--high) * ${high / rows})`,
    });
    holder.style.setProperty("--high", `${holder.querySelector("canvas").clientHeight + 2}px`);
    holder.classList.add("on");
  }

  function choose(unit, kept = true) {
    chosen = unit;
    if (stale) return paint(); // and choose it there
    unmark();
    const { name, map, row, column } = unit;
    const under = narrow.matches ? root.querySelector(`.layer.${name}`) : root;
    if (narrow.matches ? under.nextElementSibling !== lens : lens.parentElement !== root) {
      under[narrow.matches ? "after" : "append"](lens);
    }
    mark(name, name === "input" ? 0 : map, row, column, 1, true);
    if (name === "input") {
      const x = states.input.values[32 * row + column];
      lens.innerHTML = `${heading(unit)}<p>${number(x)}: paper is ${number(WHITE, 1)}, full ink ${number(BLACK, 3)}, so that the mean is about 0.</p>`;
    } else {
      const seen = network.unit(tensors, states, name, map, row, column);
      const sources = seen.side === 1 ? seen.parts.slice(0, 1) : seen.parts;
      for (const part of sources) mark(seen.source, part.map, seen.place.row, seen.place.column, seen.side, false);
      if (name === "c3") for (const cross of root.querySelectorAll(`[data-of="${map}"]`)) cross.classList.add("on");
      explain(unit, seen);
    }
    if (kept) heard(written());
  }

  const heading = ({ name, map, row, column }) => `<h3>${ABOUT[name][0]}<span>${
    AREA[name] ? `unit ${map + 1}` : name === "input" ? `row ${row + 1}, column ${column + 1}`
      : `map ${map}, row ${row + 1}, column ${column + 1}`}</span></h3>`;

  // What the unit adds up, and what comes out.
  function explain(unit, { source, side, parts, bias, sum, state }) {
    const many = side === 1, few = !many && parts.length === 1;
    const shown = many
      ? [{ map: "", patch: Float32Array.from(parts, (part) => part.patch[0]), kernel: Float32Array.from(parts, (part) => part.kernel[0]), sum: sum - bias }]
      : parts;
    const columns = many ? 30 : side, from = ABOUT[source][0];
    const row = (part, k) => few
      ? `<div class="sums"><span>${from}</span>${grid(part.patch, side, ink(source))}<span>× weights</span>${grid(part.kernel, side)}<span>= products</span>${grid(part.patch.map((x, at) => x * part.kernel[at]), side)}</div>`
      : `<div class="part"><span>${many ? from : parts.length > 6 ? part.map : `${from} ${part.map}`}</span><canvas data-patch="${k}"></canvas><span>×</span><canvas data-weigh="${k}"></canvas><span>=</span><canvas data-product="${k}"></canvas><span class="sum">${number(part.sum)}</span></div>`;
    lens.innerHTML = `${heading(unit)}
      <p class="quiet">${few ? `Its squares of ${from}, times its weights` : many ? `All of ${from}, times its 120 weights` : `Its patch of each map, times its <span data-word="kernel">kernel</span>`}</p>
      <div class="parts${!many && parts.length > 6 ? " dense" : ""}${many ? " units" : ""}">${shown.map(row).join("")}</div>
      <p class="total"><span>${number(sum - bias)} ${bias < 0 ? "−" : "+"} ${number(Math.abs(bias))} <span data-word="bias">bias</span> = ${number(sum)}</span>
      <span class="out"><i style="--s:${ink(unit.name)(state) / 255}"></i><b>${number(state)}</b> <span data-word="state">squeezed</span></span></p>`;
    words.explain(lens);
    if (few) return;
    const product = (part) => part.patch.map((x, at) => x * part.kernel[at]);
    const kernels = shown.flatMap((part) => [...part.kernel]);
    const products = shown.flatMap((part) => [...product(part)]);
    shown.forEach((part, k) => {
      lenet.cells(lens.querySelector(`[data-patch="${k}"]`), columns, Array.from(part.patch, ink(source)));
      weigh(lens.querySelector(`[data-weigh="${k}"]`), part.kernel, columns, kernels);
      weigh(lens.querySelector(`[data-product="${k}"]`), product(part), columns, products);
    });
  }

  // Numbers in squares: states as grey, what has no `grey` as weights. Never so dark or so light that
  // the numbers cannot be read.
  function grid(values, side, grey) {
    const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-9);
    const short = (x) => (Math.abs(x) < 0.005 ? "0" : number(x, Math.abs(x) < 9.995 ? 2 : 1));
    const cell = (x) => {
      const share = grey ? grey(x) / 255 : Math.abs(x) / largest, minus = !grey && x < 0;
      const shade = minus ? 0.45 * share : 0.7 * share + (share > 0.5 ? 0.3 : 0);
      const kind = minus ? "minus" : share > 0.5 ? "plus full" : "plus";
      return `<i class="${kind}" style="--s:${shade.toFixed(2)}">${short(x)}</i>`;
    };
    return `<span class="grid" style="--side:${side}">${Array.from(values, cell).join("")}</span>`;
  }

  // --- moving by itself ---
  const button = document.querySelector("[data-do=sweep]");
  function halt() {
    clearInterval(sweeping);
    sweeping = null;
    button.setAttribute("aria-pressed", "false");
  }
  button.addEventListener("click", () => {
    if (sweeping) return halt();
    if (!states) return;
    button.setAttribute("aria-pressed", "true");
    if (AREA[chosen.name] || chosen.name === "input") choose(strongest("c1"), false);
    choose({ ...chosen, row: 0, column: 0 }, false);
    sweeping = setInterval(() => {
      if (!states) return halt();
      const { rows, columns } = states[chosen.name];
      const next = (chosen.row * columns + chosen.column + 1) % (rows * columns);
      choose({ ...chosen, row: Math.floor(next / columns), column: next % columns }, false);
    }, 150);
  });

  // The unit that is pointed at, as a word of the address, and back.
  const written = () => chosen && [chosen.name, chosen.map, chosen.row, chosen.column].join(".");
  function read(text) {
    const [name, map, row, column] = (text ?? "").split(".").map((x, k) => (k ? +x : x));
    const layer = states?.[name];
    if (layer && map < layer.maps && row < layer.rows && column < layer.columns) choose({ name, map, row, column }, false);
  }

  addEventListener("resize", () => states && visible && choose(chosen, false));

  return { start, show, strongest, choose, read, halt, hear: (act) => { heard = act; } };
})();
