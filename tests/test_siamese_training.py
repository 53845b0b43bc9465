"""Training: that it learns, goes on after it was cut off, and stops with a clear word."""

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from strokesim import Corpus, FeatureSpec, Index
from strokesim.augmentation import Augmentation
from strokesim.errors import (
    ArgumentError,
    MissingExtraError,
    ModelError,
    OutputError,
)
from strokesim.ink import Ink
from strokesim.siamese import EncoderSettings, TrainingSettings, open_encoder, train
from strokesim.siamese.devices import find_device
from strokesim.siamese.examples import examples_of
from strokesim.siamese.losses import LOSSES
from strokesim.siamese.objective import Objective
from strokesim.siamese.processes import Processes
from strokesim.siamese.resuming import read_state
from strokesim.synthesis import Writer, synthesise_corpus

SPEC = FeatureSpec(steps=12)
SHAPE = EncoderSettings(width=12, layers=1, dim=8)
QUICK = TrainingSettings(
    steps=12, classes_per_batch=6, samples_per_class=3, warm_up=2, evaluate_every=4,
    checkpoint_every=5,
)  # fmt: skip


def inks_of(labels, n_writers, seed=0, name="writer"):
    rng = np.random.default_rng(seed)
    writers = [Writer.random(rng, f"{name}-{number}") for number in range(n_writers)]
    return list(synthesise_corpus(labels, writers, rng))


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Small matrices on busy cores: several threads would wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def inks():
    return inks_of("abcdefgh", 6)


def quick(inks, folder, settings=QUICK, **options):
    return train(inks, folder, **{"spec": SPEC, "encoder": SHAPE, "settings": settings, **options})


