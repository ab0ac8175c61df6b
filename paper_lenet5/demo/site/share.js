// The drawing and what is pointed at in the address, a picture to save, a frame for other pages.
const share = (() => {
  const box = document.getElementById("share"), said = box.querySelector(".said");
  const find = (name) => box.querySelector(`[data-${name}]`);
  const photos = new Map(); // by what the history says of them: an address holds none

  function read() {
    const hash = new URLSearchParams(location.hash.slice(1));
    const place = hash.has("m") ? +hash.get("m") : -1;
    return {
      on: photos.get(history.state)
        ?? (misses.known(place) ? { pattern: misses.pattern(place), place } : { lines: drawing.read(hash.get("d") ?? "") }),
      unit: hash.get("u"), step: hash.has("s") ? +hash.get("s") : null, tab: hash.get("t"), settings: hash,
    };
  }

  // Keep what is on the pad in the address; Back goes to what was there before.
  function write(on, unit, step, kept) {
    const parts = Object.entries(tabs.written()).map(([name, value]) => `${name}=${value}`);
    if (on.lines?.length) parts.push(`d=${drawing.written(on.lines)}`);
    if (on.pattern) parts.push(`m=${on.place}`);
    if (unit) parts.push(`u=${unit}`);
    if (step) parts.push(`s=${step}`);
    const hash = parts.length ? `#${parts.join("&")}` : location.pathname + location.search;
    const known = [...photos].find(([, photo]) => photo === on)?.[0];
    const state = on.photo ? known ?? Math.random() : null;
    if (on.photo) photos.set(state, on);
    if (state === history.state && hash === (location.hash || location.pathname + location.search)) return;
    try {
      history[kept ? "pushState" : "replaceState"](state, "", hash);
    } catch {} // a file in a sandbox may not
  }

  function open() {
    const address = location.href, base = address.split("#")[0].split("?")[0];
    find("link").value = address;
    find("embed").value =
      `<iframe src="${base}?embed${location.hash}" width="760" height="540" title="LeNet-5 reads a digit" style="border:0"></iframe>`;
    said.textContent = pad.now.photo ? "A picture of your own is not in the link: it stays on your device." : "";
    box.showModal();
  }

  async function copy() {
    find("link").select();
    try {
      await navigator.clipboard.writeText(find("link").value);
      said.textContent = "Copied.";
    } catch {
      said.textContent = "Press Ctrl+C: the link is selected.";
    }
  }

  // Drawing, what it made of it, and the answer, as a PNG.
  function save() {
    const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
    [canvas.width, canvas.height] = [1200, 630];
    const style = getComputedStyle(document.body), colour = (name) => style.getPropertyValue(name);
    pen.fillStyle = colour("--page");
    pen.fillRect(0, 0, 1200, 630);
    pen.imageSmoothingEnabled = false;
    const root = document.getElementById("answer");
    pen.drawImage(document.getElementById("pad"), 60, 150, 360, 360);
    pen.strokeStyle = colour("--line");
    pen.strokeRect(60, 150, 360, 360);
    const picture = root.querySelector(".why").hidden ? null : root.querySelector("[data-f6]");
    if (picture) pen.drawImage(picture, 500, 150, 210, 360);
    pen.fillStyle = colour("--accent");
    pen.font = "500 280px Georgia, serif";
    pen.fillText(root.querySelector(".digit").textContent, 800, 430, 360);
    pen.fillStyle = colour("--ink");
    pen.font = "32px system-ui, sans-serif";
    pen.fillText(root.querySelector(".lead").textContent, 800, 180, 360);
    pen.font = "500 48px Georgia, serif";
    pen.fillText("LeNet-5 reads my digit", 60, 100);
    pen.fillStyle = colour("--quiet");
    pen.font = "26px system-ui, sans-serif";
    pen.fillText("what I drew", 60, 560);
    if (picture) pen.fillText("what it made of it", 500, 560);
    canvas.toBlob((blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = "lenet5.png";
      link.click();
      URL.revokeObjectURL(link.href);
    });
  }

  document.querySelector("#drawing [data-do=share]").addEventListener("click", open);
  box.querySelector("[data-do=copy]").addEventListener("click", copy);
  box.querySelector("[data-do=save]").addEventListener("click", save);
  box.querySelector("[data-do=close]").addEventListener("click", () => box.close());

  return { read, write };
})();
