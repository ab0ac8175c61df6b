"""The network in the browser says what Python's says: every state, every pattern, every string."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

pytest.importorskip("playwright", reason='the browser needs playwright: pip install ".[test]"')

from playwright.sync_api import sync_playwright

from paper_lenet5 import LeNet5, doubt, eager, pictures, preprocess
from paper_lenet5.demo import changes, engine
from paper_lenet5.demo.digits import digits
from paper_lenet5.modern import ModernNet
from paper_lenet5.patterns import generator
from paper_lenet5.pictures import files
from paper_lenet5.pictures.normalise import normalise_line
from paper_lenet5.pretrained import WEIGHTS
from paper_lenet5.reading import characters_in, read_line, read_string
from paper_lenet5.recipe import Recipe
from paper_lenet5.strings import SECTION_VII, string_fields
from paper_lenet5.verdict import verdict
from reproduce.measures import scenes
from tests import ROOT
from tests.conftest import filled_six
from tests.doubles.demo_server import CHROMIUM, OPTIONS

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason=f"no {CHROMIUM}: apt-get install chromium"
)
LAYERS = ["c1", "s2", "c3", "s4", "c5", "f6"]
CODING = """
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const coded = (array) => {
  let text = "";
  const all = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  for (let k = 0; k < all.length; k += 8192) text += String.fromCharCode(...all.subarray(k, k + 8192));
  return btoa(text);
};
const said = (act) => {
  try { return act(); } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.message;
  }
};
"""


def coded(array) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def decoded(text: str, kind=np.float32) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


@pytest.fixture(scope="module")
def page():
    """An empty page with the scripts, and the weights of both networks that they know."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        page = browser.new_page()
        weights = {
            name: coded(np.frombuffer((WEIGHTS / f"{name}.safetensors").read_bytes(), np.uint8))
            for name in ("lenet5-1998-distortions", "lenet5-sdnn", "modern-distortions")
        }
        page.add_script_tag(content=engine.script() + CODING)
        page.evaluate(
            """weights => { for (const [name, text] of Object.entries(weights)) {
                 weights[name] = network.load(bytes(text).buffer);
               }
               window.weights = weights; }""",
            weights,
        )
        yield page
        browser.close()


STATES = """([name, fields, columns]) => {
  fields = bytes(fields);
  const all = [];
  for (let at = 0; at < fields.length; at += 32 * columns) {
    const states = network.states(weights[name], fields.subarray(at, at + 32 * columns));
    all.push({
      penalties: network.penalties(weights[name], states.f6),
      ...Object.fromEntries(Object.entries(states).map(([name, { values }]) => [name, coded(values)])),
    });
  }
  return all;
}"""


def test_a_thousand_digits_have_pythons_states_and_penalties(page, mnist_test):
    network = LeNet5.from_pretrained("lenet5-1998-distortions")
    images = mnist_test[0][:1000]
    fields = torch.nn.functional.pad(images, [2] * 4)
    for start in range(0, len(images), 250):
        of = slice(start, start + 250)
        seen = page.evaluate(STATES, ["lenet5-1998-distortions", coded(fields[of].numpy()), 32])
        with torch.inference_mode():
            states = network.states(preprocess(images[of]))
            penalties = network.rbf(states["f6"]).view(-1, 10)
        for name in LAYERS:
            own = np.stack([decoded(one[name]) for one in seen])
            np.testing.assert_allclose(own, states[name].flatten(1).numpy(), rtol=0, atol=1e-5)
        own = np.array([one["penalties"][0] for one in seen])
        np.testing.assert_allclose(own, penalties.numpy(), rtol=1e-6, atol=1e-4)


