// Several digits: the field, and under it the answers of the sweep, each below the middle of its window.
const string = (() => {
  const root = document.getElementById("answer"), track = root.querySelector(".track");
  const { BLANK } = NUMBERS.strings;
  const sign = (label) => (label === BLANK ? "·" : label);

  function show({ field, sweep, f6, read }) {
    const columns = field.length / 32;
    root.classList.remove("empty", "none");
    for (const part of ["ten", "steps"]) document.getElementById(part).hidden = true;
    root.querySelector(".why").hidden = true;
    root.querySelector(".sweep").hidden = false;
    root.querySelector(".lead").textContent = read.text ? `It reads ${read.text}.` : "It reads no digit.";
    root.querySelector(".digit").textContent = read.text;
    root.querySelector(".digit").style.setProperty("--n", read.text.length);
    root.querySelector(".detail").textContent =
      `${sweep.length} looks at ${columns}×32 squares, one sweep of the network`;
    track.style.setProperty("--width", columns);
    lenet.cells(track.querySelector("canvas"), columns, field);
    const list = track.querySelector("ol");
    list.replaceChildren(...sweep.map((penalties, k) => {
      const item = document.createElement("li"), code = document.createElement("canvas");
      const raw = penalties.indexOf(Math.min(...penalties)), label = read.labels[k];
      code.setAttribute("aria-hidden", "true");
      const units = Array.from({ length: 84 }, (_, unit) => f6.values[unit * f6.columns + k]);
      lenet.cells(code, 7, units.map(answer.ink));
      const own = document.createElement("span"), best = document.createElement("b");
      own.textContent = sign(raw);
      if (label !== BLANK && label !== read.labels[k - 1]) best.textContent = label;
      item.append(code, own, best);
      return item;
    }));
  }

  return { show };
})();
