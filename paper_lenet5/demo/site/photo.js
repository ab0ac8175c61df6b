// A picture of one's own: chosen, taken, pasted or dropped; and the way to what the network sees.
const photo = (() => {
  const box = document.getElementById("picture"), said = box.querySelector(".said");
  const way = box.querySelector(".way"), LONGEST = NUMBERS.files.WORKED_ON;
  let heard = () => {}, looker = null;

  async function take(file) {
    if (!file) return;
    if (!box.open) box.showModal();
    say("Looking…");
    try {
      const photo = sheetOf(await createImageBitmap(file)), { seen, refused } = await look(photo);
      if (!refused) box.close(); // before the answer, which is said to nobody behind an open box
      if (seen) heard({ photo, seen });
      if (!refused) return;
      say(`${refused[0].toUpperCase()}${refused.slice(1)}.`);
      if (seen) lead({ photo, seen });
    } catch {
      say(await isHeic(file) ? "This is a HEIC file, as iPhones save them, and this browser cannot read it: save it as JPEG."
        : "This cannot be read as a picture.");
    }
  }

  const say = (words) => { said.textContent = words; way.hidden = true; };
  const isHeic = async (file) => /^ftyp(hei[cx]|hevc|mif1|msf1)/.test(await file.slice(4, 12).text());

  function sheetOf(bitmap) {
    const by = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
    const sheet = document.createElement("canvas");
    sheet.width = Math.max(1, Math.round(by * bitmap.width));
    sheet.height = Math.max(1, Math.round(by * bitmap.height));
    const pen = sheet.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(bitmap, 0, 0, sheet.width, sheet.height);
    return sheet;
  }

  // {seen, refused}: what is seen in it, if anything, and what is wrong with that.
  function look(sheet) {
    return new Promise((resolve, reject) => {
      looker?.terminate();
      looker = lenet.worker("looker");
      looker.onmessage = ({ data }) => resolve(data);
      looker.onerror = reject;
      looker.postMessage([sheet.getContext("2d").getImageData(0, 0, sheet.width, sheet.height).data, sheet.height, sheet.width]);
    });
  }

  // From the picture to what the network sees.
  function lead({ photo, seen }) {
    const steps = [["Your picture", photo], ["Ink on it", shown(seen.paper.ink)],
                   ["The writing", shown(pictures.inkOf(seen, seen.found.chosen))]];
    way.replaceChildren(...steps.map(([name, canvas]) => {
      const item = document.createElement("li"), caption = document.createElement("span");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", name);
      caption.textContent = name;
      item.append(canvas, caption);
      return item;
    }));
    way.hidden = false;
  }

  function shown(ink) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [ink.columns, ink.rows];
    const pen = canvas.getContext("2d"), pixels = pen.createImageData(ink.columns, ink.rows);
    for (let at = 0; at < ink.values.length; at++) {
      const grey = 255 * (1 - ink.values[at]);
      pixels.data.set([grey, grey, grey, 255], 4 * at);
    }
    pen.putImageData(pixels, 0, 0);
    return canvas;
  }

  for (const input of box.querySelectorAll("input")) {
    input.addEventListener("change", () => { take(input.files[0]); input.value = ""; });
  }
  const pictureIn = (data) => {
    const files = [...(data?.files ?? [])];
    return files.find((file) => file.type.startsWith("image/")) ?? files[0];
  };
  document.addEventListener("paste", (event) => take(pictureIn(event.clipboardData)));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => { event.preventDefault(); take(pictureIn(event.dataTransfer)); });
  document.querySelector("[data-do=picture]").addEventListener("click", () => {
    say("");
    if (pad.now.photo) lead(pad.now);
    box.showModal();
  });
  box.addEventListener("close", () => looker?.terminate());
  box.querySelector("[data-do=close]").addEventListener("click", () => box.close());

  return { hear: (act) => { heard = act; } };
})();