def test_two_hundred_strings_are_read_as_python_reads_them(page, mnist_test):
    network = LeNet5.from_pretrained("lenet5-sdnn")
    rng = torch.Generator().manual_seed(7)
    low, high = SECTION_VII.separation
    for characters in (1, 2, 3, 5):
        chosen = torch.randint(10_000, (50, characters), generator=rng)
        apart = torch.randint(low, high + 1, (50, characters - 1), generator=rng)
        shift = torch.randint(-2, 3, (50,), generator=rng)
        fields, _ = string_fields(mnist_test[0], chosen, apart, shift)
        seen = page.evaluate(STATES, ["lenet5-sdnn", coded(fields.numpy()), fields.shape[2]])
        with torch.inference_mode():
            penalties = network(preprocess(fields)).view(50, 11, -1)
        read = page.evaluate("all => all.map(reading.string)", [one["penalties"] for one in seen])
        for one, theirs, reading in zip(seen, penalties, read, strict=True):
            own = np.array(one["penalties"]).T
            np.testing.assert_allclose(own, theirs.numpy(), rtol=1e-6, atol=1e-4)
            expected = read_string(theirs)
            assert (reading["text"], tuple(reading["labels"])) == (expected.text, expected.labels)
            assert reading["cost"] == pytest.approx(expected.cost, abs=1e-3)


LINE = """(field) => {
  field = bytes(field);
  const [sweep, ofDigits] = ["lenet5-sdnn", "lenet5-1998-distortions"].map((name) =>
    network.penalties(weights[name], network.states(weights[name], field).f6));
  return { ...reading.line(field, sweep, ofDigits), found: reading.charactersIn(field) };
}"""


def test_lines_are_read_as_python_reads_them(page, mnist_test):
    reader, single = (LeNet5.from_pretrained(f"lenet5-{n}") for n in ("sdnn", "1998-distortions"))
    rng, kinds, heard = np.random.default_rng(8), set(), False
    record = ROOT / "results/runs/lenet5-1998-distortions-seed0.json"
    missed = [int(k) for k in json.loads(record.read_text(encoding="utf-8"))["wrong_answers"]]
    for apart in np.repeat([6, 1, -2], 10):  # the last let neighbours touch
        picked = [*rng.choice(missed, 2), *rng.integers(10_000, size=2)]
        several = [mnist_test[0][k].numpy() for k in picked]
        several = [image[:, image.any(0)] for image in several]
        ink, left = np.zeros((28, 120)), 2
        for image in several:
            over = ink[:, left : left + image.shape[1]]
            np.maximum(over, image / 255, out=over)
            left += image.shape[1] + apart
        field = normalise_line(ink)
        own = page.evaluate(LINE, coded(field.numpy()))
        with torch.inference_mode():
            both = [network(preprocess(field[None]))[0] for network in (reader, single)]
        expected = read_line(field, *both)
        assert own["found"] == [list(of) for of in characters_in(field)]
        assert (own["text"], tuple(own["labels"])) == (expected.text, expected.labels)
        assert own["cost"] == pytest.approx(expected.cost, rel=1e-4)
        kinds |= {first == last for first, last in own["found"]}
        alone = both[1].argmin(0).flatten().tolist()
        heard |= any(alone[k] != own["labels"][k] for k, last in own["found"] if k == last)
    assert kinds == {True, False}, "by themselves, and touching"
    assert heard, "a digit of which both networks together say another than the one alone"


def test_verdicts_are_pythons(page):
    rng = np.random.default_rng(3)
    several = [list(rng.uniform(0, high, 10)) for high in (5, 20, 40, 100) for _ in range(100)]
    several += [[least, *[90.0] * 9] for least in (9.9, 10.1, 20.8, 21.0, 25.7, 25.9)]
    doubts = [list(rng.normal(-1, 1, 10)) for _ in several[:-6]] + [[-1.5] * 10] * 6
    for doubted in (False, True):
        kinds = set()
        given = [[one, of if doubted else None] for one, of in zip(several, doubts, strict=True)]
        said = page.evaluate("all => all.map(([penalties, of]) => verdict(penalties, of))", given)
        for own, (penalties, of) in zip(said, given, strict=True):
            closest = int(np.argmin(penalties))
            theirs = verdict(torch.tensor(penalties, dtype=torch.float64), of and of[closest])
            assert (own["closest"], own["certainty"]) == (theirs.closest, theirs.certainty.value)
            assert own["margin"] == pytest.approx(theirs.margin)
            assert own["posterior"] == pytest.approx(theirs.posterior)
            kinds.add(own["certainty"])
        assert kinds == {"sure", "probable", "none"}


DOUBTED = """fields => {
  const all = [], of = weights["lenet5-1998-distortions"];
  fields = bytes(fields);
  for (let at = 0; at < fields.length; at += 1024) {
    all.push(doubt(network.states(of, fields.subarray(at, at + 1024))));
  }
  return all;
}"""


