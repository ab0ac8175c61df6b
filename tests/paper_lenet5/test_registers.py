"""Narrower vector registers: Numba compiles for them, the blocks are smaller, the bits are the same."""

import hashlib
import json
import os
import subprocess
import sys

import pytest
import torch

from paper_lenet5 import SDLM, MAPLoss, preprocess

pytest.importorskip("numba")
from numba.core import config

from paper_lenet5 import compiled
from paper_lenet5.compiled import cache, kernels, registers
from paper_lenet5.compiled.registers import KINDS, REGISTERS, VARIABLE
from tests import ROOT
from tests.conftest import draw_digits, random_model

NARROWER = [name for name in registers.kinds_up_to(REGISTERS) if name != REGISTERS.name]


def digests():
    """Of curvature, a pass, and the penalties of 19 images after it."""
    model, (images, labels) = random_model(), draw_digits(50)
    x, optimizer = preprocess(images), SDLM(model.named_parameters(), lr=5e-4)
    h = compiled.diagonal_curvature(model, x, labels, MAPLoss(10.0))
    optimizer.set_curvature(h)
    order = torch.arange(50).repeat(4)
    compiled.train_one_pass(model, optimizer, MAPLoss(10.0), x, labels, order)
    results = (list(h.values()), list(model.parameters()), [compiled.penalties(model, x[:19])])
    assert all(t.isfinite().all() for result in results for t in result)
    return [
        hashlib.sha256(b"".join(t.detach().numpy().tobytes() for t in result)).hexdigest()
        for result in results
    ]


def what_runs():
    """What another process finds out about itself."""
    features = config.CPU_FEATURES
    print(json.dumps([REGISTERS.name, features, cache._folder().name, digests()]))


@pytest.fixture(scope="module")
def processes():
    """A process for each of the narrower registers, side by side: compiling takes most of the time."""
    code = "from tests.paper_lenet5 import test_registers; test_registers.what_runs()"
    return {
        name: subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE,
            env=os.environ | {VARIABLE: name, "PYTHONPATH": str(ROOT)},
        )
        for name in NARROWER
    }  # fmt: skip


@pytest.mark.parametrize("name", NARROWER)
def test_narrower_registers_leave_the_same_bits(name, processes):
    """Compiled without the wider ones, in smaller blocks, and kept in a folder of its own."""
    printed, _ = processes[name].communicate()
    registers_there, features, folder, bits = json.loads(printed)
    assert registers_there == name
    assert "-avx512f" in features or "-avx" in features
    assert folder != cache._folder().name
    assert bits == digests()


def test_there_is_something_narrower_to_compare_with():
    if REGISTERS.name in ("avx512", "avx2"):
        assert NARROWER[-1] == "sse"


@pytest.mark.parametrize(
    ("features", "name"),
    [("+sse2,+avx,+avx2,+fma,+avx512f", "avx512"), ("+avx2,+fma,-avx512f", "avx2"),
     ("+avx,+avx2,-fma", "sse"), ("+sse2,-avx", "sse"), ("", "sse")],
)  # fmt: skip
def test_what_numba_compiles_for_decides(monkeypatch, features, name):
    """A vector word needs a multiply-add: AVX2 without one is no better than SSE."""
    monkeypatch.setattr(config, "CPU_FEATURES", features)
    monkeypatch.setattr(registers.binding, "get_process_triple", lambda: "x86_64-unknown-linux-gnu")
    assert registers.compiled_for() == KINDS[name]


def test_a_processor_of_arm_has_neon(monkeypatch):
    monkeypatch.setattr(registers.binding, "get_process_triple", lambda: "arm64-apple-darwin23")
    assert registers.compiled_for() == KINDS["neon"]
    assert str(KINDS["neon"]) == "neon: 32 registers of 4 float32"
    assert registers.choose("neon") == KINDS["neon"]
    with pytest.raises(ValueError, match=rf"expected {VARIABLE} of \['neon'\]"):
        registers.choose("avx2")


def test_what_the_processor_lacks_is_refused(monkeypatch):
    monkeypatch.setattr(registers, "compiled_for", lambda: KINDS["avx2"])
    before = dict(os.environ)
    for name in ("avx512", "neon", "AVX2", "mmx"):
        with pytest.raises(ValueError, match=r"of \['avx2', 'sse'\] on this processor, got"):
            registers.choose(name)
    assert registers.choose(None) == registers.choose("") == registers.choose("avx2")
    assert dict(os.environ) == before


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_blocks_divide_what_they_are_blocks_of_and_fit(kind):
    b = kind.blocks
    parts = {(b.c1_maps, 6), (b.c1_vectors, 2), (b.c1_kernels, 6), (b.c1_kernel_columns, 5),
             (b.c3_positions, 10), (b.c3_kernel_rows, 5), (b.c5_vectors, 8), (b.f6_vectors, 6),
             (b.images_c1_columns, 28), (b.images_units, 120), (b.images_units, 96)}  # fmt: skip
    assert all(whole % part == 0 for part, whole in parts)
    sums = (b.c1_maps * b.c1_vectors, b.c1_kernels * b.c1_kernel_columns, b.c3_positions,
            5 * b.c3_kernel_rows, b.c3_input_rows, b.c5_vectors, b.f6_vectors, 6 * b.images_c1_columns,
            b.images_units)  # fmt: skip
    if kind.name != "sse":  # whose multiply-adds are calls
        assert max(sums) * kernels.LANES < kind.count * kind.lanes
