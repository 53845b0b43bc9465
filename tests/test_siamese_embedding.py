"""Embedding very much ink, very long ink, and what is no ink."""

import numpy as np
import pytest
import torch

import strokesim.learned.arithmetic
import strokesim.siamese.encoders
from strokesim import FeatureSpec, open_encoder
from strokesim.errors import ArgumentError
from strokesim.ink import Ink
from strokesim.siamese import Encoder, EncoderSettings, export_onnx, save_encoder
from strokesim.siamese.encoders import Tower

SPEC = FeatureSpec.parse("x,y;steps=12")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def encoder_of(**settings):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        shape = {"width": 8, "dim": 6, "layers": 2, "patch": 2} | settings
        return Encoder(Tower(2, EncoderSettings(**shape)), SPEC)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """The same encoder, run by torch, NumPy and ONNX Runtime."""
    folder, encoder = tmp_path_factory.mktemp("stored"), encoder_of()
    save_encoder(encoder, folder / "model")
    export_onnx(encoder, folder / "model.onnx")
    return {
        "torch": encoder,
        "numpy": open_encoder(folder / "model"),
        "onnx": open_encoder(folder / "model.onnx"),
    }


def ragged(lengths, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(length, 2)).astype(np.float32) for length in lengths]


@pytest.mark.parametrize("kind", ["torch", "numpy", "onnx"])
def test_long_sequences_are_read_few_at_a_time_and_embed_as_they_do_alone(opened, kind):
    encoder = opened[kind].per_step()
    given = ragged([3000, 1, 700, 700, *[40] * 300, *range(300, 600)])
    shapes, points = [], encoder.points

    def recording(steps, lengths):
        shapes.append((len(steps), -(-steps.shape[1] // 2)))
        return points(steps, lengths)

    encoder.points = recording
    found = encoder.embed(given)
    assert sum(rows for rows, _ in shapes) == len(given)
    assert max(rows for rows, _ in shapes) == encoder.at_once
    assert all(rows * longest <= 2**14 for rows, longest in shapes)
    assert all(rows == 1 or rows * longest**2 <= 2**22 for rows, longest in shapes)
    for number in (0, 1, 2, 200, 450, 603):
        alone = opened[kind].per_step().embed([given[number]])[0]
        assert np.abs(found[number] - alone).max() < 1e-5


def test_attention_in_parts_sees_what_it_sees_at_once(opened, monkeypatch):
    given = ragged([50, 9, 50, 31])
    whole = {kind: opened[kind].embed(given).values for kind in ("torch", "numpy")}
    monkeypatch.setattr(strokesim.learned.arithmetic, "_SCORES", 1000)
    monkeypatch.setattr(strokesim.siamese.encoders.Attention, "SCORES", 1000)
    for kind, points in whole.items():
        assert np.abs(opened[kind].embed(given).values - points).max() < 1e-6


def test_what_onnx_runtime_cannot_hold_is_refused_with_the_way_out(opened):
    with pytest.raises(ArgumentError, match=r"sequence 1 has 8,193 steps; .* takes 8,192 at most"):
        opened["onnx"].embed(ragged([3, 8193]))
    assert len(opened["numpy"].embed(ragged([3, 8193]))) == 2


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail] not enough memory: you tried to allocate 9 bytes"),
        RuntimeError("BFCArena::AllocateRawInternal Available memory of 0 is smaller"),
    ],
)
def test_memory_that_runs_out_names_the_longest_sequence(error, monkeypatch):
    encoder = encoder_of()

    def hungry(steps, lengths):
        raise error

    monkeypatch.setattr(encoder, "points", hungry)
    with pytest.raises(ArgumentError, match="sequence 1 has 70 steps, and memory ran out"):
        encoder.embed(ragged([3, 70, 5]))


def test_other_errors_of_a_network_pass(monkeypatch):
    encoder = encoder_of()
    monkeypatch.setattr(encoder, "points", lambda steps, lengths: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        encoder.embed(ragged([3]))


INK = Ink.from_arrays([[[0, 0], [1, 1]]])


@pytest.mark.parametrize("kind", ["torch", "numpy", "onnx"])
@pytest.mark.parametrize(
    ("method", "given", "message"),
    [
        ("embed", 5, "a int where feature sequences are needed"),
        ("embed", None, "a NoneType where feature sequences are needed"),
        ("embed", "abc", "a str where feature sequences are needed"),
        ("embed", {"a": 1}, "a dict where feature sequences are needed"),
        ("embed", np.zeros((4, 2)), r"one sequence of shape \(4, 2\) was given .* use \[it\]"),
        ("embed", [INK], r"use transform_all\(inks\)"),
        ("embed", [np.array(["x"])], "sequence 0 is not an array of numbers"),
        ("embed", [np.zeros((2, 2), complex)], "complex numbers"),
        ("transform", None, "ink 0 is a NoneType"),
        ("transform_all", None, "a NoneType where inks are needed"),
        ("transform_all", INK, "one ink was given where many are needed"),
        ("transform_all", [INK, 3], "ink 1 is a int"),
        ("embed_corpus", "digits", "a str is no Corpus"),
    ],
)
def test_what_cannot_be_embedded_is_refused(opened, kind, method, given, message):
    with pytest.raises(ArgumentError, match=message):
        getattr(opened[kind], method)(given)


def test_what_makes_no_encoder_is_refused():
    with pytest.raises(ArgumentError, match="a str is no Tower"):
        Encoder("model", SPEC)
    with pytest.raises(ArgumentError, match="a str is no FeatureSpec, nor None"):
        Encoder(encoder_of().tower, "x,y")
    for opener in (open_encoder, strokesim.siamese.open_encoder):
        for path in (5, None):
            with pytest.raises(ArgumentError, match="an encoder is opened by its path"):
                opener(path)
