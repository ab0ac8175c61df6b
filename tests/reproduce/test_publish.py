"""`python -m reproduce.publish`, to a double of the Hub (tests/doubles/hub_double.py)."""

import hashlib
import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from huggingface_hub import ModelCard, SpaceCard, constants
from PIL import Image

from paper_lenet5 import LeNet5, mnist, preprocess
from paper_lenet5.pictures import read_picture
from reproduce import publish
from reproduce.measures.statistics import error_of, percent
from reproduce.running.runs import Runs, recorded
from reproduce.writing import cards, space
from reproduce.writing.cards import PUBLISHED, TAG
from tests import ROOT
from tests.conftest import MNIST, draw_digits

RUNS = Runs(ROOT / "results")
SOURCE = "https://example.org/lenet"
FOR_TRANSFORMERS = {"modeling_lenet5.py", "preprocessor_config.json"}
READY = [network for network in PUBLISHED if network.row.name in network.kind.shipped]
by_network = pytest.mark.parametrize("network", READY, ids=lambda network: network.repo)


@pytest.fixture
def tree(tmp_path):
    """A tree with a stand-in for the demo."""
    (tmp_path / "tree/paper_lenet5/__pycache__").mkdir(parents=True)
    (tmp_path / "tree/app.py").write_text("print('draw a digit')\n", encoding="utf-8")
    (tmp_path / "tree/requirements.txt").write_text("torch\n", encoding="utf-8")
    (tmp_path / "tree/paper_lenet5/__init__.py").write_text(
        '"""The package."""\n', encoding="utf-8"
    )
    (tmp_path / "tree/paper_lenet5/__pycache__/__init__.pyc").write_bytes(b"\0")
    return tmp_path / "tree"


@pytest.fixture
def command(tree, monkeypatch, capsys):
    """Runs the command on what can be published today; returns its exit code and what it prints."""
    monkeypatch.setattr(publish, "PUBLISHED", READY)

    def run(*options):
        asked = ["--namespace", "someone", "--source", SOURCE, "--tree", str(tree), *options]
        code = publish.main(asked)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def commits(hub):
    return {name: len(repo["commits"]) for (_, name), repo in hub.repos.items()}


# --- all of it ------------------------------------------------------------------------------------


def test_everything_is_published_and_tagged(hub, command):
    code, printed, _ = command()
    assert code == 0
    assert set(hub.repos) == {("space", "someone/lenet5")} | {
        ("model", f"someone/{network.repo}") for network in READY
    }
    for repo in hub.repos.values():
        assert repo["tags"] == {TAG: repo["commits"][-1][0]}
        assert not repo["private"]
    assert printed.count(f"tag {TAG}") == len(hub.repos)
    files = hub.repos["space", "someone/lenet5"]["commits"][-1][1]
    assert set(files) == {"README.md", "app.py", "requirements.txt", "paper_lenet5/__init__.py"}


def test_trajectories_are_a_repository_beside_the_networks(hub, command, tmp_path):
    folder = tmp_path / "trajectories"
    folder.mkdir()
    (folder / "lenet5-1998-seed0.safetensors").write_bytes(b"moments")
    code, _, _ = command("--trajectories", str(folder))
    assert code == 0
    ((_, files),) = hub.repos["model", f"someone/{publish.TRAJECTORIES}"]["commits"][-1:]
    assert set(files) == {"lenet5-1998-seed0.safetensors"}
    about = hub.repos["space", "someone/lenet5"]["commits"][-1][1]["README.md"]
    assert publish.TRAJECTORIES.encode() not in about, "the demo needs no trajectories"


def test_the_weights_on_the_hub_are_those_of_the_record(hub, command):
    command()
    for network in READY:
        files = hub.repos["model", f"someone/{network.repo}"]["commits"][-1][1]
        of_all = {"README.md", "config.json", "model.safetensors", "onnx/model.onnx"}
        assert set(files) == of_all | (set() if network.strings else FOR_TRANSFORMERS)
        sha256 = recorded(network.row, RUNS)[0]["weights_sha256"]
        assert files["model.safetensors"]["oid"] == sha256
        assert json.loads(files["config.json"]["data"])["weights_sha256"] == sha256


def test_publishing_again_makes_no_commit(hub, command):
    command()
    before = commits(hub)
    code, printed, _ = command()
    assert code == 0
    assert commits(hub) == before
    assert printed.count("no change") == len(hub.repos)