def test_what_speaks_against_each_digit_is_pythons(page, mnist_test):
    network = LeNet5.from_pretrained("lenet5-1998-distortions")
    digits = mnist_test[0][:40]
    images = torch.cat([digits, digits.rot90(1, (1, 2))])
    own = np.array(page.evaluate(DOUBTED, coded(torch.nn.functional.pad(images, [2] * 4).numpy())))
    with torch.inference_mode():
        states, units = network.states(preprocess(images)), doubt.units_of(network)
        for digit in range(10):
            theirs = doubt.doubts(units, states, torch.full((len(images),), digit))
            np.testing.assert_allclose(own[:, digit], theirs.numpy(), rtol=0, atol=1e-3)
    assert (own > 0).any()
    assert (own < 0).any()


CHANGED = """([fields, several, order]) => {
  fields = bytes(fields);
  order = new Float32Array(bytes(order).buffer);
  const all = [];
  for (let at = 0; at < fields.length; at += 1024) {
    const input = network.inputOf(fields.subarray(at, at + 1024));
    for (const settings of several) {
      const changed = changes.changed(input, settings, order);
      const { f6 } = network.statesOf(weights["lenet5-1998-distortions"], changed);
      const [penalties] = network.penalties(weights["lenet5-1998-distortions"], f6);
      const scores = modern.scores(weights["modern-distortions"], changed);
      all.push({ input: coded(changed), penalties, scores, shares: modern.shares(scores) });
    }
  }
  return all;
}"""


def test_changed_digits_and_both_networks_answers_are_pythons(page, mnist_test):
    same = {name: slider.same for name, slider in changes.SLIDERS.items()}
    several = [same, {"noise": 12.5, "rotation": -35.0, "scale": 0.7, "shift": 3.75}]
    several += [same | {name: slider.high} for name, slider in changes.SLIDERS.items()]
    images = mnist_test[0][:25]
    order = coded(changes.order().numpy())
    fields = torch.nn.functional.pad(images, [2] * 4)
    seen = page.evaluate(CHANGED, [coded(fields.numpy()), several, order])
    then, now = (
        LeNet5.from_pretrained("lenet5-1998-distortions"),
        ModernNet.from_pretrained("modern-distortions"),
    )
    with torch.inference_mode():
        inputs = torch.cat([changes.changed(x[None], several) for x in preprocess(images)])
        penalties, scores = then(inputs), now(inputs)
    own = np.stack([decoded(one["input"]) for one in seen])
    np.testing.assert_allclose(own, inputs.flatten(1).numpy(), rtol=0, atol=2e-5)
    for name, theirs, within in (
        ("penalties", penalties, 2e-3), ("scores", scores, 1e-3), ("shares", scores.softmax(1), 1e-4),
    ):  # fmt: skip
        own = np.array([one[name] for one in seen])
        np.testing.assert_allclose(own, theirs.numpy(), rtol=0, atol=within)


TRAINED = """([tensors, fields, labels, sdlm, options]) => {
  fields = bytes(fields);
  const inputs = Array.from(labels, (_, k) =>
    network.inputOf(fields.subarray(1024 * k, 1024 * (k + 1))));
  const values = Object.fromEntries(Object.entries(tensors).map(([name, text]) =>
    [name, new Float32Array(bytes(text).buffer)]));
  const net = training.begun(values, values["rbf.centers"]), errors = [];
  for (let pass = 0; pass < 2; pass++) {
    if (sdlm) training.estimate(net, inputs.slice(20 * pass, 20 * pass + 20), options);
    const isWrong = (label, k) => training.learn(net, inputs[k], label, options) !== label;
    errors.push(labels.filter(isWrong).length);
  }
  const all = ({ parts }) =>
    Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, coded(part)]));
  return { errors, weights: all(net.weights), curvature: all(net.curvature) };
}"""


