"""Training that begins with the weights of an encoder that learned before."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_siamese_training import QUICK, SHAPE, SPEC, inks_of, lines_of, quick

from strokesim import Corpus, FeatureSpec
from strokesim.errors import ArgumentError, ModelError, SpecError
from strokesim.learned import open_encoder as open_without_torch
from strokesim.siamese import EncoderSettings, open_encoder, run, train

STILL = replace(QUICK, steps=2, learning_rate=1e-30, evaluate_every=1)
"""Settings under which no weight moves."""


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def inks():
    return inks_of("abcdefgh", 6)


@pytest.fixture(scope="module")
def others():
    return inks_of("ABDEFGHKMNRT", 6, seed=1, name="other")


@pytest.fixture(scope="module")
def first(inks, tmp_path_factory):
    """The folder of an encoder that learned small letters."""
    folder = tmp_path_factory.mktemp("first") / "model"
    quick(inks, folder, replace(QUICK, steps=60, classes_per_batch=8), validation=None)
    return folder


def test_an_encoder_that_learns_nothing_more_is_the_one_it_began_with(first, others, tmp_path):
    began = open_encoder(first)
    for name, start in [("folder", first), ("text", str(first)), ("encoder", began)]:
        again = train(others, tmp_path / name, start=start, settings=STILL, validation=None)
        assert again == began
        expected = began.transform_all(others).values
        assert np.array_equal(again.transform_all(others).values, expected)
    assert open_encoder(first) == began


def test_going_on_lowers_the_loss_on_new_classes_from_where_the_encoder_stood(
    first, others, tmp_path
):
    settings = replace(QUICK, steps=40, classes_per_batch=12)
    began = open_encoder(first)
    quick(others, tmp_path / "more", settings, start=began, validation=None, spec=None)
    losses = [line["loss"] for line in lines_of(tmp_path / "more") if "loss" in line]
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])
    assert lines_of(tmp_path / "more")[0]["start"] == began.fingerprint
    assert "start" not in lines_of(first)[0]
    assert began == open_encoder(first)


def test_what_was_learned_before_is_told_with_what_is_learned_now(first, others, tmp_path):
    encoder = train(others, tmp_path / "run", start=first, settings=STILL, validation=None)
    assert encoder.origin.classes == tuple(sorted("abcdefghABDEFGHKMNRT"))


def test_nothing_worse_than_the_start_is_returned(first, inks, others, tmp_path, monkeypatch):
    rates, whole = iter([0.2, 0.3, 0.4, 0.25]), run.score

    def worse(points, held):
        return whole(points, held)._replace(one_shot_error=next(rates), threshold=0.7)

    monkeypatch.setattr(run, "score", worse)
    encoder = train(inks, tmp_path / "run", start=first, settings=QUICK, validation=others)
    assert encoder == open_encoder(first)
    assert (encoder.origin.metrics["step"], encoder.threshold) == (0, 0.7)
    assert encoder.origin.metrics["one_shot_error"] == 0.2


def test_a_run_that_began_with_an_encoder_goes_on_with_the_same_alone(first, others, tmp_path):
    def cut(line):
        if line["step"] == 7 and "loss" in line:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train(others, tmp_path / "cut", start=first, settings=QUICK, report=cut)
    with pytest.raises(ArgumentError, match="began with the weights of another encoder; give the"):
        quick(others, tmp_path / "cut", resume=True)
    cut_off = train(others, tmp_path / "cut", start=first, settings=QUICK, resume=True)
    assert cut_off == train(others, tmp_path / "whole", start=first, settings=QUICK)
    assert lines_of(tmp_path / "cut") == lines_of(tmp_path / "whole")


def test_a_run_killed_before_it_kept_its_start_goes_on(first, inks, others, tmp_path, monkeypatch):
    given = {"start": first, "validation": inks, "spec": None}
    settings = replace(QUICK, steps=4, evaluate_every=2, checkpoint_every=2)
    whole = quick(others, tmp_path / "whole", settings, **given)
    with monkeypatch.context() as patched:

        def killed(*_):
            raise KeyboardInterrupt

        patched.setattr(run, "save_encoder", killed)
        with pytest.raises(KeyboardInterrupt):
            quick(others, tmp_path / "cut", settings, **given)
    again = quick(others, tmp_path / "cut", settings, resume=True, **given)
    assert again == whole
    assert lines_of(tmp_path / "cut") == lines_of(tmp_path / "whole")


def test_shape_and_features_are_those_of_the_start(first, others, tmp_path):
    loose = replace(SHAPE, dropout=0.3)
    encoder = train(others, tmp_path / "loose", start=first, encoder=loose, settings=STILL)
    assert encoder.tower.settings == loose
    assert encoder.spec == SPEC
    arrays = Corpus.from_arrays([np.ones((3, 4))] * 4, labels=list("aabb"))
    cases = [
        ({"encoder": replace(SHAPE, width=16)}, ArgumentError,
         "width=16, and the encoder to start from has 12"),
        ({"encoder": EncoderSettings()}, ArgumentError, "width=64, and the encoder"),
        ({"spec": FeatureSpec(steps=9)}, SpecError, "reads .*steps=12; .*steps=9 was given; take"),
        ({"data": Corpus.from_inks(others, FeatureSpec(steps=9))}, SpecError, "steps=9 was given"),
        ({"data": arrays}, SpecError, "reads x,y.*; arrays, with no spec was given"),
        ({"start": 3}, ArgumentError, "start=3 cannot be trained on; give the folder"),
        ({"start": open_without_torch(first)}, ArgumentError, "siamese.open_encoder returns"),
        ({"start": tmp_path / "none"}, ModelError, "there is no such folder"),
    ]  # fmt: skip
    for options, error, message in cases:
        chosen = {"data": others, "start": first, "settings": STILL, **options}
        with pytest.raises(error, match=message):
            train(chosen.pop("data"), tmp_path / "run", **chosen)
        assert not (tmp_path / "run").exists()


def test_an_encoder_of_arrays_goes_on_with_arrays_of_as_many_features(others, tmp_path):
    rng = np.random.default_rng(0)

    def corpus(n_features):
        arrays = [rng.normal(label, 0.1, (3, n_features)) for label in range(4) for _ in range(4)]
        return Corpus.from_arrays(arrays, labels=[str(label) for label in range(4) for _ in "1234"])

    options = {"settings": QUICK, "validation": None}
    began = train(corpus(2), tmp_path / "first", encoder=SHAPE, **options)
    assert train(corpus(2), tmp_path / "more", start=began, **options).spec is None
    with pytest.raises(SpecError, match="reads 2 features a step; the data have 3"):
        train(corpus(3), tmp_path / "no", start=began, **options)
    with pytest.raises(SpecError, match="reads arrays, with no spec; x,y"):
        train(others, tmp_path / "no", start=began, **options)
