// A picture of one's own: chosen, taken, pasted or dropped; and the way to what the network sees.
const photo = (() => {
  const box = document.getElementById("picture"), said = box.querySelector(".said");
  const way = box.querySelector(".way"), LONGEST = NUMBERS.files.WORKED_ON;
  let heard = () => {};

  async function take(file) {
    if (!file) return;
    if (!box.open) box.showModal();
    say("Looking…");
    try {
      const bitmap = await createImageBitmap(file);
      await new Promise((resume) => setTimeout(resume, 30)); // so that the words are seen
      look(bitmap);
    } catch (error) {
      say(error instanceof Refusal ? sentence(error.message) : "This cannot be read as a picture.");
    }
  }

  const say = (words) => { said.textContent = words; way.hidden = true; };
  const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1)}.`;

  function look(bitmap) {
    const by = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
    const sheet = document.createElement("canvas");
    sheet.width = Math.max(1, Math.round(by * bitmap.width));
    sheet.height = Math.max(1, Math.round(by * bitmap.height));
    const pen = sheet.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(bitmap, 0, 0, sheet.width, sheet.height);
    const pixels = pen.getImageData(0, 0, sheet.width, sheet.height).data;
    const seen = pictures.written(pixels, sheet.height, sheet.width);
    heard({ photo: sheet, seen });
    const steps = [["Your picture", sheet], ["Ink on it", shown(seen.paper.ink)],
                   ["The writing", shown(pictures.inkOf(seen, seen.found.chosen))]];
    way.replaceChildren(...steps.map(([name, canvas]) => {
      const item = document.createElement("li"), caption = document.createElement("span");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", name);
      caption.textContent = name;
      item.append(canvas, caption);
      return item;
    }));
    said.textContent = "It is on the pad, and the answer beside it.";
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
  const pictureIn = (data) => [...(data?.files ?? [])].find((file) => file.type.startsWith("image/"));
  document.addEventListener("paste", (event) => take(pictureIn(event.clipboardData)));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => { event.preventDefault(); take(pictureIn(event.dataTransfer)); });
  document.querySelector("[data-do=picture]").addEventListener("click", () => { say(""); box.showModal(); });
  box.querySelector("[data-do=close]").addEventListener("click", () => box.close());

  return { hear: (act) => { heard = act; } };
})();