@pytest.mark.parametrize("sdlm", [True, False])
def test_a_network_is_trained_as_in_python(page, sdlm):
    recipe = Recipe(optimizer="sdlm" if sdlm else "sgd", schedule=(0.0005, 0.0005))
    known = digits()
    images, labels = known.images[:60], torch.tensor([d.label for d in known.digits[:60]])
    inputs = preprocess(images)
    model = recipe.build(generator(5, "parameters"))
    first = {name: coded(tensor.numpy()) for name, tensor in model.state_dict().items()}
    optimizer = recipe.build_optimizer(model)
    errors, kept = [], {}
    for number in (1, 2):
        if sdlm:
            some = slice(20 * number - 20, 20 * number)
            new = eager.diagonal_curvature(
                model, inputs[some], labels[some], recipe.loss, recipe.output_curvature
            )
            kept = {
                name: recipe.remembered(kept.get(name, h), h, number) for name, h in new.items()
            }
            optimizer.set_curvature(kept)
        errors.append(
            eager.train_one_pass(model, optimizer, recipe.loss, inputs, labels, torch.arange(60))
        )
    fields = torch.nn.functional.pad(images, [2] * 4)
    options = {"j": recipe.loss.j, "rate": 0.0005, "eta": 0.0005, "mu": recipe.mu,
               "outputCurvature": recipe.output_curvature}  # fmt: skip
    own = page.evaluate(TRAINED, [first, coded(fields.numpy()), labels.tolist(), sdlm, options])
    assert own["errors"] == errors
    for name, p in model.named_parameters():
        trained = decoded(own["weights"][name])
        np.testing.assert_allclose(trained, p.detach().flatten().numpy(), rtol=0, atol=1e-4)
        assert (trained != decoded(first[name])).any()
        if sdlm:
            h = kept[name].flatten().numpy()
            np.testing.assert_allclose(decoded(own["curvature"][name]), h, rtol=1e-3, atol=1e-6)


# --- pictures ---------------------------------------------------------------------------------------

DRAWN = """([lines, width]) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 324;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "white";
  pen.fillRect(0, 0, 324, 324);
  pen.lineWidth = width;
  pen.lineCap = pen.lineJoin = "round";
  for (const [first, ...others] of lines) {
    pen.beginPath();
    pen.moveTo(...first);
    for (const point of others) pen.lineTo(...point);
    pen.stroke();
  }
  const pixels = pen.getImageData(0, 0, 324, 324).data;
  const blank = { rows: 324, columns: 324, values: new Float32Array(324 * 324) };
  const ink = image.mapped(blank, (_, at) => 1 - Math.fround(pixels[4 * at] / 255));
  return {
    png: canvas.toDataURL("image/png"),
    pattern: said(() => [coded(pictures.patternOf(pictures.drawn(ink)))]),
    fields: said(() => pictures.fieldsOf(pictures.drawn(ink)).map(coded)),
  };
}"""
DIGITS = [  # in a box of 1x1
    [[(.5, 0), (.1, .15), (0, .5), (.15, .9), (.5, 1), (.85, .9), (1, .5), (.85, .1), (.5, 0)]],
    [[(.5, 0), (.5, 1)]], [[(0, .2), (.5, 0), (1, .3), (0, 1), (1, 1)]],
    [[(0, 0), (1, 0), (.4, .4), (1, .7), (.5, 1), (0, .9)]],
    [[(.2, 0), (0, .6), (1, .6)], [(.8, .1), (.8, 1)]],
    [[(1, 0), (.1, 0), (.05, .45), (.7, .4), (1, .7), (.6, 1), (0, .95)]],
    [[(.8, 0), (.1, .5), (.1, .9), (.6, 1), (.9, .7), (.5, .5), (.1, .7)]],
    [[(0, 0), (1, 0), (.4, 1)], [(.3, .5), (.9, .5)]],
    [[(.5, .5), (.1, .2), (.5, 0), (.9, .2), (.1, .8), (.5, 1), (.9, .8), (.5, .5)]],
    [[(.9, .3), (.5, .5), (.1, .3), (.5, 0), (.9, .2), (.8, 1)]],
]  # fmt: skip


def drawings(n: int) -> list[tuple[list, int]]:
    """Lines and the width of their pen: digits of all sizes, by one or more, with dots, at the edge."""
    rng = np.random.default_rng(11)
    several = []
    for number in range(n):
        lines = []
        count = int(rng.integers(1, 5)) if number % 3 == 0 else 1
        across = 280 / count
        for place in range(count):
            size = rng.uniform(0.25, 0.9) * np.array([across, 280])
            corner = 22 + np.array([place * across, 0])
            corner = corner + rng.uniform(0, 1, 2) * (np.array([across, 280]) - size)
            for line in DIGITS[int(rng.integers(10))]:
                lines.append(
                    (corner + size * (line + rng.normal(0, 0.03, (len(line), 2)))).tolist()
                )
        if number % 5 == 0:
            speck = rng.uniform(0, 324, 2)
            lines.append([speck.tolist(), (speck + 1).tolist()])
        several.append((lines, int(rng.choice([4, 9, 14, 22, 30]))))
    return several


