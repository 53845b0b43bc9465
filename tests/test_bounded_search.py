"""Bounds of order-free and shifted distances: never above the definition, and of use."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import oracle
from strategies import FLOATS, SMALL, sequences
from strokesim import DISTANCES, Corpus, Index
from strokesim.distances import cloud_bounds, shifted_bounds
from strokesim.distances.parts import Parts
from strokesim.distances.vectors import LANES, aligned
from strokesim.ragged import Ragged


@st.composite
def query_and_candidates(draw):
    features, elements = draw(st.sampled_from([1, 3])), draw(st.sampled_from([SMALL, FLOATS]))
    one = sequences(features, elements, 20)
    return draw(one), draw(st.lists(one, min_size=1, max_size=20))


def prepared(query, candidates):
    part = Parts(Ragged.from_arrays(candidates)).all[0]
    assume(float(np.abs(query).max()) * float(part.scale) < 2.0**50)
    return part, query * part.scale


def cloud_bounds_of(query, candidates):
    """The part, and bounds of the half mean there, and of both, in the units of the features."""
    part, scaled = prepared(query, candidates)
    summary = cloud_bounds.summarise(part)
    n, near = len(query), len(cloud_bounds.NEAR)
    chosen, radii = np.empty(n * near, np.int64), np.empty(n * near, np.float32)
    table = np.empty(summary.landmarks.shape[1], np.float32)
    cloud_bounds.choose_landmarks(scaled, summary, chosen, radii, table)
    bounds = aligned(-(-len(candidates) // LANES) * LANES)
    cloud_bounds.bound_there(n, chosen, radii, summary, bounds)
    there = bounds[: len(candidates)].copy()
    assert cloud_bounds.add_back(part, summary.cells, table, np.inf, bounds) == len(candidates)
    shares = np.empty((n + 1) * LANES, np.float32)
    positions = np.arange(min(len(candidates), LANES))
    cloud_bounds.fill_shares(positions, len(positions), chosen, radii, summary, shares)
    # With more landmarks for each step, the bound of all steps is the larger one.
    assert (shares[: len(positions)] <= 2 * n * there[: len(positions)] * (1 + 1e-5)).all()
    both = bounds[: len(there)]
    return part, *(one.astype(np.float64) / float(part.scale) for one in (there, both))


def half_mean_nearest(points, others):
    return sum(min(math.dist(p, q) for q in others) for p in points) / len(points) / 2


@given(query_and_candidates())
def test_landmarks_and_cells_never_bound_above_the_means(drawn):
    query, candidates = drawn
    part, there, both = cloud_bounds_of(query, candidates)
    grain = 2.0**-60 / float(part.scale)
    a = query.astype(np.float64).tolist()
    for position, number in enumerate(part.order):
        b = candidates[number].astype(np.float64).tolist()
        assert there[position] <= half_mean_nearest(a, b) * (1 + 1e-5) + grain
        assert both[position] <= oracle.cloud(a, b) * (1 + 1e-5) + grain


@given(query_and_candidates())
def test_means_never_bound_above_the_shifted_distance(drawn):
    query, candidates = drawn
    part, scaled = prepared(query, candidates)
    summary = shifted_bounds.summarise(part)
    means = np.empty(query.shape, np.float32)
    n_means = shifted_bounds.slide(scaled, summary.width, means)
    bounds = aligned(-(-len(candidates) // LANES) * LANES)
    features = (0,) * query.shape[1]
    shifted_bounds.bound_shifts(len(query), means, n_means, part, summary, bounds, features)
    haze = shifted_bounds.haze_of(scaled, part.lengths[-1], summary)
    a = query.astype(np.float64).tolist()
    for position, number in enumerate(part.order):
        b = candidates[number].astype(np.float64).tolist()
        square = (oracle.euclidean_shifted(a, b) * float(part.scale)) ** 2
        assert bounds[position] <= shifted_bounds.relaxed(square * (1 + 1e-5) + 1e-30, haze)


def walks(count, seed=1, steps=40):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n, 3)).cumsum(axis=0) for n in rng.integers(8, steps, count)]


@pytest.mark.parametrize("name", ["cloud", "euclidean_shifted"])
def test_bounds_spare_most_candidates_of_a_corpus_with_kinds(name):
    kinds = walks(20, steps=30)
    rng = np.random.default_rng(2)
    corpus = [kinds[i % 20] + rng.normal(size=3) * 0.05 for i in range(4000)]
    searcher = DISTANCES[name].prepare(Ragged.from_arrays(corpus))
    queries = [np.ascontiguousarray(one, np.float32) for one in kinds[:5]]
    searcher.nearest_of_all(queries, 1, np.inf, 1)
    assert searcher.seen.bounded == 5 * 4000
    assert searcher.seen.compared < 0.3 * searcher.seen.bounded


@pytest.mark.parametrize("name", ["cloud", "euclidean_shifted"])
def test_what_is_added_or_removed_counts_at_once(name):
    arrays = walks(60)
    index = Index(Corpus.from_arrays(arrays), name)
    assert index.search(arrays[7])[0][0].index == 7
    index.remove([7])
    assert index.search(arrays[7])[0][0].index != 7
    index.add(Corpus.from_arrays([arrays[7], arrays[3]]))
    assert index.search(arrays[7], 2)[0][0].index == 60
    expected = sorted(
        (DISTANCES[name].function(arrays[3], one), number)
        for number, one in enumerate([*arrays, arrays[7], arrays[3]])
        if number != 7
    )
    found = [(match.distance, match.index) for match in index.search(arrays[3], 61)[0]]
    assert found == expected


@pytest.mark.parametrize("name", ["cloud", "euclidean_shifted"])
@pytest.mark.parametrize("scale", [1e-42, 1e-30, 1.0, 1e30])
def test_constant_and_one_step_sequences_of_any_size_are_ranked_exactly(name, scale):
    arrays = [np.full((n, 2), value * scale) for n in (1, 2, 17) for value in (0, 1, 1, -3)] * 3
    index = Index(Corpus.from_arrays(arrays), name)
    for query in (np.full((1, 2), scale), np.full((20, 2), -scale), np.full((3, 2), 3e37)):
        expected = sorted(
            (DISTANCES[name].function(query, one), number) for number, one in enumerate(arrays)
        )
        found = [(match.distance, match.index) for match in index.search(query, 36)[0]]
        assert found == expected


@pytest.mark.parametrize("cells", [1, 2_000, 60_000])
@pytest.mark.parametrize("name", ["dtw", "cloud", "euclidean_shifted"])
def test_long_queries_are_answered_in_several_calls(name, cells, monkeypatch):
    rng = np.random.default_rng(4)
    walks = [rng.integers(0, 4, (n, 2)).astype(np.float32) for n in rng.integers(1, 60, 90)]
    searcher = DISTANCES[name].prepare(Ragged.from_arrays(walks[:80]))
    searcher.parts.remove(np.array([3, 50]))
    expected = searcher.nearest_of_all(walks[80:], 5, np.inf, 1)
    for module in ("lane_search", "bounded_search"):
        monkeypatch.setattr(f"strokesim.distances.{module}.CELLS_OF_SEARCH", cells)
    monkeypatch.setattr("strokesim.distances.bounded_search.BATCH_STEPS", 1)
    for threads in (1, 2):
        found = searcher.nearest_of_all(walks[80:], 5, np.inf, threads)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one.distances, other.distances)
            np.testing.assert_array_equal(one.indices, other.indices)
