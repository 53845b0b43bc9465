"""Clusters: every candidate has one slot, and those alike share blocks."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from strokesim.distances.bounds import DEPTH
from strokesim.distances.clusters import LONG, fill_block_boxes, fill_slots, select
from strokesim.distances.lane_search import LaneSearch
from strokesim.distances.vectors import LANES
from strokesim.ragged import Ragged


@given(keys=st.lists(st.integers(0, 5), min_size=1, max_size=70), data=st.data())
def test_selection_puts_none_before_the_middle_that_is_larger_than_one_behind(keys, data):
    keys = np.array(keys, np.float32)
    middle = data.draw(st.integers(0, len(keys) - 1))
    moved, slots = keys.copy(), np.arange(len(keys))
    select(moved, slots, 0, middle, len(keys))
    assert moved.tolist() == keys[slots].tolist()
    assert sorted(slots.tolist()) == list(range(len(keys)))
    assert max(moved[:middle], default=-1) <= moved[middle] == min(moved[middle:])


@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=100),
    seed=st.integers(0, 9),
    spread=st.sampled_from([0, 1, 1000]),
)
def test_slots_hold_every_position_once_and_ascend_in_short_lengths(lengths, seed, spread):
    lengths = np.sort(lengths)
    points = np.random.default_rng(seed).integers(-spread, spread + 1, (len(lengths), 3))
    slots = np.empty(len(lengths), np.int64)
    fill_slots(lengths, points.astype(np.float32), slots)
    assert sorted(slots.tolist()) == list(range(len(lengths)))
    assert (np.diff(np.minimum(lengths[slots], LONG)) >= 0).all()


def test_what_lies_apart_is_in_different_blocks():
    rng = np.random.default_rng(0)
    heap = rng.permutation(np.repeat(np.arange(8), LANES))
    points = np.stack([heap % 2 * 100, heap // 2 * 100, rng.random(len(heap))], 1)
    slots = np.empty(len(heap), np.int64)
    fill_slots(np.full(len(heap), 20), points.astype(np.float32), slots)
    assert all(len(set(block)) == 1 for block in heap[slots].reshape(-1, LANES).tolist())


def test_the_box_of_a_block_is_around_what_it_holds_and_no_other_block_is_near():
    corners = np.random.default_rng(1).normal(size=(3, 2 * DEPTH, 2, LANES)).astype(np.float32)
    boxes = np.zeros((1, 2 * DEPTH, 2, 2, LANES), np.float32)
    fill_block_boxes(corners, 2 * LANES + 5, boxes)
    for block, width in enumerate([LANES, LANES, 5]):
        held = corners[block, :, :, :width]
        assert (boxes[0, :, 0, :, block] == held.min(axis=2)).all()
        assert (boxes[0, :, 1, :, block] == held.max(axis=2)).all()
    assert (boxes[0, :, 0, :, 3:] == math.inf).all()
    assert (boxes[0, :, 1, :, 3:] == -math.inf).all()


def test_most_blocks_of_clustered_strokes_are_never_looked_into():
    rng = np.random.default_rng(2)
    places = rng.integers(-9, 10, (60, 2)) * 100
    walks = [
        places[place] + rng.normal(size=(n, 2)).cumsum(axis=0)
        for place, n in zip(rng.integers(0, 60, 3000), rng.integers(5, 30, 3000), strict=True)
    ]
    candidates = Ragged.from_arrays(walks)
    search = LaneSearch(candidates, 2**62)
    for number in range(20):
        (found,) = search.nearest_of_all([candidates[number]], 2, math.inf)
        expected = search.rows([candidates[number]])[0]
        assert found.indices.tolist() == np.argsort(expected, kind="stable")[:2].tolist()
    assert search.seen.corners < 20 * 3000 / 3
