// A drawing or a picture to what the network sees. paper_lenet5/pictures.
//
// What is seen is {paper, found}; a Refusal says in one sentence why nothing is.
class Refusal extends Error {}

const pictures = (() => {
  const { SMALLEST_DIGIT, THICK, THICKEST } = NUMBERS.pictures;
  const { CONTRAST } = NUMBERS.paper;
  const DASH = "what is drawn is as flat as a dash, and no digit is";

  // Of a drawing, black on white without noise: an image with ink from 0 to 1. It has paper all around,
  // so that no line in it is a ruled one.
  function drawn(ink) {
    if (!ink.values.some((x) => x > CONTRAST)) throw new Refusal("nothing is drawn");
    const found = marks.writing(marks.strongIn(ink, CONTRAST), ink);
    if (!found.chosen.length) throw new Refusal("what is drawn is no larger than a dot");
    if (marks.isDash(found.parts, marks.together(found.parts, found.chosen))) throw new Refusal(DASH);
    return { paper: { ink, noise: 0 }, found };
  }

  // Of a picture: red, green, blue, opacity of each pixel, 0 ... 255, as a canvas has them.
  function written(pixels, rows, columns) {
    const [red, green, blue] = onPaper(pixels, rows, columns);
    if (flat([red, green, blue])) {
      throw new Refusal("nothing is drawn: the picture is of one colour");
    }
    let best = null, most = 0, cut = false, dash = false;
    for (const each of paper.papers(red, green, blue)) {
      const unrest = Math.max(CONTRAST, each.noise);
      const found = marks.writing(marks.withoutLines(marks.strongIn(each.ink, unrest)), each.ink);
      if (!found.chosen.length) {
        cut ||= found.atTheEdge;
        continue;
      }
      const parts = marks.together(found.parts, found.chosen);
      if (!isPaper(each, found)) continue;
      if (marks.isDash(found.parts, parts)) {
        dash = true;
        continue;
      }
      const seen = { paper: each, found };
      let mass = parts.reduce((sum, part) => sum + found.parts.mass[part], 0);
      if (sizeOf(found, parts) < SMALLEST_DIGIT
          || normalise.thickness(normalise.pattern(inkOf(seen, parts))) > THICK) {
        mass /= 100; // a fleck of an outline; or a sheet on a desk, and the writing on it a hole
      }
      if (!best || mass > 1.3 * most) [best, most] = [seen, mass];
    }
    if (best) return best;
    throw new Refusal(cut
      ? "what is drawn touches the edge of the picture: leave some paper around it"
      : dash ? DASH : "nothing that looks like ink on paper");
  }

  // Of the largest of a character's parts, pixels.
  function sizeOf({ parts }, character) {
    const of = marks.sizes(parts);
    return Math.max(...character.map((part) => of[part]));
  }

  // The three colours, what is transparent on paper: in the middle colour of what is not. If most is
  // transparent, what is not is ink: black on white then, whatever its colour.
  function onPaper(pixels, rows, columns) {
    const blank = { rows, columns, values: new Float32Array(rows * columns) };
    const [red, green, blue, opacity] = [0, 1, 2, 3].map((k) =>
      image.mapped(blank, (_, at) => pixels[4 * at + k] / 255));
    const colours = [red, green, blue], of = opacity.values;
    if (image.range(opacity)[0] === 1) return colours;
    const solid = image.mask(opacity, (x) => x > 0.5).values;
    if (solid.reduce((a, b) => a + b) <= solid.length / 2) {
      return colours.map(() => image.mapped(opacity, (x) => 1 - x));
    }
    const laid = colours.map((colour) => {
      const around = image.median(colour.values.filter((_, at) => solid[at]));
      return image.mapped(colour, (x, at) => x * of[at] + around * (1 - of[at]));
    });
    return flat(laid) ? [opacity, opacity, opacity] : laid;
  }

  const flat = (colours) => colours.every((colour) => {
    const [low, high] = image.range(colour);
    return high - low <= CONTRAST;
  });

  // Whether what is taken for paper has the colour of most of what lies around the ink.
  function isPaper({ channel, paper: light }, { parts, chosen }) {
    const boxes = chosen.map((part) => parts.boxes[part]);
    const low = [0, 1].map((k) => Math.min(...boxes.map((box) => box[k])));
    const high = [2, 3].map((k) => Math.max(...boxes.map((box) => box[k])) + 1);
    const margin = Math.floor(Math.max(high[0] - low[0], high[1] - low[1]) / 2);
    const [top, left] = low.map((x) => Math.max(0, x - margin));
    const bottom = Math.min(channel.rows, high[0] + margin) - 1;
    const right = Math.min(channel.columns, high[1] + margin) - 1;
    const [around, under, labels] = [channel, light, parts.labels].map((whole) =>
      image.part(whole, top, left, bottom, right).values);
    const inked = new Set(chosen), is = (_, at) => inked.has(labels[at]);
    const prevails = image.median(around);
    const ofPaper = image.median(under.filter(is)), ofInk = image.median(around.filter(is));
    return Math.abs(prevails - ofPaper) < Math.abs(prevails - ofInk);
  }

  // The ink of some parts, with the grey of their outlines.
  function inkOf({ paper: { ink, noise }, found }, parts) {
    const { labels } = found.parts, own = new Set(parts);
    const other = new Set(found.chosen.filter((part) => !own.has(part)));
    const strong = image.mask(labels, (label) => label >= 0 && own.has(label));
    const near = marks.grown(strong, Math.max(2, Math.floor(Math.min(ink.rows, ink.columns) / 100))).values;
    let faint = 0, dark = 0;
    for (let at = 0; at < near.length; at++) {
      if (!near[at]) continue;
      if (other.has(labels.values[at])) near[at] = 0;
      else if (ink.values[at] > CONTRAST) dark++;
      else if (ink.values[at] > 1e-3) faint++;
    }
    const least = Math.max(faint < dark ? 1e-3 : CONTRAST, noise);
    return image.mapped(ink, (x, at) => (near[at] && x > least ? x : 0));
  }

  // Whether several characters stand side by side.
  const several = (seen) => marks.sideBySide(seen.found);

  // The one character as a pattern: 28x28 grey levels, ink 255.
  function patternOf(seen) {
    if (several(seen)) throw new Refusal("several characters side by side");
    const own = marks.together(seen.found.parts, seen.found.chosen), size = sizeOf(seen.found, own);
    if (size < SMALLEST_DIGIT) {
      throw new Refusal(`what is drawn is only ${size} pixels large, of ${SMALLEST_DIGIT} at least`);
    }
    const pattern = normalise.pattern(inkOf(seen, own));
    if (normalise.thickness(pattern) > THICKEST) {
      throw new Refusal("what is drawn is a filled shape and has no strokes");
    }
    return pattern;
  }

  // The lines of digits, made level: fields of 32 rows, one after the other.
  function fieldsOf(seen) {
    const { parts, chosen } = seen.found;
    return lines.linesOf(parts, chosen).map((line) => {
      const slope = lines.slopeOf(line.map((part) => parts.boxes[part]));
      const inks = lines.charactersOf(parts, line).map((character) =>
        lines.levelled(inkOf(seen, character), slope));
      return normalise.line(lines.spaced(inks));
    });
  }

  return { drawn, written, several, inkOf, patternOf, fieldsOf };
})();
