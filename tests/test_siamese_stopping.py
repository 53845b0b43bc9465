"""Training that stops by itself: with a clear word, and with nothing lost."""

import itertools
import re
from dataclasses import replace

import pytest
import torch
from test_siamese_training import QUICK, inks_of, lines_of, quick

from strokesim.errors import TrainingError
from strokesim.siamese import TrainingSettings, open_encoder, run, train
from strokesim.siamese.encoders import Tower
from strokesim.siamese.losses import LOSSES
from strokesim.siamese.mining import MINERS


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def inks():
    return inks_of("abcdefgh", 6)


def test_a_nan_stops_names_the_batch_and_keeps_the_last_good_state(inks, tmp_path, monkeypatch):
    loss = LOSSES["supervised-contrastive"]
    calls = []

    def broken(embeddings, labels, **options):
        calls.append(labels)
        value = loss.batch(embeddings, labels, **options)
        return value * float("nan") if len(calls) == 9 else value

    monkeypatch.setitem(LOSSES, loss.name, replace(loss, batch=broken))
    with pytest.raises(TrainingError, match="stopped in batch 8: the loss is nan") as caught:
        quick(inks, tmp_path / "run")
    assert "writer-" in str(caught.value)
    assert "the state of step 5 is in" in str(caught.value)
    assert "the same settings come to the same again; with others, go on" in str(caught.value)
    encoder = open_encoder(tmp_path / "run")
    assert encoder.origin.metrics["step"] == 4 or encoder.origin.metrics["step"] == 8
    monkeypatch.setitem(LOSSES, loss.name, loss)
    resumed = quick(inks, tmp_path / "run", resume=True)
    assert resumed == quick(inks, tmp_path / "whole")


@pytest.mark.parametrize("miner", MINERS)
@pytest.mark.parametrize("loss", ["linear", "triplet"])
def test_points_that_are_no_numbers_stop_the_training_whatever_mines(
    inks, tmp_path, monkeypatch, loss, miner
):
    monkeypatch.setattr(Tower, "forward", nan_from_the_third_batch(Tower.forward))
    settings = replace(QUICK, loss=loss, miner=miner, mine_after=1)
    with pytest.raises(TrainingError, match=r"stopped in batch 2: the loss is .* nan"):
        quick(inks, tmp_path / "run", settings, validation=None)


def nan_from_the_third_batch(forward):
    batches = itertools.count()

    def broken(tower, steps, mask):
        points = forward(tower, steps, mask)
        return points * float("nan") if next(batches) >= 2 else points

    return broken


def test_a_collapsed_embedding_stops_the_training(inks, tmp_path, monkeypatch):
    loss = LOSSES["linear"]

    def attraction(embeddings, labels, **options):
        return torch.cdist(embeddings, embeddings).square().mean()

    monkeypatch.setitem(LOSSES, "linear", replace(loss, batch=attraction))
    settings = replace(QUICK, loss="linear", steps=400, learning_rate=0.02, patience=1000)
    with pytest.raises(TrainingError, match="the embedding has collapsed: for 50 steps"):
        quick(inks, tmp_path / "run", settings, validation=None)
    distances = [line["different"] for line in lines_of(tmp_path / "run") if "loss" in line]
    assert max(distances[-48:]) < 0.01 < distances[0]


def test_training_stops_when_validation_no_longer_improves(inks, tmp_path, monkeypatch):
    rates = iter([0.5, 0.4, 0.3, 0.3, 0.35, 0.2])
    whole = run.score
    monkeypatch.setattr(
        run,
        "score",
        lambda points, held: whole(points, held)._replace(
            one_shot_error=next(rates), equal_error_rate=0.1, threshold=0.7
        ),
    )
    settings = replace(QUICK, steps=40, patience=2)
    encoder = quick(inks, tmp_path / "run", settings)
    assert lines_of(tmp_path / "run")[-1]["step"] == 16
    assert (encoder.origin.metrics["step"], encoder.threshold) == (8, 0.7)
    usual = TrainingSettings()
    assert (usual.patience + 1) * usual.evaluate_every < usual.steps


def test_memory_that_runs_out_is_told_in_our_words(inks, tmp_path, monkeypatch):
    def hungry(embeddings, labels, **options):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried")

    loss = LOSSES["linear"]
    monkeypatch.setitem(LOSSES, "linear", replace(loss, batch=hungry))
    with pytest.raises(
        TrainingError, match="in batch 0: out of memory for 18 sequences of up to 1"
    ):
        quick(inks, tmp_path / "run", replace(QUICK, loss="linear"))


def fails_at(call, whole):
    """Return a function that does what another does, but runs out of memory in one call."""
    calls = itertools.count()

    def hungry(*given, **options):
        if next(calls) == call:
            raise MemoryError
        return whole(*given, **options)

    return hungry


@pytest.mark.parametrize(
    ("owner", "name", "call", "message"),
    [
        (torch.optim.AdamW, "step", 6, "in batch 6: out of memory for 18 sequences .*; the state "
         "of step 5 is in .*/run: the same settings go on from there with resume=True; with "
         "others, go on from the best encoder so far by start=.*/run and a new folder"),
        (run, "score", 2, "after step 8: out of memory while looking at 4 validation inks; give "
         "fewer; the state of step 5"),
        (run, "score", 0, "after step 0: out of memory while looking at .*; nothing was kept"),
        (run, "save_state", 2, "after step 10: out of memory while writing .*; the state of ste"),
        (run, "save_encoder", 0, "after step 4: out of memory while writing .*; the state of step "
         "0 is in .*; with others, begin anew in a new folder"),
    ],
)  # fmt: skip
def test_wherever_memory_runs_out_the_last_state_stays_and_is_gone_on_from(
    inks, tmp_path, monkeypatch, owner, name, call, message
):
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, fails_at(call, getattr(owner, name)))
        with pytest.raises(TrainingError, match=message):
            quick(inks, tmp_path / "run")
    begun = (tmp_path / "run" / "resume.safetensors").exists()
    assert begun == ("nothing was kept" not in message)
    assert quick(inks, tmp_path / "run", resume=begun) == quick(inks, tmp_path / "whole")


def test_a_tower_that_memory_does_not_hold_is_told_before_anything_is_written(
    inks, tmp_path, monkeypatch
):
    monkeypatch.setattr(Tower, "__init__", fails_at(0, Tower.__init__))
    with pytest.raises(TrainingError, match="out of memory for a tower of 1 layers, 12 wide; use"):
        quick(inks, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_what_a_stopped_training_advises_can_be_done(inks, tmp_path, monkeypatch):
    loss, calls = LOSSES["supervised-contrastive"], itertools.count()

    def broken(embeddings, labels, **options):
        value = loss.batch(embeddings, labels, **options)
        return value * float("nan") if next(calls) == 6 else value

    with monkeypatch.context() as patch:
        patch.setitem(LOSSES, loss.name, replace(loss, batch=broken))
        with pytest.raises(TrainingError, match=r"lower the learning rate, .* by start=") as caught:
            quick(inks, tmp_path / "run")
    (start,) = re.findall("start=(.*) and a new folder", str(caught.value))
    lower = replace(QUICK, learning_rate=1e-3)
    again = train(inks, tmp_path / "lower", start=start, settings=lower)
    assert again.origin.training["learning_rate"] == 1e-3
