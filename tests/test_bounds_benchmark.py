"""The bound that is measured only: it holds, so that what is said of it is about a bound."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from test_lanes import query_and_candidates

from conftest import ROOT
from strategies import radii
from strokesim.distances.bounds import DEPTH, POINTS, corner_bounds, fill_ends, fill_envelope
from strokesim.distances.checks import check_radius
from strokesim.distances.kernels import dtw_square
from strokesim.distances.lane_dtw import pack
from strokesim.distances.parts import prepare_part
from strokesim.distances.rooms import Rooms
from strokesim.distances.vectors import LANES
from strokesim.ragged import Ragged


@pytest.fixture
def improved(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import improved

    return improved


def improved_squares(improved, query, candidates, radius):
    """The part, and in its order LB_Improved and the corners, unscaled."""
    n, n_features = query.shape
    features, part, reach = (0,) * n_features, prepare_part(candidates, 0), check_radius(radius)
    scaled = query * part.scale
    shortest, longest = int(part.lengths[0]), int(part.lengths[-1])
    scratch = Rooms(n_features).scratch(max(n, longest), len(candidates))
    room = Rooms(n_features).single(longest)
    pack(part.values.reshape(-1), part.offsets, part.order, len(candidates), part.scale,
         n_features, room)  # fmt: skip
    below = min(reach + max(n - shortest, 0), n)
    above = min(reach + max(longest - n, 0), longest)
    fill_envelope(scaled, longest, below, above, scratch.low, scratch.high)
    sums = np.empty(LANES, np.float32)
    improved.improved_bounds(
        scaled, below, above, scratch.low, scratch.high, room, longest, scratch.ends, sums,
        improved.rooms(n, longest, n_features), features,
    )  # fmt: skip
    ends = np.empty((2 * DEPTH, n_features), np.float32)
    fill_ends(scaled, 0, n, np.float32(1), ends)
    corners = np.empty(LANES, np.float32)
    corner_bounds(POINTS, ends, n, part.corners, 0, shortest, corners, 0, features)
    by_position = np.empty(len(candidates))
    by_position[part.slots] = corners[: len(candidates)]
    unscaled = float(part.scale) ** 2
    return part, sums[: len(candidates)].astype(float) / unscaled, by_position / unscaled


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=query_and_candidates(max_entries=LANES), radius=radii)
def test_the_second_pass_never_exceeds_the_distance(improved, drawn, radius):
    query, candidates = drawn
    part, bounds, corners = improved_squares(improved, query, candidates, radius)
    row = np.empty(int(candidates.lengths.max()))
    for bound, corner, sequence in zip(bounds, corners, part.order, strict=True):
        whole = 0, len(query)
        square = dtw_square(query, candidates[sequence], check_radius(radius), row, *whole)
        assert bound + corner <= square


def test_the_second_pass_sees_what_the_query_has_alone(improved):
    query = np.zeros((12, 1), np.float32)
    query[6] = 5
    candidates = Ragged.from_arrays([np.zeros((12, 1))])
    # No step of the candidate is outside the query's envelope, so LB_Keogh is 0.
    _, bounds, _ = improved_squares(improved, query, candidates, 1)
    assert bounds.tolist() == [25]