def python_of(act) -> object:
    """What it gives, or the sentence with which it refuses."""
    try:
        return act()
    except ValueError as error:
        return str(error)


def same(own: object, theirs: object) -> bool:
    """Whether both refuse in the same words, or see the same to a grey level here and there."""
    if isinstance(own, str) or isinstance(theirs, str):
        return own == theirs
    if len(own) != len(theirs):
        return False
    pairs = [
        (decoded(field, np.uint8).astype(int), other.numpy().ravel().astype(int))
        for field, other in zip(own, theirs, strict=True)
    ]
    return all(a.shape == b.shape and np.abs(a - b).max() <= 1 for a, b in pairs)


def test_drawings_become_the_patterns_and_fields_that_python_makes_of_them(page):
    refused, lines = set(), 0
    for drawing in drawings(60):
        own = page.evaluate(DRAWN, drawing)
        content = base64.b64decode(own["png"].split(",")[1])
        pattern = python_of(lambda content=content: [pictures.read_picture(content)])
        fields = python_of(lambda content=content: pictures.read_lines(content))
        assert same(own["pattern"], pattern), (own["pattern"], pattern)
        assert same(own["fields"], fields), (own["fields"], fields)
        refused |= {pattern} if isinstance(pattern, str) else set()
        lines += isinstance(fields, list) and any(field.shape[1] > 60 for field in fields)
    assert "several characters side by side" in refused
    assert lines > 4


WRITTEN = """([pixels, rows, columns]) => {
  const seen = said(() => pictures.written(bytes(pixels), rows, columns));
  return typeof seen === "string" ? { pattern: seen, fields: seen } : {
    pattern: said(() => [coded(pictures.patternOf(seen))]),
    fields: said(() => pictures.fieldsOf(seen).map(coded)),
  };
}"""


def seen_alike(page, picture) -> bool:
    """Whether the browser makes the pattern and the fields of it that Python makes."""
    pixels = (255 * files.pixels(picture)).round()
    rows, columns, _ = pixels.shape
    own = page.evaluate(WRITTEN, [coded(pixels.astype(np.uint8)), rows, columns])
    seen = python_of(lambda: pictures.written(pixels.astype(np.float32) / 255))
    pattern = seen if isinstance(seen, str) else python_of(lambda: [pictures.pattern_of(seen)])
    fields = seen if isinstance(seen, str) else python_of(lambda: pictures.fields_of(seen))
    return same(own["pattern"], pattern) and same(own["fields"], fields)


@pytest.mark.parametrize("place", range(len(scenes.CONDITIONS)))
def test_pictures_of_every_kind_become_what_python_makes_of_them(page, mnist_test, place):
    condition = scenes.CONDITIONS[place]
    index = 7 * place + 1
    pattern = mnist_test[0][index].numpy()
    digit = scenes.Digit(index, int(mnist_test[1][index]), pattern, scenes.skeleton(pattern))
    picture = condition.picture(digit, np.random.default_rng(place))
    assert seen_alike(page, picture), condition.title


def test_a_dash_and_a_dot_are_refused_by_name(page):
    dash = [[[80, 160], [240, 160]]]
    picture = Image.new("L", (324, 324), 255)
    ImageDraw.Draw(picture).line([(80, 160), (240, 160)], 0, 14)
    assert seen_alike(page, picture)
    for lines in (dash, [*dash, [[80, 230], [240, 230]]]):
        assert "as flat as a dash" in page.evaluate(DRAWN, [lines, 9])["pattern"]
    dot = page.evaluate(DRAWN, [[[[160, 160], [160.01, 160]]], 4])
    assert dot["pattern"] == "what is drawn is no larger than a dot"


def test_a_filled_digit_becomes_what_python_makes_of_it(page):
    assert seen_alike(page, filled_six())
