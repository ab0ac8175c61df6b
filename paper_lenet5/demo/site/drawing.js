// A drawing: lines of points [x, y], whole pixels of a pad of 280x280; as ink, and as letters of an address.
const drawing = (() => {
  const SIDE = 280, LINE = 22;
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

  const PEN = 0.135; // of the height of what is drawn: as thick beside it as most of MNIST's strokes

  function paint(pen, lines, colour, width = LINE) {
    pen.lineWidth = width;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = colour;
    for (const points of lines) {
      pen.beginPath();
      pen.moveTo(...points[0]);
      for (const point of points) pen.lineTo(...point);
      pen.lineTo(points.at(-1)[0] + 0.01, points.at(-1)[1]);
      pen.stroke();
    }
  }

  const sheet = document.createElement("canvas");
  sheet.width = sheet.height = SIDE + 2 * LINE;
  const onto = sheet.getContext("2d", { willReadFrequently: true });

  // How wide the pen is that draws it again: small digits would run together in one as broad as on the pad.
  function penFor(lines) {
    const [across, down] = [0, 1].map((axis) => {
      const places = lines.flatMap((points) => points.map((point) => point[axis]));
      return Math.max(...places) - Math.min(...places);
    });
    return image.clip(PEN * Math.max(down, across / 3), 4, 2 * LINE - 4);
  }

  // With paper around, so that a line at the pad's edge is not taken for one that the edge cuts off.
  function inkOf(lines) {
    const { width: columns, height: rows } = sheet;
    onto.setTransform(1, 0, 0, 1, 0, 0);
    onto.fillStyle = "white";
    onto.fillRect(0, 0, columns, rows);
    onto.translate(LINE, LINE);
    paint(onto, lines, "black", penFor(lines));
    const pixels = onto.getImageData(0, 0, columns, rows).data;
    const blank = { rows, columns, values: new Float32Array(rows * columns) };
    return image.mapped(blank, (_, at) => 1 - Math.fround(pixels[4 * at] / 255));
  }

  // Three letters a point, a dot between lines.
  const written = (lines) => lines.map((points) => points.map(([x, y]) => {
    const number = y * (SIDE + 1) + x;
    return LETTERS[number >> 12] + LETTERS[(number >> 6) & 63] + LETTERS[number & 63];
  }).join("")).join(".");

  // The lines in such letters; none for anything else.
  function read(letters) {
    if (!/^[\w-]{3}[\w.-]*$/.test(letters)) return [];
    return letters.split(".").map((line) => line.match(/.../g)?.map((three) => {
      const [a, b, c] = [...three].map((letter) => LETTERS.indexOf(letter));
      const number = (a << 12) + (b << 6) + c;
      return [number % (SIDE + 1), Math.min(SIDE, Math.floor(number / (SIDE + 1)))];
    })).filter((points) => points?.length);
  }

  const arc = (x, y, across, down, from, to) => Array.from({ length: 19 }, (_, k) => {
    const angle = ((from + ((to - from) * k) / 18) * Math.PI) / 180;
    return [Math.round(x + across * Math.cos(angle)), Math.round(y + down * Math.sin(angle))];
  });

  // What draws itself while nobody does; below it there is room for the hint.
  const OWN = [
    [[...arc(134, 89, 46, 41, 205, 440), ...arc(134, 169, 53, 46, -88, 155)]],
    [[[116, 49], [111, 83], [104, 118], [97, 148], [123, 149], [157, 148], [198, 146]],
     [[168, 85], [166, 126], [163, 169], [161, 211]]],
    [[...arc(140, 92, 48, 45, 190, 395), [149, 148], [114, 182], [90, 202], [131, 200], [197, 200]]],
  ];

  return { SIDE, LINE, OWN, paint, inkOf, written, read };
})();
