"""For those who do not use the package: ONNX, torch.hub."""

import numpy as np
import pytest
import torch

from paper_lenet5 import LeNet5, preprocess
from tests import ROOT
from tests.conftest import draw_digits, random_model
from tests.paper_lenet5.test_pretrained import assert_same

onnx = pytest.importorskip("onnx", reason="needs the extra onnx")
pytest.importorskip("onnxruntime", reason="needs the extra onnx")
pytest.importorskip("onnxscript", reason="needs the extra onnx")
from reproduce import export_onnx  # noqa: E402
from reproduce.writing import as_onnx  # noqa: E402


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A network, and the file it was exported to."""
    path = tmp_path_factory.mktemp("onnx") / "lenet5.onnx"
    model = LeNet5.from_pretrained()
    path.write_bytes(as_onnx.exported(model, "0123456789", smallest=True))
    return model, path


def test_the_file_is_valid_and_complete(exported):
    path = exported[1]
    onnx.checker.check_model(onnx.load(path), full_check=True)
    assert [p.name for p in path.parent.iterdir()] == [path.name], "the weights are in it"


@pytest.mark.parametrize("n", [1, 7, 200])
def test_onnxruntime_gives_the_same_penalties(exported, n):
    model, path = exported
    fields = preprocess(draw_digits(n)[0])
    with torch.no_grad():
        expected = model(fields).numpy()
    penalties = export_onnx.run(path, fields)
    assert penalties.shape == (n, 10)
    np.testing.assert_allclose(penalties, expected, rtol=1e-5, atol=1e-5)


def test_onnxruntime_makes_the_same_errors(exported, mnist_test):
    model, path = exported
    fields = preprocess(mnist_test[0][::10])
    assert (export_onnx.run(path, fields).argmin(1) == model.classify(fields).numpy()).all()


def test_the_comparison_notices_another_network(exported):
    fields = preprocess(draw_digits(3)[0])
    assert export_onnx.difference(*exported, fields) < export_onnx.TOLERANCE
    assert export_onnx.difference(random_model(), exported[1], fields) > 0.1


def test_the_command_exports_and_says_how_well(tmp_path, capsys):
    random_model(3).save_pretrained(tmp_path / "net")
    out = tmp_path / "net.onnx"
    assert export_onnx.main(["--weights", str(tmp_path / "net"), "--out", str(out)]) == 0
    assert "onnxruntime differs by" in capsys.readouterr().out
    assert out.exists()


def test_unknown_weights_and_a_folder_for_a_file_are_refused_in_one_line(tmp_path, capsys):
    assert export_onnx.main(["--weights", "lenet6", "--out", str(tmp_path / "x.onnx")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(SystemExit):
        export_onnx.main(["--out", str(tmp_path)])
    assert f"argument --out: expected a file, but {tmp_path} is a folder" in capsys.readouterr().err


# --- torch.hub ------------------------------------------------------------------------------------


def of_torch_hub(entry, *arguments):
    return torch.hub.load(str(ROOT), entry, *arguments, source="local")


def test_torch_hub_gives_the_trained_network():
    assert_same(of_torch_hub("lenet5"), LeNet5.from_pretrained())
    name = "lenet5-1998-distortions"
    assert_same(of_torch_hub("lenet5", name), LeNet5.from_pretrained(name))


def test_torch_hub_gives_a_new_network_too():
    assert of_torch_hub("lenet5", None).training


def test_torch_hub_gives_the_way_to_prepare_digits():
    images, _ = draw_digits(2)
    assert torch.equal(of_torch_hub("preprocess", images), preprocess(images))