def lines_of(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def weights_of(folder):
    (path,) = folder.glob("weights-*.safetensors")
    return path.read_bytes()


@pytest.mark.slow
def test_training_learns_to_tell_unseen_characters_of_unseen_writers_apart(tmp_path):
    unseen = inks_of("0123456789", 8, seed=9, name="other")
    settings = TrainingSettings(
        steps=90, classes_per_batch=16, samples_per_class=4, warm_up=10, evaluate_every=30,
    )  # fmt: skip
    encoder = train(
        inks_of("abcdefghikmnopqrstuwxyzABDEFGHL", 12),
        tmp_path / "run",
        spec=FeatureSpec(steps=20),
        encoder=EncoderSettings(network="gru", pooling="mean", width=32, layers=1, dim=32),
        settings=settings,
        validation=unseen,
    )
    looks = [line["validation"] for line in lines_of(tmp_path / "run") if "validation" in line]
    untrained, best = looks[0], min(looks[1:], key=lambda look: look["one_shot_error"])
    assert best["n_trials"] == 8 * 7 * 10
    assert best["one_shot_error"] < 0.6 * untrained["one_shot_error"]
    assert best["equal_error_rate"] < untrained["equal_error_rate"]
    assert encoder.origin.metrics["one_shot_error"] == best["one_shot_error"]
    assert encoder.threshold == best["threshold"]
    # The threshold that was calibrated here holds in a search over the same ink.
    corpus = Corpus.from_inks(unseen, encoder)
    index = Index(corpus, "euclidean")
    assert index.search(unseen[:3])[0][0].id == unseen[0].id
    nearest = [matches[1] for matches in index.search(unseen, 2, cutoff=encoder.threshold)
               if len(matches) > 1]  # fmt: skip
    right = np.mean([corpus.labels[m.index] == m.label for m in nearest])
    assert right > 0.8


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_every_loss_trains(inks, tmp_path, name):
    options = {"augment": lambda ink, rng: ink} if LOSSES[name].needs_views else {}
    encoder = quick(inks, tmp_path / "run", replace(QUICK, loss=name), **options)
    steps = [line for line in lines_of(tmp_path / "run") if "loss" in line]
    assert [line["step"] for line in steps] == list(range(1, 13))
    assert set(steps[0]) == {"step", "loss", "gradient", "rate", "same", "different"}
    assert encoder.origin.training == replace(QUICK, loss=name).to_dict()
    assert encoder == open_encoder(tmp_path / "run")


@pytest.mark.parametrize("miner", ["hard", "semi-hard", "distance-weighted"])
def test_a_miner_takes_over_after_its_warm_up(inks, tmp_path, miner):
    for name, settings in [("all", QUICK), (miner, replace(QUICK, mine_after=6))]:
        chosen = replace(settings, loss="triplet")
        quick(inks, tmp_path / name, replace(chosen, miner=name), validation=None)
    one, other = (lines_of(tmp_path / name)[1:] for name in ("all", miner))
    same = [a["loss"] == b["loss"] for a, b in zip(one, other, strict=False) if "loss" in a]
    assert all(same[:6])
    assert not same[6]


def test_the_same_seed_gives_the_same_encoder_and_another_seed_another(inks, tmp_path):
    state = torch.random.get_rng_state()
    for name, seed in [("a", 0), ("b", 0), ("c", 1)]:
        quick(inks, tmp_path / name, replace(QUICK, seed=seed))
    assert weights_of(tmp_path / "a") == weights_of(tmp_path / "b")
    assert weights_of(tmp_path / "a") != weights_of(tmp_path / "c")
    assert torch.equal(state, torch.random.get_rng_state())


KILLED = """
import os, signal, sys, torch
torch.set_num_threads(1)
sys.path.insert(0, {tests!r})
from test_siamese_training import inks_of, quick, randomly
def report(line):
    if line["step"] == 8 and "loss" in line:
        os.kill(os.getpid(), signal.SIGKILL)
quick(inks_of("abcdefgh", 6), "{folder}", report=report, **randomly())
"""


def augment(ink, rng):
    strokes = [stroke.samples + rng.normal(0, 0.01, stroke.samples.shape) for stroke in ink.strokes]
    return Ink.from_arrays(strokes, ink.channels, label=ink.label, writer=ink.writer, id=ink.id)


def randomly():
    """Return options under which dropout, a miner and augmentation all draw at random."""
    return {
        "settings": replace(QUICK, loss="triplet", miner="distance-weighted", mine_after=2),
        "encoder": replace(SHAPE, dropout=0.2, layers=2),
        "augment": augment,
    }


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_bits(inks, tmp_path):
    quick(inks, tmp_path / "whole", **randomly())
    program = KILLED.format(tests=os.path.dirname(__file__), folder=tmp_path / "cut")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert lines_of(tmp_path / "cut")[-1]["step"] == 8
    quick(inks, tmp_path / "cut", resume=True, **randomly())
    assert weights_of(tmp_path / "cut") == weights_of(tmp_path / "whole")
    for name in ("metrics.jsonl", "encoder.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not (tmp_path / "cut" / "resume.safetensors").exists()


def test_ctrl_c_finishes_the_checkpoint_and_the_run_goes_on_from_there(inks, tmp_path):
    def report(line):
        if line["step"] == 7:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        quick(inks, tmp_path / "cut", report=report)
    assert signal.getsignal(signal.SIGINT) is before
    done = []
    quick(inks, tmp_path / "cut", resume=True, progress=done.append)
    assert done == [7, 1, 1, 1, 1, 1]
    quick(inks, tmp_path / "whole")
    assert weights_of(tmp_path / "cut") == weights_of(tmp_path / "whole")
    assert lines_of(tmp_path / "cut") == lines_of(tmp_path / "whole")
    further = "to train its encoder further, give start=.*/whole and a new folder"
    with pytest.raises(OutputError, match=f"holds a finished training; .*; {further}"):
        quick(inks, tmp_path / "whole")
    with pytest.raises(ModelError, match=f"is finished, nothing is to resume; {further}"):
        quick(inks, tmp_path / "whole", resume=True)


def test_training_runs_in_a_thread_that_receives_no_signals(inks, tmp_path):
    found = []
    thread = threading.Thread(target=lambda: found.append(quick(inks, tmp_path / "run")))
    thread.start()
    thread.join()
    assert found == [open_encoder(tmp_path / "run")]


def test_an_error_of_a_hook_comes_through_as_it_is(inks, tmp_path):
    def wrong(ink, rng):
        raise RuntimeError("my mistake")

    with pytest.raises(RuntimeError, match="my mistake"):
        quick(inks, tmp_path / "run", augment=wrong)


def test_mixed_precision_changes_products_and_neither_weights_nor_losses(inks, tmp_path):
    plain = quick(inks, tmp_path / "plain", replace(QUICK, precision="float32"), device="cpu")
    assert plain == quick(inks, tmp_path / "auto")
    for network in ("gru", "gru-attention", "lstm", "tcn"):
        shape = replace(SHAPE, network=network)
        settings = replace(QUICK, precision="bfloat16")
        encoder = quick(inks, tmp_path / network, settings, encoder=shape)
        kinds = {values.dtype for values in encoder.tower.state_dict().values()}
        assert kinds == {torch.float32}
        assert all(line["loss"] < 9 for line in lines_of(tmp_path / network) if "loss" in line)
    one, other = (lines_of(tmp_path / name)[1] for name in ("plain", SHAPE.network))
    assert other["loss"] == pytest.approx(one["loss"], rel=0.02)
    assert other["loss"] != one["loss"]
    objective = Objective(
        examples_of(inks, SPEC), SHAPE, replace(QUICK, precision="bfloat16"), None, None,
        Processes(), torch.device("cpu"),
    )  # fmt: skip
    points, _, loss = objective(0)
    assert points.dtype == loss.dtype == torch.float32
    assert torch.allclose(points.norm(dim=1), torch.ones(len(points)), atol=1e-5)


def test_a_device_that_is_not_there_is_refused(inks, tmp_path):
    for name in ("abacus", "cuda:97"):
        with pytest.raises(ArgumentError, match=f"device '{name}' cannot be used: "):
            quick(inks, tmp_path / "run", device=name)
    with pytest.raises(ArgumentError, match="2 processes on device 'cuda:1'; several processes"):
        find_device("cuda:1", 2)
    assert find_device(None, 2) == torch.device("cpu")
    assert not (tmp_path / "run").exists()


def test_event_files_hold_the_numbers_of_the_metrics(inks, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def cut(line):
        if line["step"] == 7 and "loss" in line:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        quick(inks, tmp_path / "run", tensorboard=True, report=cut)
    quick(inks, tmp_path / "run", tensorboard=True, resume=True)
    read = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    read.Reload()
    lines = lines_of(tmp_path / "run")
    for name in ("loss", "gradient", "rate", "same", "different"):
        found = [(event.step, event.value) for event in read.Scalars(name)]
        assert found == [
            (line["step"], pytest.approx(line[name], rel=1e-6)) for line in lines if name in line
        ]
    errors = [event.value for event in read.Scalars("validation/one_shot_error")]
    assert errors == pytest.approx(
        [line["validation"]["one_shot_error"] for line in lines if "validation" in line]
    )


def test_without_tensorboard_it_is_said_what_to_install(inks, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'strokesim\[tensorboard\]', or"):
        quick(inks, tmp_path / "run", tensorboard=True)
    assert not (tmp_path / "run").exists()


def test_ink_without_labels_is_learned_from_when_asked_for(inks, tmp_path):
    bare = [replace(ink, label=None) for ink in inks]
    settings = replace(QUICK, loss="nt-xent")
    encoder = quick(bare, tmp_path / "bare", settings, augment=augment)
    assert encoder.origin.classes == ()
    assert encoder.threshold is None
    partly = replace(QUICK, unlabelled_weight=0.5)
    quick([*inks, *bare], tmp_path / "both", partly, augment=augment)
    quick([*inks, *bare], tmp_path / "one", QUICK, augment=augment)
    assert weights_of(tmp_path / "both") != weights_of(tmp_path / "one")
    assert lines_of(tmp_path / "both")[0]["unlabelled"] == 8 * 4  # without those who validate


def test_sequences_of_one_step_and_one_writer_train(tmp_path):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(label, 0.1, (1, 2)) for label in range(8) for _ in range(4)]
    labels = [str(label) for label in range(8) for _ in range(4)]
    corpus = Corpus.from_arrays(arrays, labels=labels, writers=["anna"] * 32)
    encoder = train(corpus, tmp_path / "run", encoder=SHAPE, settings=QUICK, validation=None)
    assert encoder.spec is None
    assert encoder.embed(arrays).values.shape == (32, 8)
    assert lines_of(tmp_path / "run")[0]["writers"] == 1


def test_classes_are_added_to_those_that_are_trained_on_only(inks, tmp_path):
    def expand(given):
        return [*given, *(replace(ink, label=f"{ink.label} again") for ink in given)]

    encoder = quick(inks, tmp_path / "run", expand=expand, augment=Augmentation().augment)
    first = lines_of(tmp_path / "run")[0]
    assert first["classes"] == 2 * 6
    assert len(first["validation_classes"]) == 2
    assert {"again" in name for name in first["validation_classes"]} == {False}
    assert encoder.origin.augmentation == Augmentation().to_dict()
    with pytest.raises(ArgumentError, match="a corpus of features cannot be expanded"):
        quick(Corpus.from_inks(inks, SPEC), tmp_path / "no", expand=expand)


def test_what_cannot_be_trained_is_refused_before_anything_is_written(inks, tmp_path):
    bare = [replace(ink, label=None) for ink in inks]
    alone = [ink for ink in inks if ink.writer == "writer-0"]
    cases = [
        ([], {}, "there is no ink to learn from"),
        (bare, {}, "none of the 48 inks has a label"),
        (alone, {"validation": None}, "0 of 8 classes have two samples"),
        (inks, {"validation": 1.5}, "use a share between 0 and 1"),
        (inks, {"validation": inks[:9]}, "'writer-0' is in the training and in the validation"),
        (inks, {"settings": replace(QUICK, loss="nt-xent")}, "each ink; give ink, not a corpus"),
        (inks, {"settings": replace(QUICK, unlabelled_weight=1.0)}, "and augment="),
        (inks, {"settings": replace(QUICK, unlabelled_weight=1.0), "augment": augment},
         "0 inks have no label"),
    ]  # fmt: skip
    for data, options, message in cases:
        with pytest.raises(ArgumentError, match=message):
            quick(data, tmp_path / "run", **options)
        assert not (tmp_path / "run").exists()


def test_validation_data_without_a_comparison_is_refused(inks, tmp_path):
    lonely = [Ink.from_arrays([[[0, 0], [1, 1]]], label=c, writer=f"x{c}") for c in "12"]
    with pytest.raises(ArgumentError, match="no character that is written twice"):
        quick(inks, tmp_path / "run", validation=lonely)


def test_a_run_is_only_resumed_as_it_began(inks, tmp_path):
    def cut(line):
        if line["step"] == 6:
            raise ZeroDivisionError

    folder = tmp_path / "run"
    with pytest.raises(ZeroDivisionError):
        quick(inks, folder, report=cut)
    with pytest.raises(OutputError, match="holds a training that was cut off; go on with it by"):
        quick(inks, folder)
    for changed, message in [
        (
            {"settings": replace(QUICK, seed=4)},
            "seed was 0 and is 4; give the same settings; to go on .* start=",
        ),
        ({"encoder": replace(SHAPE, dim=9)}, "dim was 8 and is 9"),
        ({"augment": augment}, "its augmentation was None and is 'augment'"),
        ({"validation": None}, "it began with other validation data"),
    ]:
        with pytest.raises(ArgumentError, match=message):
            quick(inks, folder, resume=True, **changed)
    with pytest.raises(ArgumentError, match="other validation data; give the same inks"):
        quick(inks[::-1], folder, resume=True)
    state = folder / "resume.safetensors"
    whole = state.read_bytes()
    for damaged in (b"", whole[:100], whole[:-40], b"x" * len(whole)):
        state.write_bytes(damaged)
        with pytest.raises(ModelError, match=r"resume.safetensors is damaged"):
            quick(inks, folder, resume=True)
    for place in [*range(0, len(whole), 211), *range(0, 4000, 17)]:
        flipped = bytes([whole[place] ^ 1 << place % 8])
        state.write_bytes(whole[:place] + flipped + whole[place + 1 :])
        with pytest.raises(ModelError, match=r"resume.safetensors is (damaged|of version)"):
            read_state(folder)
    newer = whole.replace(rb"\"version\": 2", rb"\"version\": 3")
    assert newer != whole
    state.write_bytes(newer)
    with pytest.raises(ModelError, match="is of version 3, this strokesim reads 2; finish the"):
        quick(inks, folder, resume=True)
    state.write_bytes(whole)
    quick(inks, folder, resume=True)
    with pytest.raises(ModelError, match="none holds no unfinished training; leave out resume=T"):
        quick(inks, tmp_path / "none", resume=True)
    assert not (tmp_path / "none").exists()
