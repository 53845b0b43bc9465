"""Lanes: what filters never leaves out an answer, what decides is the definition to the bit."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from strategies import FLOATS, SMALL, radii, sequences
from strokesim.distances.blocks import bound_blocks, in_order_of_bounds, near_blocks
from strokesim.distances.bounds import (
    DEPTH,
    POINTS,
    column_bounds,
    corner_bounds,
    fill_ends,
    fill_envelope,
    row_bounds,
)
from strokesim.distances.cascade import keep_best
from strokesim.distances.checks import check_radius
from strokesim.distances.kernels import dtw_square
from strokesim.distances.lane_dtw import dtw_lanes, fill_tails, pack, room_for
from strokesim.distances.lane_search import LaneSearch
from strokesim.distances.parts import parts_of, prepare_part
from strokesim.distances.rooms import Rooms
from strokesim.distances.vectors import LANES
from strokesim.ragged import Ragged

# Few numbers of features, so that few variants are compiled; the long run draws 1 to 12.
FEATURES = st.sampled_from([1, 3])


@st.composite
def query_and_candidates(draw, elements=SMALL, max_steps=20, max_entries=2 * LANES + 3):
    one = sequences(draw(FEATURES), elements, max_steps)
    different = draw(st.lists(one, min_size=1, max_size=6))
    entries = draw(st.lists(st.sampled_from(different), min_size=1, max_size=max_entries))
    return draw(one), Ragged.from_arrays(entries)


def squares(query, candidates, radius):
    row = np.empty(int(candidates.lengths.max()))
    return [dtw_square(query, one, check_radius(radius), row, 0, len(query)) for one in candidates]


def packed(candidates, number):
    """A room that holds the candidates, at most LANES, side by side."""
    longest = int(candidates.lengths.max())
    room = room_for(longest, candidates.n_features, number)
    members, one = np.arange(len(candidates)), np.float32(1)
    flat = candidates.values.reshape(-1)
    pack(flat, candidates.offsets, members, len(members), one, candidates.n_features, room)
    return room, longest


@given(data=st.data(), radius=radii)
def test_float64_lanes_do_what_the_definition_does_to_the_last_bit(data, radius):
    elements = data.draw(st.sampled_from([SMALL, FLOATS]))
    query, candidates = data.draw(query_and_candidates(elements, max_entries=LANES))
    room, longest = packed(candidates, np.float64)
    features, none = (0,) * candidates.n_features, np.empty(0)
    dtw_lanes(query.astype(float), check_radius(radius), math.inf, none, longest, room, features)
    assert room[5][: len(candidates)].tolist() == squares(query, candidates, radius)


@given(drawn=query_and_candidates(max_entries=LANES), radius=radii, share=st.floats(0, 1.5))
def test_float32_lanes_abandon_only_what_is_above_the_limit(drawn, radius, share):
    query, candidates = drawn
    expected = squares(query, candidates, radius)
    limit = share * max(expected)
    room, longest = packed(candidates, np.float32)
    features = (0,) * candidates.n_features
    tails = np.zeros((len(query) + 1) * LANES, np.float32)
    dtw_lanes(query, check_radius(radius), limit, tails, longest, room, features)
    for square, result in zip(expected, room[5].tolist(), strict=False):
        assert result == square or (square > limit and result == math.inf)


@given(drawn=query_and_candidates(max_entries=LANES), radius=radii)
def test_no_bound_exceeds_the_distance(drawn, radius):
    query, candidates = drawn
    n, n_features = query.shape
    features = (0,) * n_features
    part = prepare_part(candidates, 0)
    scaled = query * part.scale
    ends = np.empty((2 * DEPTH, n_features), np.float32)
    fill_ends(scaled, 0, n, np.float32(1), ends)
    rooms = Rooms(n_features)
    longest = int(max(candidates.lengths.max(), n))
    scratch, room = rooms.scratch(longest, len(candidates)), rooms.single(longest)
    blocks, near = np.arange(len(part.shortest)), np.empty(LANES, np.int64)
    assert bound_blocks(ends, n, part, blocks, scratch.sums, scratch.bounds, features) == len(
        candidates
    )
    near_blocks(ends, n, part, scratch.block_bounds, near, features)
    for slot, position in enumerate(part.slots):
        assert scratch.block_bounds[slot // LANES] <= scratch.bounds[position]
    pack(part.values.reshape(-1), part.offsets, part.order, len(candidates), part.scale,
         n_features, room)  # fmt: skip
    lower, upper = part.boxes[part.order, :n_features].T, part.boxes[part.order, n_features:].T
    boxes = np.zeros((2, n_features, LANES), np.float32)
    boxes[:, :, : len(candidates)] = np.stack([lower, upper]) * part.scale
    reach = check_radius(radius)
    shortest, most = int(part.lengths[0]), int(part.lengths[-1])
    below, above = min(reach + max(n - shortest, 0), n), min(reach + max(most - n, 0), most)
    fill_envelope(scaled, most, below, above, scratch.low, scratch.high)
    column_bounds(scratch.low, scratch.high, 1, room[0], most, room[7], scratch.ends,
                  scratch.sums, features)  # fmt: skip
    columns = scratch.sums.copy()
    row_bounds(scaled, boxes.ravel(), scratch.sums, features)
    fill_tails(scaled, boxes.ravel(), scratch.tails, features)
    unscaled = float(part.scale) ** 2
    for lane, square in enumerate(np.array(squares(query, candidates, radius))[part.order]):
        corner, middle = float(scratch.bounds[lane]), float(max(columns[lane], scratch.sums[lane]))
        assert (corner + middle) / unscaled <= square
        for i in range(4, n + 1, 4):
            assert scratch.tails[i * LANES + lane] / unscaled <= square


@given(
    query=sequences(3, max_steps=40),
    columns=st.integers(1, 50),
    below=st.integers(0, 40),
    above=st.integers(0, 50),
)
def test_the_envelope_is_around_the_steps_that_a_column_meets(query, columns, below, above):
    n = len(query)
    below, above = min(below, n), min(max(above, columns - n), columns)
    scratch = Rooms(3).scratch(max(n, columns), 1)
    fill_envelope(query, columns, below, above, scratch.low, scratch.high)
    for j in range(columns):
        met = query[max(j - above, 0) : j + below + 1]
        assert (scratch.low[j] == met.min(axis=0)).all()
        assert (scratch.high[j] == met.max(axis=0)).all()


def test_the_bounds_are_tight_where_they_can_be():
    part = prepare_part(Ragged.from_arrays([np.arange(8.0) + 10]), 0)
    query = np.arange(8, dtype=np.float32)[:, None] * part.scale
    ends = np.empty((2 * DEPTH, 1), np.float32)
    fill_ends(query, 0, 8, np.float32(1), ends)
    bounds = np.empty(LANES, np.float32)
    corner_bounds(POINTS, ends, 8, part.corners, 0, 8, bounds, 0, (0,))
    # From both ends: 10^2 at the first pair, then 3 steps along the shorter way, 9^2 + 8^2 + 7^2.
    assert bounds[0] / float(part.scale) ** 2 == 2 * (100 + 81 + 64 + 49)


@st.composite
def searches(draw):
    """A query, candidates, and numbers scaled by a power of two that may be huge or tiny."""
    query, candidates = draw(query_and_candidates(draw(st.sampled_from([SMALL, FLOATS]))))
    scale = np.float32(2.0 ** draw(st.sampled_from([0, 0, 60, -60, -148])))
    with np.errstate(over="ignore"):
        values, scaled = candidates.values * scale, query * scale
    if not (np.isfinite(values).all() and np.isfinite(scaled).all()):
        values, scaled = candidates.values, query
    if draw(st.booleans()):
        scaled = query
    return scaled, Ragged(values, candidates.offsets)


@given(data=st.data(), radius=radii)
def test_a_search_is_sorting_all_distances(data, radius):
    query, candidates = data.draw(searches())
    distances = np.sqrt(squares(query, candidates, radius)).tolist()
    k = data.draw(st.integers(1, len(candidates)))
    cutoff = data.draw(st.just(math.inf) | st.sampled_from(distances))
    search = LaneSearch(candidates, check_radius(radius))
    (found,) = search.nearest_of_all([query], k, cutoff)
    assert list(zip(*map(list, found), strict=True)) == oracle.nearest(distances, k, cutoff)
    assert search.rows([query])[0].tolist() == distances


@pytest.mark.parametrize("radius", [None, 0, 3])
@pytest.mark.parametrize("threads", [1, 2])
def test_parts_have_no_influence(radius, threads, monkeypatch):
    rng = np.random.default_rng(5)
    walks = [rng.integers(-1, 2, (n, 3)).cumsum(axis=0) for n in rng.integers(1, 40, 200)]
    candidates = Ragged.from_arrays(walks)
    whole = LaneSearch(candidates, check_radius(radius))
    monkeypatch.setattr("strokesim.distances.parts.STEPS_PER_PART", 300)
    assert len(list(parts_of(candidates))) > 8
    cut = LaneSearch(candidates, check_radius(radius))
    for number in range(20):
        for k in (1, 5, 200):
            expected = whole.nearest_of_all([candidates[number]], k, math.inf)[0]
            found = cut.nearest_of_all([candidates[number]], k, math.inf, threads)[0]
            assert [array.tolist() for array in found] == [array.tolist() for array in expected]


def test_bounds_come_in_order():
    bounds = np.array([5, 0, 9, np.inf, 3, 9], np.float32)
    order = np.empty(7, np.int64)
    in_order_of_bounds(bounds, np.array([0, 1, 4]), 3, order)
    assert order[:3].tolist() == [1, 4, 0]
    in_order_of_bounds(bounds, np.array([0, 1, 2, 4, 5]), 5, order)
    assert order[:5].tolist() == [1, 4, 0, 2, 5]
    in_order_of_bounds(np.zeros(3, np.float32), np.arange(3), 3, order)
    assert order[:3].tolist() == [0, 1, 2]


@given(numbers=st.lists(st.integers(0, 9), min_size=1, max_size=40), k=st.integers(1, 8))
def test_the_heap_keeps_the_least(numbers, k):
    best = np.full(k, np.inf)
    for number in numbers:
        if number < best[0]:
            keep_best(best, number)
    kept = sorted(best.tolist())
    assert kept[: len(numbers)] == sorted(numbers)[:k]
    assert best[0] == kept[-1]
