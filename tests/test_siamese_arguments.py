"""What cannot be trained on is refused in a sentence, before anything is written."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from test_siamese_training import QUICK, SPEC, augment, inks_of, quick

from strokesim import Corpus
from strokesim.errors import ArgumentError, OutputError
from strokesim.ink import Ink
from strokesim.siamese import EncoderSettings, TrainingSettings
from strokesim.siamese.devices import find_device

INKS = inks_of("abcdefgh", 4)
WHOLE = ("steps", "warm_up", "seed", "patience", "classes_per_batch", "mine_after")
REAL = ("learning_rate", "weight_decay", "clip", "unlabelled_weight", "collapse_below")
NAMES = ("loss", "miner", "hold_back", "precision")


def kind(value):
    """Return what a case is called; Python writes no number of thousands of digits."""
    return type(value).__name__


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": 3}, "data: 3; needed: a Corpus or inks"),
        ({"data": "ink.jsonl"}, "data: 'ink.jsonl' is a path; strokesim.read_inks reads it"),
        ({"data": Path("ink.jsonl")}, r"is a path; strokesim.read_inks reads it"),
        ({"data": INKS[0]}, "data: Ink.*; needed: a Corpus or inks"),
        ({"data": [*INKS, None]}, "data: item 32, None, is no ink"),
        ({"validation": "ink.jsonl"}, "validation: 'ink.jsonl' is a path"),
        ({"validation": np.array(0.2)}, "validation: array.*; needed: a Corpus or inks"),
        ({"validation": []}, "there is no ink in validation"),
        ({"validation": float("nan")}, "validation=nan; use a share between 0 and 1"),
        ({"validation": 10**400}, "validation=1000*[.]{3}; use a share between 0 and 1"),
        ({"spec": "x,y"}, r"spec='x,y'; needed: a FeatureSpec; FeatureSpec.parse makes one"),
        ({"encoder": {"width": 3}}, "encoder={'width': 3}; needed: EncoderSettings"),
        ({"settings": QUICK.to_dict()}, r"settings={.*[.]{3}; needed: TrainingSettings"),
        ({"folder": None}, "folder=None; needed: a path"),
        ({"augment": 1.0}, "augment=1.0; needed: a function of an ink"),
        ({"augment": lambda ink, rng: None}, "ink 0 is a NoneType; needed: an Ink"),
        ({"expand": "turned"}, "expand='turned'; needed: a function of a list of inks"),
        ({"expand": lambda inks: [3]}, "what expand returns: item 0, 3, is no ink"),
        ({"report": 3}, "report=3; needed: a function of a dict"),
        ({"progress": 3}, "progress=3; needed: a function of a number"),
        ({"device": 3}, "device=3; needed: a name such as 'cpu'"),
        ({"device": "meta"}, "device 'meta' cannot be used: training runs on cpu, cuda"),
        ({"device": "opengl"}, "device 'opengl' cannot be used: training runs on"),
        ({"threads": 0}, "threads=0; use at least 1"),
    ],
)
def test_an_argument_of_another_kind_is_refused(tmp_path, options, message):
    given = {"data": INKS, "folder": tmp_path / "run", **options}
    with pytest.raises(ArgumentError, match=message):
        quick(given.pop("data"), given.pop("folder"), **given)
    assert not (tmp_path / "run" / "encoder.json").exists()


def test_a_folder_whose_name_no_system_takes_is_refused():
    with pytest.raises(OutputError, match="embedded null byte"):
        quick(INKS, "a\0b")


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize(
    "value", [-1, 1.5, 10**400, 10**5000, True, None, "3", float("nan"), [3]], ids=kind
)
def test_a_setting_that_is_no_whole_number_in_its_range_is_refused(name, value):
    with pytest.raises(ArgumentError, match=f"^{name}=.*; use a whole number from ") as caught:
        TrainingSettings(**{name: value})
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize(
    "value", [-1, 10**400, 10**5000, True, None, "3", float("nan"), [3], 1j], ids=kind
)
def test_a_setting_that_is_no_number_in_its_range_is_refused(name, value):
    with pytest.raises(ArgumentError, match=f"^{name}=.*; use a number from ") as caught:
        TrainingSettings(**{name: value})
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [None, 3, [], {}, 10**5000, True], ids=kind)
def test_a_name_that_is_no_text_is_refused(value):
    for name in NAMES:
        with pytest.raises(ArgumentError, match="is no name; known: "):
            TrainingSettings(**{name: value})
    for name in ("network", "pooling"):
        with pytest.raises(ArgumentError, match="is no name; known: "):
            EncoderSettings(**{name: value})
    if value is not True:
        with pytest.raises(ArgumentError, match=r"similar_length=.*; use True or False"):
            TrainingSettings(similar_length=value)


@pytest.mark.parametrize(
    "value", [True, "1", (10**5000, 1), 10**400, (0.1, float("inf")), []], ids=kind
)
def test_a_margin_that_is_no_number_is_refused(value):
    with pytest.raises(ArgumentError, match=r"^margin="):
        TrainingSettings(loss="linear", margin=value)


def test_numbers_of_numpy_are_taken_and_can_be_stored(tmp_path):
    settings = TrainingSettings(steps=np.int64(3), learning_rate=np.float32(0.25), seed=2**63 - 1)
    assert settings == TrainingSettings(steps=3, learning_rate=0.25, seed=2**63 - 1)
    assert {type(value) for value in settings.to_dict().values()} <= {
        int, float, str, bool, type(None)
    }  # fmt: skip
    assert EncoderSettings(width=np.int32(8)).to_dict()["width"] == 8
    encoder = quick(INKS, tmp_path / "run", replace(QUICK, steps=2, seed=2**63 - 1))
    assert encoder.origin.training["seed"] == 2**63 - 1


def test_a_device_of_torch_is_taken():
    assert find_device(torch.device("cpu")) == torch.device("cpu")


def test_one_ink_alone_is_not_learned_from(tmp_path):
    settings = replace(QUICK, loss="nt-xent", steps=1)
    with pytest.raises(ArgumentError, match="one ink alone has nothing to be told apart from"):
        quick(INKS[:1], tmp_path / "run", settings, augment=augment, validation=None)
    quick(INKS[:2], tmp_path / "run", settings, augment=augment, validation=None)


def nobody(inks):
    return [replace(ink, writer=None, id=None) for ink in inks]


def test_validation_on_training_ink_is_refused_where_writers_do_not_tell(tmp_path):
    trained, held = INKS[8:], INKS[:8]
    cases = [
        (nobody(INKS), nobody(held)),
        (INKS, nobody(held)),
        (nobody(INKS), held),
        (Corpus.from_inks(nobody(INKS), SPEC), nobody(held)),
    ]
    for data, validation in cases:
        with pytest.raises(ArgumentError, match=r"of the validation data is .*; leave it out"):
            quick(data, tmp_path / "run", validation=validation)
        assert not (tmp_path / "run").exists()
    both = [*nobody(held), *nobody(INKS[24:])]
    quick(nobody(INKS[8:24]), tmp_path / "run", replace(QUICK, steps=1), validation=both)
    # Two writers may write the same dot.
    dots = [Ink.from_arrays([[[0, 0], [1, 1]]], label="a", writer=name) for name in ("x", "y")]
    quick([*trained, dots[0]], tmp_path / "dots", replace(QUICK, steps=1),
          validation=[*held, dots[1]])  # fmt: skip
