"""Prototypes: averages that stand for the entries of a label."""

import sys

import numpy as np
import pytest

from strokesim import Corpus, Index, cdist, prototypes
from strokesim.errors import ArgumentError, MissingExtraError
from strokesim.prototypes import prototypes_of


def two_kinds(count=6):
    rng = np.random.default_rng(1)
    flat, steep = np.zeros((9, 2)), np.arange(18.0).reshape(9, 2)
    arrays, labels = [], []
    for number in range(count):
        for label, shape in (("flat", flat), ("steep", steep)):
            arrays.append(shape[: 9 - number % 3] + rng.normal(size=2) * 0.1)
            labels.append(label)
    return Corpus.from_arrays(arrays, labels=labels)


@pytest.mark.slow
@pytest.mark.parametrize("radius", [None, 3])
def test_a_prototype_is_nearer_to_its_entries_than_the_one_it_began_as(radius):
    pytest.importorskip("tslearn")
    corpus = two_kinds()
    found = prototypes_of(corpus, radius=radius)
    assert found.labels == ["flat", "steep"]
    for sequence, members in zip(found.sequences, found.members, strict=True):
        inside = corpus.sequences.take(members)
        among = cdist(inside, radius=radius)
        start = among[among.sum(axis=1).argmin()]
        # Averaging lessens the sum of squares.
        assert (cdist([sequence], inside, radius=radius) ** 2).sum() < (start**2).sum()


@pytest.mark.slow
def test_a_corpus_of_prototypes_is_searched_like_any_other():
    pytest.importorskip("tslearn")
    corpus = two_kinds()
    few = corpus.prototypes(2)
    assert few.labels.tolist() == ["flat", "flat", "steep", "steep"]
    assert few.spec is corpus.spec
    matches = Index(few).search(list(corpus.sequences))
    assert [one[0].label for one in matches] == corpus.labels.tolist()


def test_every_entry_belongs_to_one_prototype_and_equal_ones_to_the_same():
    corpus = Corpus.from_arrays([[1.0], [5.0], [5.0], [1.0]], labels=["a"] * 4)
    found = prototypes_of(Corpus.from_arrays([[1.0], [5.0]], labels=["a"] * 2), 9)
    assert [members.tolist() for members in found.members] == [[0], [1]]
    assert [one.tolist() for one in found.sequences] == [[[1.0]], [[5.0]]]
    assert len(corpus) == 4


def test_no_prototypes_are_refused():
    for k in (0, 1.5, "a"):
        with pytest.raises(ArgumentError, match=f"k={k!r}; use a whole number, at least 1 prot"):
            prototypes_of(two_kinds(), k)


def test_a_large_share_is_averaged_from_entries_spread_over_it(monkeypatch):
    averaged = []
    monkeypatch.setattr(prototypes, "AVERAGED", 3)
    monkeypatch.setattr(
        prototypes, "_average", lambda some, start, radius: averaged.append(list(some)) or start
    )
    for count in range(1, 12):
        counted = []
        corpus = Corpus.from_arrays([[float(i)] for i in range(count)], labels=["a"] * count)
        found = prototypes_of(corpus, progress=counted.append)
        used = [float(one[0, 0]) for one in averaged[-1]]
        assert min(count, 2) <= len(used) <= 3
        assert used[0] == 0
        assert used[-1] >= count // 2
        assert found.members[0].tolist() == list(range(count))
        assert counted == [count]


def test_a_label_of_too_many_entries_is_refused(monkeypatch):
    monkeypatch.setattr(prototypes, "MOST", 5)
    with pytest.raises(ArgumentError, match="label 'flat' has 6 entries; prototypes are made of 5"):
        prototypes_of(two_kinds())


def test_without_tslearn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tslearn.barycenters", None)
    with pytest.raises(MissingExtraError, match=r"strokesim\[learn\]"):
        prototypes_of(two_kinds())
