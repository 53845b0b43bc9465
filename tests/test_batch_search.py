"""Euclidean, shifted and order-free searches: sorting all distances, whatever is abandoned."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from strategies import FLOATS, SMALL, sequences
from strokesim import DISTANCES, cdist
from strokesim.distances.batch_search import BatchSearch
from strokesim.ragged import Ragged

NAMES = ["cloud", "euclidean", "euclidean_shifted"]


@st.composite
def queries_and_candidates(draw, equal):
    features, elements = draw(st.sampled_from([1, 3])), draw(st.sampled_from([SMALL, FLOATS]))
    steps = draw(st.integers(1, 20))
    one = sequences(features, elements, steps, steps if equal else 1)
    different = draw(st.lists(one, min_size=1, max_size=6))
    entries = draw(st.lists(st.sampled_from(different), min_size=1, max_size=35))
    return draw(st.lists(one, min_size=1, max_size=10)), Ragged.from_arrays(entries)


def answers(name, candidates, *arguments):
    found = DISTANCES[name].prepare(candidates).nearest_of_all(*arguments)
    return [list(zip(*map(np.ndarray.tolist, one), strict=True)) for one in found]


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_a_search_is_sorting_all_distances(name, data):
    entry = DISTANCES[name]
    queries, candidates = data.draw(queries_and_candidates(not entry.unequal))
    distances = [[entry.function(query, one) for one in candidates] for query in queries]
    k = data.draw(st.integers(1, len(candidates)))
    cutoff = data.draw(st.just(math.inf) | st.sampled_from(distances[0]))
    expected = [oracle.nearest(row, k, cutoff) for row in distances]
    assert answers(name, candidates, queries, k, cutoff, 1) == expected


@pytest.mark.parametrize("name", NAMES)
def test_more_ties_than_there_is_room_for_are_all_looked_at(name):
    candidates = Ragged.from_arrays([np.full((3, 1), 7.0)] * 2000 + [np.full((3, 1), 6.0)])
    found = answers(name, candidates, [np.full((3, 1), 5, np.float32)], 3, math.inf, 1)
    near = DISTANCES[name].function([5, 5, 5], [6, 6, 6])
    far = DISTANCES[name].function([5, 5, 5], [7, 7, 7])
    assert found == [[(near, 2000), (far, 0), (far, 1)]]


@pytest.mark.parametrize("name", NAMES)
def test_parts_and_threads_have_no_influence(name, monkeypatch):
    rng = np.random.default_rng(5)
    lengths = np.full(200, 9) if name == "euclidean" else rng.integers(1, 40, 200)
    walks = [rng.integers(-1, 2, (n, 3)).cumsum(axis=0) for n in lengths]
    candidates = Ragged.from_arrays(walks)
    queries = list(candidates)[:30]
    expected = {k: answers(name, candidates, queries, k, math.inf, 1) for k in (1, 5, 200)}
    monkeypatch.setattr("strokesim.distances.parts.STEPS_PER_PART", 300)
    for k, answer in expected.items():
        assert answers(name, candidates, queries, k, math.inf, 2) == answer
        assert [answers(name, candidates, [q], k, math.inf, 2)[0] for q in queries] == answer


@pytest.mark.parametrize("name", NAMES)
def test_float32_is_within_its_promise(name):
    rng = np.random.default_rng(6)
    lengths = [30] * 7 if name == "euclidean" else [1, 2, 30, 60, 61, 100, 30]
    a = [rng.normal(size=(n, 3)).cumsum(axis=0) for n in lengths]
    a += [a[-1] * 1e-30, a[-1] * 1e-30 + 1e-37, a[-1] * 1e18]
    exact = cdist(a, distance=name)
    fast = cdist(a, distance=name, dtype=np.float32)
    np.testing.assert_allclose(fast, exact, rtol=1e-5, atol=0)


def test_progress_counts_every_query_once():
    done = []
    candidates = Ragged.from_arrays([[1.0], [2.0]])
    queries = [np.zeros((1, 1), np.float32)] * 150
    BatchSearch(0, candidates, 0).nearest_of_all(queries, 1, math.inf, 2, done.append)
    assert sum(done) == 150
