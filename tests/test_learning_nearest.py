"""The benchmark of known characters by unknown writers: who is asked, and what answers."""

import numpy as np
import pytest

from conftest import ROOT
from strokesim.ink import Ink


@pytest.fixture
def nearest(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import learning_nearest

    return learning_nearest


@pytest.fixture
def letters(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import learning_letters

    return learning_letters


@pytest.fixture
def tries(letters):
    import learning_letters_tries

    return learning_letters_tries


def test_every_try_has_a_title_of_its_own_and_changes_the_recipe(tries, letters):
    one, whole, *others = tries.tries()
    assert whole.recipe == letters.RECIPE
    assert one.recipe.n_encoders == 1
    assert len({row.title for row in (one, whole, *others)}) == 2 + len(others)
    for row in others:
        assert (row.recipe, row.labels, row.expand) != (one.recipe, list, None), row.title
        assert ("page_y" in str(row.recipe.spec)) != row.title.startswith("without the height")


@pytest.mark.data
def test_capitals_are_classes_of_their_own_for_training_only(tries, letters, data, monkeypatch):
    monkeypatch.setenv("STROKESIM_DATA", str(data))
    known = letters.without(letters.VALIDATION, "validation").known
    written = tries.with_capitals(known)
    assert {ink.label for ink in written} > {"a", "A", "0", "o"}
    assert "A" not in {ink.label for ink in known}
    for one, other in zip(known, written, strict=True):
        assert one.strokes == other.strokes
        assert letters.folded(other.label) == one.label


def ink(label, writer, slant=0):
    strokes = {"l": [[[0, 0], [slant, 9]]], "-": [[[0, 0], [9, slant]]]}
    return Ink.from_arrays(strokes[label], label=label, writer=writer)


def test_the_commonest_of_the_nearest_answers_and_the_nearest_where_two_are_as_common(nearest):
    labels = np.array(["a", "b", "b", "a", "c"])
    distances = np.array([[0, 1, 2, 3, 4], [4, 0, 3, 2, 1], [1, 0, 0, 9, 9]])
    assert nearest.majority(distances, labels, 3).tolist() == ["b", "b", "b"]
    assert nearest.majority(distances, labels, 4).tolist() == ["a", "b", "b"]
    assert nearest.majority(distances, labels, 1).tolist() == ["a", "b", "b"]


def test_writers_that_choices_were_made_on_are_left_out_of_the_second_rate(nearest):
    folds = [
        nearest.Fold(name, [], [ink("l", name), ink("-", name)]) for name in ("ann", "bob", "cy")
    ]
    wrong = [np.array([True, True]), np.array([True, False]), np.array([False, False])]
    rates = nearest.rates_of(wrong, folds, ("ann",))
    assert rates[nearest.ERROR].value == 0.5
    assert rates[nearest.UNSEEN].value == 0.25
    assert set(nearest.rates_of(wrong, folds, ())) == {nearest.ERROR}


def test_features_are_tuned_to_tell_the_validation_fold_apart(nearest):
    known = [ink(label, "ann", slant) for label in "l-" for slant in (0, 1)]
    fold = nearest.Fold("validation", known, [ink("l", "bob", 2), ink("-", "bob", 2)])
    for method in nearest.tuned_on(fold):
        assert not nearest.unlearned_wrong(method, fold).any()


@pytest.mark.data
def test_no_writer_is_asked_about_who_is_known_and_each_is_asked_about_once(
    letters, data, monkeypatch
):
    monkeypatch.setenv("STROKESIM_DATA", str(data))
    folds = letters.folds()
    for fold in folds:
        assert {each.writer for each in fold.asked} == {fold.name}
        assert fold.name not in {each.writer for each in fold.known}
        assert len({each.label for each in fold.asked + fold.known}) == 35
    assert len(folds) == 11
    assert sum(len(fold.asked) for fold in folds) == len(letters.inks()) == 1364
