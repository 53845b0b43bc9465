"""Searching by prototypes: exact with all of them, and honest about the rest."""

import numpy as np
import pytest

from strokesim import Corpus, Index
from strokesim.errors import ArgumentError
from strokesim.prototype_search import PrototypeIndex


def corpus_of_kinds(count=40, repeats=4):
    rng = np.random.default_rng(1)
    kinds = rng.integers(-3, 4, (4, 9, 2))
    # Few values, so that distances repeat.
    arrays = [kinds[i % 4] + rng.integers(-1, 2, (9, 2)) for i in range(count)] * repeats
    return Corpus.from_arrays(arrays, labels=[str(i % 4) for i in range(count)] * repeats)


@pytest.fixture
def averages_are_centres(monkeypatch):
    # Which sequence stands for a share has no influence on what is promised here.
    monkeypatch.setattr("strokesim.prototypes._average", lambda sequences, start, radius: start)


@pytest.mark.usefixtures("averages_are_centres")
@pytest.mark.parametrize("distance", ["dtw", "cloud", "euclidean", "euclidean_shifted"])
def test_with_all_prototypes_the_answer_is_the_exact_one(distance):
    corpus = corpus_of_kinds()
    index = PrototypeIndex(corpus, distance, per_label=3)
    queries = list(corpus.sequences)[:20]
    done = []
    found = index.search(queries, 7, prototypes=index.n_prototypes, progress=done.append)
    assert sum(done) == len(queries)
    assert found.matches == Index(corpus, distance).search(queries, 7)
    assert found.exact
    assert found.searched == 1


@pytest.mark.usefixtures("averages_are_centres")
def test_with_fewer_the_answer_says_how_much_was_looked_at():
    corpus = corpus_of_kinds()
    index = PrototypeIndex(corpus, per_label=1)
    found = index.search(list(corpus.sequences)[:4], 3, prototypes=1)
    assert not found.exact
    assert found.searched == 0.25
    exact = Index(corpus).search(list(corpus.sequences)[:4], 160)
    for some, everything in zip(found.matches, exact, strict=True):
        labels = {match.label for match in some}
        assert len(labels) == 1
        assert some == [match for match in everything if match.label in labels][:3]


@pytest.mark.usefixtures("averages_are_centres")
def test_cutoff_and_small_shares_give_fewer_matches():
    corpus = Corpus.from_arrays([[0.0], [1.0], [9.0]], labels=["a", "a", "b"])
    index = PrototypeIndex(corpus, per_label=1)
    query = np.array([[0.0]])
    assert len(index.search(query, 3, prototypes=1).matches[0]) == 2
    assert len(index.search(query, 3, prototypes=2, cutoff=0.5).matches[0]) == 1
    assert index.search([], prototypes=1).matches == []


@pytest.mark.usefixtures("averages_are_centres")
def test_what_means_nothing_is_refused():
    corpus = Corpus.from_arrays([[0.0], [1.0]], labels=["a", "b"])
    index = PrototypeIndex(corpus)
    with pytest.raises(ArgumentError, match="made of a Corpus, not of a list"):
        PrototypeIndex([[1.0]])
    for prototypes in (0, 3, None):
        with pytest.raises(ArgumentError, match=f"prototypes={prototypes}; use 1 to 2"):
            index.search(np.zeros((1, 1)), prototypes=prototypes)
    with pytest.raises(ArgumentError, match="k=3 is more than the 2 entries"):
        index.search(np.zeros((1, 1)), 3, prototypes=1)
    with pytest.raises(ArgumentError, match="the corpus is empty"):
        PrototypeIndex(Corpus.from_arrays([]))


@pytest.mark.usefixtures("averages_are_centres")
def test_by_itself_there_are_about_as_many_prototypes_as_the_root_of_the_entries():
    corpus = corpus_of_kinds()  # 160 entries of 4 labels
    assert PrototypeIndex(corpus).n_prototypes == 12
    alone = Corpus.from_arrays([[0.0], [1.0], [2.0]], labels=["a", "b", "c"])
    assert PrototypeIndex(alone).n_prototypes == 3


def test_what_a_distance_refuses_is_refused_before_averaging(monkeypatch):
    monkeypatch.setattr("strokesim.prototypes._average", None)
    corpus = Corpus.from_arrays([[0.0], [1.0, 1.0], [2.0]], labels=["a"] * 3)
    with pytest.raises(ArgumentError, match="radius"):
        PrototypeIndex(corpus, "cloud", radius=2)
    with pytest.raises(ArgumentError, match="2 steps"):
        PrototypeIndex(corpus, "euclidean")


@pytest.mark.usefixtures("averages_are_centres")
def test_entries_added_to_the_corpus_later_do_not_show():
    corpus = Corpus.from_arrays([[0.0], [1.0], [9.0]], labels=["a", "a", "b"])
    index = PrototypeIndex(corpus)
    corpus.append(Corpus.from_arrays([[5.0]], labels=["a"]))
    found = index.search(np.array([[5.0]]), 3, prototypes=index.n_prototypes)
    assert [match.index for match in found.matches[0]] == [1, 2, 0]
    assert found.searched == 1
