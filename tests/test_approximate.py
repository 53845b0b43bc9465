"""Approximate search: what it finds is right, and what it may miss is told."""

import sys

import numpy as np
import pytest
import torch

from strokesim import Corpus, Index
from strokesim.approximate import ApproximateIndex
from strokesim.errors import ArgumentError, MissingExtraError, SpecError
from strokesim.features import FeatureSpec
from strokesim.ink import Ink
from strokesim.siamese import Encoder, EncoderSettings
from strokesim.siamese.encoders import Tower


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    return Encoder(Tower(2, EncoderSettings(width=6, layers=1, dim=5, patch=1)), None)


@pytest.fixture(scope="module")
def corpus():
    """Sequences of small integers: many are the same, and many distances ties."""
    rng = np.random.default_rng(0)
    arrays = [rng.integers(0, 3, (n, 2)) for n in rng.integers(1, 5, 2000)]
    return Corpus.from_arrays(arrays, labels=[str(i % 7) for i in range(2000)])


def test_all_cells_find_what_exact_search_finds(encoder, corpus):
    index, exact = ApproximateIndex(corpus, encoder, probes=31), Index(corpus, encoder)
    assert (len(index), index.n_cells, index.recall) == (2000, 31, 1.0)
    queries = [corpus[number].sequence for number in range(0, 2000, 23)]
    for k in (1, 4):
        for one, other in zip(index.search(queries, k), exact.search(queries, k), strict=True):
            # Which of several entries at one distance are the first k is left open.
            assert [m.distance for m in one] == [m.distance for m in other]
    (matches,) = index.search(queries[3], 50)
    assert [(m.distance, m.index) for m in matches] == sorted(
        (m.distance, m.index) for m in matches
    )
    assert matches[0].label == str(matches[0].index % 7)


def test_fewer_cells_miss_entries_and_recall_says_how_many(encoder, corpus):
    index, exact = ApproximateIndex(corpus, encoder, probes=1), Index(corpus, encoder)
    assert index.recall < 1
    assert f"1 of 31 cells, recall={index.recall:.3f}" in repr(index)
    queries = [corpus[number].sequence for number in range(300)]
    missed = 0
    for one, other in zip(index.search(queries, 11), exact.search(queries, 11), strict=True):
        assert len(one) <= 11
        far = [m.distance for m in other]
        assert all(a.distance >= b for a, b in zip(one, far, strict=False))
        missed += [m.distance for m in one] != far
    assert missed > 0


def test_a_cutoff_leaves_out_what_is_farther_and_threads_change_nothing(encoder, corpus):
    index = ApproximateIndex(corpus, encoder, probes=np.int64(4))
    queries = [corpus[number].sequence for number in range(100)]
    whole, done = index.search(queries, 9), []
    assert index.search(queries, 9, threads=3, progress=done.append) == whole
    assert sum(done) == 100
    near = index.search(queries, 9, cutoff=0.01)
    assert near == [[m for m in row if m.distance <= 0.01] for row in whole]


@pytest.mark.parametrize("size", [1, 2, 48, 63, 64, 127, 128, 300])
def test_a_small_corpus_is_searched_whole_and_in_silence(encoder, corpus, size, capfd):
    small = corpus.subset(range(size))
    index, exact = ApproximateIndex(small, encoder), Index(small, encoder)
    assert index.probes == index.n_cells == max(1, size // 64)
    assert index.recall == 1.0
    queries = [corpus[number].sequence for number in range(0, 2000, 97)]
    for k in {1, size}:
        for one, other in zip(index.search(queries, k), exact.search(queries, k), strict=True):
            assert [m.distance for m in one] == [m.distance for m in other]
    assert capfd.readouterr() == ("", "")


def test_a_corpus_of_one_entry_is_searched(encoder):
    index = ApproximateIndex(Corpus.from_arrays([[[0, 1]]], labels=["x"]), encoder, probes=1)
    assert (index.recall, index.n_cells) == (1.0, 1)
    assert index.search(np.array([[5, 5]]))[0][0].label == "x"
    assert index.search([]) == []


def test_what_means_nothing_is_refused(encoder, corpus, monkeypatch):
    for probes in (0, -1, 2.5, "all", None, True):
        with pytest.raises(ArgumentError, match=f"probes={probes!r}; use a whole number of cells"):
            ApproximateIndex(corpus, encoder, probes=probes)
    with pytest.raises(ArgumentError, match=r"a str is no encoder; strokesim\.open_encoder"):
        ApproximateIndex(corpus, "default")
    with pytest.raises(ArgumentError, match="a list is no Corpus"):
        ApproximateIndex([[0, 1]], encoder)
    with pytest.raises(ArgumentError, match="the corpus is empty"):
        ApproximateIndex(corpus.subset([]), encoder)
    with pytest.raises(ArgumentError, match="needs one point per ink"):
        ApproximateIndex(corpus, encoder.per_step())
    index = ApproximateIndex(corpus, encoder)
    for k, message in [
        (0, "use at least 1"),
        (2001, "k=2001 is more than the 2000"),
        (1.5, "whole"),
    ]:
        with pytest.raises(ArgumentError, match=message):
            index.search(np.array([[0, 0]]), k)
    with pytest.raises(ArgumentError, match="cutoff=-1"):
        index.search(np.array([[0, 0]]), cutoff=-1)
    with pytest.raises(ArgumentError, match="is nan"):
        index.search(np.array([[0, float("nan")]]))
    with pytest.raises(ArgumentError, match="give feature arrays"):
        index.search(Ink.from_arrays([[[0, 0], [1, 1]]]))
    with pytest.raises(SpecError, match="build the corpus with the spec of the encoder"):
        ink = Ink.from_arrays([[[0, 0], [1, 1]]])
        ApproximateIndex(Corpus.from_inks([ink], FeatureSpec()), encoder)
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'strokesim\[faiss\]', or use Index"):
        ApproximateIndex(corpus, encoder)