def test_private_repositories_are_private(hub, command):
    command("--private")
    assert all(repo["private"] for repo in hub.repos.values())
    assert "stays private" in command()[1]


def test_what_changed_is_sent_and_the_old_tag_stays(hub, command, tree):
    command()
    (tree / "app.py").write_text("print('draw two')\n", encoding="utf-8")
    code, printed, _ = command()
    assert code == 0
    assert commits(hub)["someone/lenet5"] == 3, "the empty one, the first, the second"
    assert "raise the version" in printed
    space = hub.repos["space", "someone/lenet5"]
    assert space["tags"][TAG] == space["commits"][1][0]


def test_what_is_gone_from_the_demo_is_gone_from_the_space(hub, command, tree):
    (tree / "paper_lenet5/demo").mkdir()
    (tree / "paper_lenet5/demo/old.py").write_text("", encoding="utf-8")
    command()
    (tree / "paper_lenet5/demo/old.py").unlink()
    command()
    assert "paper_lenet5/demo/old.py" not in hub.repos["space", "someone/lenet5"]["commits"][-1][1]


def test_a_fresh_process_loads_what_the_card_says(hub, command, tmp_path, mnist_test):
    """As a user does: the `hf` command, then the code of the card, then the test set."""
    command()
    environment = os.environ | {
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        mnist.VARIABLE: str(MNIST),
    }
    del environment["HF_TOKEN"]

    def run(*arguments):
        done = subprocess.run(
            arguments, env=environment, cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    hf = str(Path(sys.executable).with_name("hf"))
    run(hf, "download", "someone/lenet5-1998", "--revision", TAG, "--local-dir", "downloaded")
    weights = (tmp_path / "downloaded/model.safetensors").read_bytes()
    assert hashlib.sha256(weights).hexdigest() == LeNet5.shipped["lenet5-1998"]

    Image.fromarray(draw_digits(1)[0][0].numpy()).save(tmp_path / "digit.png")
    card = (tmp_path / "downloaded/README.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", card, re.S)[0]
    printed = run(sys.executable, "-c", code + """
import torch
from paper_lenet5 import load_mnist
torch.set_num_threads(1)
images, labels = load_mnist("test")
answers = torch.cat([model.classify(preprocess(some)) for some in images.split(1000)])
print(int((answers != labels).sum()))
""")  # fmt: skip
    label, errors = printed.split()
    assert label in "0123456789"
    assert int(errors) == recorded(READY[0].row, RUNS)[0]["test_errors"]
    assert f"{errors} of 10,000" in card


# --- the card -------------------------------------------------------------------------------------


@by_network
def test_the_numbers_of_the_card_are_those_of_the_records(network, tmp_path):
    records = recorded(network.row, RUNS)
    cards.model_folder(network, "someone", SOURCE, RUNS, tmp_path)
    card = ModelCard.load(tmp_path / "README.md")
    assert card.data.license == "mit"
    assert {"mnist", "lenet"} <= {*card.data.tags}
    results = {result.metric_type: result for result in card.data.eval_results}
    over_seeds = error_of(records)
    assert results["test_error"].metric_value == pytest.approx(percent(records[0]))
    assert results["accuracy"].metric_value == pytest.approx(100 - percent(records[0]))
    mean = results["test_error_mean"]
    assert mean.metric_value == pytest.approx(over_seeds["test_error"], abs=1e-4)
    assert mean.metric_args["n"] == len(records)
    for name in ("test_sd", "ci_low", "ci_high"):
        assert mean.metric_args[name] == pytest.approx(over_seeds[name], abs=1e-4)
    spread = "{test_error:.3f} ± {test_sd:.3f} %, 95 % interval {ci_low:.3f} … {ci_high:.3f}"
    assert spread.format(**over_seeds) in card.text
    error, missed = percent(records[0]), records[0]["test_errors"]
    assert f"**{error:.2f} %**, {missed} of 10,000 patterns" in card.text
    train_error = 100 * records[0]["train_errors"] / 60_000
    assert f"| error on the training set | {train_error:.2f} % |" in card.text
    assert f"{records[0]['parameters']:,}" in card.text
    (recipe,) = re.findall(r"```json\n(.*?)```", card.text, re.S)
    assert json.loads(recipe) == records[0]["recipe"]


def test_a_stranger_can_act_on_the_card(tmp_path):
    cards.model_folder(READY[0], "someone", SOURCE, RUNS, tmp_path)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert f"[Code]({SOURCE})" in text
    assert f'```sh\npip install "paper-lenet5 @ git+{SOURCE}"\n```' in text
    for link in ("doi.org/10.1109/5.726791", "huggingface.co/spaces/someone/lenet5"):
        assert f"](https://{link})" in text
    for other in READY[1:]:
        assert f"](https://huggingface.co/someone/{other.repo})" in text
    assert f"](https://huggingface.co/someone/{READY[0].repo})" not in text


def test_a_network_has_one_name():
    for network in PUBLISHED:
        assert network.repo == network.row.name
        assert network.repo in network.kind.shipped


@by_network
def test_the_onnx_file_says_what_goes_in_and_what_comes_out(network, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    cards.model_folder(network, "someone", SOURCE, RUNS, tmp_path)
    session = onnxruntime.InferenceSession(tmp_path / "onnx/model.onnx")
    about = session.get_modelmeta().custom_metadata_map
    assert about["weights_sha256"] == network.kind.shipped[network.row.name]
    assert (float(about["paper"]), float(about["ink"])) == (-0.1, 1.175)
    images, _ = draw_digits(20)
    fields = preprocess(images)
    model = network.kind.from_pretrained(network.row.name)
    (scores,) = session.run(None, {"field": fields.numpy()})
    assert scores.shape == (20, len(json.loads(about["classes"])))
    with torch.no_grad():
        torch.testing.assert_close(torch.from_numpy(scores), model(fields), rtol=1e-4, atol=1e-4)
    assert about["answer"] == ("smallest" if network.smallest else "largest")
    assert session.get_outputs()[0].name in (tmp_path / "README.md").read_text(encoding="utf-8")


class Double(torch.nn.Module):
    """Of the classes of transformers that are built upon."""

    def __init__(self, config=None):
        super().__init__()
        self.config = config

    def post_init(self):
        pass


@pytest.mark.parametrize("network", [n for n in READY if not n.strings], ids=lambda n: n.repo)
def test_what_transformers_finds_is_the_network(network, tmp_path, monkeypatch):
    """transformers itself was tried by hand: its pipeline asks for these files and names."""
    cards.model_folder(network, "someone", SOURCE, RUNS, tmp_path)
    for name, words in {
        "transformers": {"PretrainedConfig": object, "PreTrainedModel": Double},
        "transformers.image_processing_utils": {"BaseImageProcessor": object, "BatchFeature": dict},
        "transformers.modeling_outputs": {"ImageClassifierOutput": SimpleNamespace},
    }.items():
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(**words))
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    found = runpy.run_path(str(tmp_path / "modeling_lenet5.py"))
    module, model_class = config["auto_map"]["AutoModelForImageClassification"].split(".")
    assert (tmp_path / f"{module}.py").is_file()
    assert config["auto_map"]["AutoConfig"].split(".")[1] in found
    assert config["id2label"] == {str(k): str(k) for k in range(10)}
    with torch.device("meta"):  # as transformers builds it
        model = found[model_class](SimpleNamespace(architectures=config["architectures"]))
    prefix = found[model_class].base_model_prefix
    own = network.kind.from_pretrained(tmp_path)
    model.load_state_dict({f"{prefix}.{name}": v for name, v in own.state_dict().items()})
    processor = json.loads((tmp_path / "preprocessor_config.json").read_text(encoding="utf-8"))
    assert processor["image_processor_type"] in found
    image = draw_digits(1)[0][0]
    inputs = found["DigitProcessor"]().preprocess(Image.fromarray(image.numpy()))["pixel_values"]
    with torch.no_grad():
        logits = model.eval()(inputs).logits
        scores = own(preprocess(read_picture(Image.fromarray(image.numpy()))[None]))
    torch.testing.assert_close(logits, -scores if network.smallest else scores)


def test_the_card_of_a_single_network_claims_no_spread():
    record = recorded(READY[0].row, RUNS)[0]
    card = cards.card(READY[0], "someone", SOURCE, [record])
    assert "±" not in card.text
    assert "nan" not in str(card)


@pytest.mark.parametrize(("kind", "sdk", "version", "python", "app"), [
    ("gradio", "gradio", space.GRADIO, "3.12", "app.py"),
    ("zerogpu", "gradio", space.GRADIO, "3.12.12", "zerogpu.py"),
    ("static", "static", None, None, "index.html"),
])  # fmt: skip
def test_the_space_says_what_it_runs_on(tree, tmp_path, kind, sdk, version, python, app):
    space.space_folder(kind, "someone", ["lenet5-1998"], SOURCE, tree, tmp_path)
    card = SpaceCard.load(tmp_path / "README.md")
    data = card.data
    assert (data.sdk, data.sdk_version, data.python_version) == (sdk, version, python)
    assert data.app_file == app
    assert (tmp_path / app).is_file()
    assert data.models == ["someone/lenet5-1998"]
    assert len(data.short_description) <= 60
    assert SOURCE in card.text


def test_on_zerogpu_there_is_an_empty_function_and_no_torch_of_ours(tree, tmp_path):
    """Elsewhere there is none: it asks for the package spaces."""
    (tree / "requirements.txt").write_text(
        "--extra-index-url x\ntorch>=2.6\nnumpy>=1.26\n", encoding="utf-8"
    )
    for kind in ("gradio", "zerogpu"):
        space.space_folder(kind, "someone", [], SOURCE, tree, tmp_path / kind)
    assert (tmp_path / "zerogpu/requirements.txt").read_text(encoding="utf-8") == "numpy>=1.26\n"
    modules = (tmp_path / "gradio").rglob("*.py")
    assert not any("spaces" in path.read_text(encoding="utf-8") for path in modules)


def test_the_program_of_zerogpu_decorates_its_function_and_then_is_the_demo(tree, tmp_path):
    """Run with a module that does what the package spaces does where there is no ZeroGPU."""
    space.space_folder("zerogpu", "someone", [], SOURCE, tree, tmp_path)
    (tmp_path / "spaces.py").write_text(
        "def GPU(task):\n    print('for', task.__name__)\n    return task\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "zerogpu.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "for nothing\ndraw a digit\n"


def test_the_static_space_is_the_page_that_needs_no_server(tree, tmp_path):
    folder = tmp_path / "space"
    space.space_folder("static", "Some_one", [], SOURCE, tree, folder)
    assert not [*folder.rglob("*.py")]
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "https://some-one-lenet5.static.hf.space/card.png" in page


def test_the_space_needs_what_the_package_needs():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (block,) = re.findall(r"^dependencies = \[(.*?)\]", project, re.S | re.M)
    needed = re.findall(r'"(.*?)"', block)
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line[0] not in "#-"] == needed


# --- what is not there yet ------------------------------------------------------------------------


def test_without_the_demo_the_models_are_published_and_it_is_said(hub, command, tree):
    (tree / "app.py").unlink()
    code, printed, _ = command()
    assert code == 1
    assert "there is no app.py" in printed
    assert {kind for kind, _ in hub.repos} == {"model"}


def test_a_network_that_is_not_trained_yet_is_named(hub, command, monkeypatch):
    waiting = cards.Published(cards.LENET5, cards.ModernNet, "")
    monkeypatch.setattr(publish, "PUBLISHED", [waiting])
    code, printed, _ = command()
    assert code == 1
    assert "someone/lenet5-1998: cannot be published, there are no weights" in printed
    assert {kind for kind, _ in hub.repos} == {"space"}


def test_weights_that_are_not_those_of_the_record_are_not_published(tmp_path, monkeypatch):
    monkeypatch.setattr(LeNet5, "shipped", {READY[0].row.name: "0" * 64})
    with pytest.raises(cards.NotReady, match="not those of lenet5-1998-seed0"):
        cards.model_folder(READY[0], "someone", SOURCE, RUNS, tmp_path)


def test_a_dry_run_sends_nothing(hub, command, tmp_path):
    code, printed, _ = command("--dry-run", "--out", str(tmp_path / "out"))
    assert code == 0
    assert hub.log == []
    assert "model someone/lenet5-1998: would be sent" in printed
    folder = tmp_path / "out/models/lenet5-1998"
    assert {path.name for path in folder.iterdir()} == {
        "README.md", "config.json", "model.safetensors", "onnx", *FOR_TRANSFORMERS
    }  # fmt: skip
    assert LeNet5.from_pretrained(folder).config == LeNet5.from_pretrained().config
    assert {path.name for path in (tmp_path / "out/spaces").iterdir()} == {*space.KINDS}
    assert (tmp_path / "out/spaces/gradio/app.py").exists()


def test_a_folder_for_github_pages_is_written_as_well(hub, command, tmp_path):
    command("--space", "none", "--pages", str(tmp_path / "pages"))
    assert {"index.html", ".nojekyll"} <= {path.name for path in (tmp_path / "pages").iterdir()}
    assert not any(kind == "space" for kind, _ in hub.repos)


@pytest.mark.parametrize("source", ["", "nowhere", "github.com/a/b", "https://github.com"])
def test_a_source_that_is_no_address_is_refused(command, source, capsys):
    with pytest.raises(SystemExit):
        command("--source", source)
    assert "--source must be" in capsys.readouterr().err


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (None, "there is no token"),
        ("hf_stolen", "does not know the token"),
        ("hf_read", "may only read"),
    ],
)
def test_without_a_token_that_may_write_nothing_is_sent(token, words, hub, command, monkeypatch):
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", "/nowhere")
    monkeypatch.delenv("HF_TOKEN") if token is None else monkeypatch.setenv("HF_TOKEN", token)
    code, _, complaint = command()
    assert code == 1
    assert complaint.startswith("Nothing was sent: ")
    assert words in complaint
    assert hub.repos == {}


