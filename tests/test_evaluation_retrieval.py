"""Ranks, recall and average precision of searches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, top_k_accuracy_score

from strokesim.errors import ArgumentError
from strokesim.evaluation import average_precision_at_r, first_ranks, mean_rate, recall_at_k


@st.composite
def searches(draw):
    """Distances, labels and what may be found; every query may find an entry of its label."""
    stored = draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=7))
    asked = draw(st.lists(st.sampled_from(sorted(set(stored))), min_size=1, max_size=3))
    shape = len(asked), len(stored)
    distances = np.array(
        draw(
            st.lists(st.integers(0, 3), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1])
        )
    ).reshape(shape)
    allowed = np.array(
        draw(st.lists(st.booleans(), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))
    ).reshape(shape)
    for query, label in enumerate(asked):
        allowed[query, stored.index(label)] = True
    return distances, asked, stored, allowed


def ranking(distances, allowed, query):
    """The entries that a query may find, nearest first, in the corpus' order where equal."""
    entries = [entry for entry in range(distances.shape[1]) if allowed[query, entry]]
    return sorted(entries, key=lambda entry: (distances[query, entry], entry))


@given(searches())
def test_first_rank_is_the_place_of_the_first_right_entry(search):
    distances, asked, stored, allowed = search
    ranks = first_ranks(distances, asked, stored, allowed=allowed)
    for query, label in enumerate(asked):
        labels = [stored[entry] for entry in ranking(distances, allowed, query)]
        assert ranks[query] == labels.index(label) + 1


@given(searches())
def test_average_precision_at_r_is_its_definition(search):
    distances, asked, stored, allowed = search
    precisions = average_precision_at_r(distances, asked, stored, allowed=allowed)
    for query, label in enumerate(asked):
        labels = [stored[entry] for entry in ranking(distances, allowed, query)]
        n_right = labels.count(label)
        total = 0.0
        for i in range(1, n_right + 1):
            if labels[i - 1] == label:
                total += labels[:i].count(label) / i
        assert precisions[query] == pytest.approx(total / n_right)


def test_average_precision_at_r_of_worked_examples():
    # The four of Musgrave et al. 2020, section 3.3: of ten right entries the first is found
    # alone, the first and the tenth, the first two, and all.
    distances = np.arange(20.0)[np.newaxis]
    for found, expected in (("a", 0.1), ("abbbbbbbba", 0.12), ("aa", 0.2), ("a" * 10, 1.0)):
        stored = found.ljust(10, "b")
        stored += "a" * (10 - stored.count("a"))
        got = average_precision_at_r(distances, ["a"], list(stored.ljust(20, "b")))
        assert got[0] == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_average_precision_at_r_agrees_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    stored, asked = rng.integers(0, 4, 60), rng.integers(0, 4, 20)
    distances = rng.random((20, 60))
    expected = []
    for row, label in zip(distances, asked, strict=True):
        n_right = (stored == label).sum()
        nearest = np.argsort(row)[:n_right]
        hits = stored[nearest] == label
        found = average_precision_score(hits, -row[nearest]) if hits.any() else 0.0
        expected.append(found * hits.sum() / n_right)
    assert average_precision_at_r(distances, asked, stored) == pytest.approx(expected)


def test_recall_at_k_agrees_with_scikit_learn_where_each_class_has_one_entry():
    rng = np.random.default_rng(0)
    asked, distances = rng.integers(0, 8, 50), rng.random((50, 8))
    for k in (1, 3, 7):
        hits = recall_at_k(distances, asked, np.arange(8), k)
        expected = top_k_accuracy_score(asked, -distances, k=k, labels=np.arange(8))
        assert hits.mean() == pytest.approx(expected)


def test_recall_counts_a_query_once():
    assert recall_at_k([[1, 2, 3]], ["a"], ["a", "a", "b"], 3).tolist() == [True]
    assert recall_at_k([[1, 2, 3]], ["b"], ["a", "a", "b"], 2).tolist() == [False]


def test_a_query_does_not_find_itself_where_that_is_not_allowed():
    labels, distances = ["a", "a", "b", "b"], np.abs(np.subtract.outer(range(4), [0, 2.4, 2, 5]))
    apart = ~np.eye(4, dtype=bool)
    assert first_ranks(distances, labels, labels).tolist() == [1, 1, 1, 2]
    assert first_ranks(distances, labels, labels, allowed=apart).tolist() == [2, 1, 3, 2]


def test_means_of_queries_have_intervals_over_writers():
    hits = recall_at_k([[1, 2], [2, 1], [1, 2]], list("aab"), list("ab"), 1)
    rate = mean_rate(hits, ["ann", "bob", "cy"], rng=np.random.default_rng(0))
    assert (rate.value, rate.n_writers) == (pytest.approx(1 / 3), 3)


def test_what_cannot_be_ranked_is_refused():
    with pytest.raises(ArgumentError, match="query 1 may find no entry with its label 'c'"):
        first_ranks([[1, 2], [1, 2]], ["a", "c"], ["a", "b"])
    with pytest.raises(ArgumentError, match="query 0 may find no entry with its label 'a'"):
        average_precision_at_r([[1, 2]], ["a"], ["a", "b"], allowed=[[False, True]])
    with pytest.raises(ArgumentError, match=r"query 0 may find no entry"):
        first_ranks(np.empty((1, 0)), ["a"], [])
    with pytest.raises(ArgumentError, match="distance 0, 1 is NaN"):
        first_ranks([[1, np.nan]], ["a"], ["a", "b"])
    with pytest.raises(ArgumentError, match=r"distances of shape \(2,\); needed: \(n_queries"):
        first_ranks([1, 2], ["a"], ["a", "b"])
    with pytest.raises(ArgumentError, match=r"\(1,\) query labels and \(1,\) corpus labels"):
        first_ranks([[1, 2]], ["a"], ["a"])
    with pytest.raises(ArgumentError, match="the corpus label of entry 1 is None"):
        first_ranks([[1, 2]], ["a"], ["a", None])
    with pytest.raises(ArgumentError, match=r"allowed has shape \(2,\) of bool"):
        first_ranks([[1, 2]], ["a"], ["a", "b"], allowed=[True, True])
    with pytest.raises(ArgumentError, match="k=0; at least 1 is needed"):
        recall_at_k([[1, 2]], ["a"], ["a", "b"], 0)
    with pytest.raises(ArgumentError, match="k=2; needed: 1 to 1, the entries that a query may"):
        recall_at_k([[1, 2]], ["a"], ["a", "b"], 2, allowed=[[True, False]])


def test_no_queries_have_no_ranks():
    assert first_ranks(np.empty((0, 2)), [], ["a", "b"]).tolist() == []
    assert average_precision_at_r(np.empty((0, 2)), [], ["a", "b"]).tolist() == []


def test_infinite_distances_rank_last_and_in_order():
    assert first_ranks([[np.inf, 1e300, np.inf]], ["b"], ["a", "b", "b"]).tolist() == [1]
    assert first_ranks([[np.inf, 1e300, np.inf]], ["c"], ["a", "b", "c"]).tolist() == [3]