def test_without_a_network_nothing_is_sent(hub, command, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    code, _, complaint = command()
    assert code == 1
    assert "check the connection" in complaint


def test_somebody_elses_namespace_is_refused(hub, command):
    code, _, complaint = command("--namespace", "stranger")
    assert code == 1
    assert "check the namespace" in complaint
    assert hub.repos == {}


PLAN = "nothing was sent, because a Gradio Space needs a paid plan"
PLACES = "nothing was sent, because the account has no place free on ZeroGPU"


@pytest.mark.parametrize(("token", "kind", "said"), [
    ("hf_write", ("gradio", None), []),
    ("hf_free", ("gradio", "zero-a10g"), [PLAN]),
    ("hf_full", ("static", None), [PLAN, PLACES]),
])  # fmt: skip
def test_every_account_ends_with_a_demo(hub, command, monkeypatch, token, kind, said):
    monkeypatch.setenv("HF_TOKEN", token)
    code, printed, complaint = command()
    assert (code, complaint) == (0, "")
    assert printed.count(f"tag {TAG}") == len(READY) + 1
    repo = hub.repos["space", "someone/lenet5"]
    assert (repo["sdk"], repo["hardware"]) == kind
    lines = [line for line in printed.splitlines() if line.startswith("space")]
    assert len(lines) == len(said) + 1
    for line, words in zip(lines, said, strict=False):
        assert words in line
        assert "Tried next: " in line
    name = space.kind_of(*kind)
    assert lines[-1].endswith(space.KINDS[name].about)
    before = commits(hub)
    assert "no change" in command()[1]
    assert commits(hub) == before, "the same command finds the demo as it is"


@pytest.mark.parametrize(("token", "kind", "words"), [
    ("hf_free", "gradio", PLAN), ("hf_full", "zerogpu", PLACES),
])  # fmt: skip
def test_a_kind_that_is_asked_for_and_may_not_be_had_is_said(
    hub, command, monkeypatch, token, kind, words
):
    monkeypatch.setenv("HF_TOKEN", token)
    code, printed, complaint = command("--space", kind)
    assert code == 1
    assert f"space someone/lenet5: {words}" in complaint
    assert "Not everything is published" in complaint
    assert printed.count(f"tag {TAG}") == len(READY)


def test_a_demo_stays_what_it_is_unless_another_is_asked_for(hub, command, monkeypatch):
    command("--space", "static")
    repo = hub.repos["space", "someone/lenet5"]
    assert command()[1].strip().endswith(space.KINDS["static"].about)
    assert "index.html" in repo["commits"][-1][1]
    command("--space", "zerogpu")
    assert repo["hardware"] == "zero-a10g"
    assert {"zerogpu.py", "app.py"} <= set(repo["commits"][-1][1])
    assert "index.html" not in repo["commits"][-1][1]


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        ("POST /api/repos/create", "nothing was sent"),
        ("POST .*/commit/", "it was made, and is empty"),
        ("POST .*/tag/", f"it has its new content, but no tag {TAG}"),
    ],
)
def test_what_is_half_published_is_said_and_the_same_command_goes_on(
    trouble, state, hub, command, monkeypatch
):
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # the client tries again, and again
    hub.out_of_order = trouble
    code, _, complaint = command()
    assert code == 1
    assert f"model someone/{READY[0].repo}: {state}, because" in complaint
    assert "status 500" in complaint
    assert "space someone/lenet5: not tried" in complaint
    hub.out_of_order = None
    assert command()[0] == 0
    assert all(TAG in repo["tags"] for repo in hub.repos.values())
