"""One pair at a time for the last few: EAPrunedDTW beside lanes: python benchmarks/eapruned.py.

EAPrunedDTW (Herrmann, Webb, Data Mining and Knowledge Discovery 35, 2021) computes only the cells
between those that are above the limit at the left and at the right of each row, and gives up when
none is left. Here in float32 for several features, compiled for their number. Lanes compute 16
pairs at once whether or not all are needed, so that few pairs favour it. Each work warps 1 to 16
random walks that wander off a query; the limit is a share of the least distance among them: below
1 all are abandoned, at 1 one is kept. Results are compared with the definition first. Processor
time, in turns, least of the rounds. Writes results/eapruned.md.
"""

from __future__ import annotations

import argparse
import os
import time

if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np
from machine import RESULTS, describe
from numba import njit

from strokesim.distances import DISTANCES
from strokesim.distances.bounds import fill_boxes
from strokesim.distances.cascade import pack_boxes
from strokesim.distances.lane_dtw import dtw_lanes, fill_tails, pack
from strokesim.distances.rooms import Rooms
from strokesim.ragged import Ragged

STEPS = (8, 32, 100, 500)
FEATURES = (1, 3, 6)
SURVIVORS = (1, 2, 4, 8, 16)
SHARES = (0.5, 1.0, 4.0)
RADII = (None, 4)


@njit(nogil=True)
def eapruned(query, values, start, m, below, above, limit, row, features):
    """Return the squared DTW distance, or inf where it is above the limit.

    ``row`` holds row i - 1 at columns ``first`` and later; ``kept`` is one behind its last cell
    within the limit: further right a cell can come from its left neighbour alone, and where that
    is above the limit too, the row ends.
    """
    n, infinite = len(query), np.float32(np.inf)
    row[: m + 1] = infinite
    row[0] = np.float32(0)
    first = kept = 0
    for i in range(n):
        start_at = max(first, i - below)
        stop = min(i + above + 1, m)
        diagonal = row[start_at]
        left = infinite
        row[start_at] = infinite
        next_first, next_kept = stop, 0
        for j in range(start_at, stop):
            up = row[j + 1] if j < kept else infinite
            before = min(min(up, diagonal), left)
            diagonal = up
            if j >= kept and before > limit:
                break
            cost = np.float32(0)
            for k in range(len(features)):
                gap = query[i, k] - values[start + j, k]
                cost += gap * gap
            left = cost + before
            if left <= limit:
                next_kept = j + 1
                next_first = min(next_first, j)
            else:
                left = infinite
            row[j + 1] = left
        if next_kept == 0:
            return infinite
        first, kept = next_first, next_kept
    return row[m] if kept == m else infinite


@njit(nogil=True)
def one_by_one(query, values, offsets, count, radius, limit, row, results, features, repeats):
    """Set the results of the first sequences, pair after pair."""
    n = len(query)
    for _ in range(repeats):
        for c in range(count):
            m = offsets[c + 1] - offsets[c]
            below, above = radius + max(n - m, 0), radius + max(m - n, 0)
            results[c] = eapruned(query, values, offsets[c], m, below, above, limit, row, features)


@njit(nogil=True)
def in_lanes(query, values, offsets, count, radius, limit, boxes, scratch, room, results, features,
             repeats):  # fmt: skip
    """Do the same as a search does with one block."""
    members, one = np.arange(count), np.float32(1)
    for _ in range(repeats):
        longest = pack(values.reshape(-1), offsets, members, count, one, len(features), room)
        pack_boxes(boxes, members, count, one, scratch.boxes)
        fill_tails(query, scratch.boxes, scratch.tails, features)
        dtw_lanes(query, radius, limit, scratch.tails, longest, room, features)
        results[:count] = room[5][:count]


def measure(n: int, n_features: int, count: int, radius: int | None, share: float, rounds: int,
            rng: np.random.Generator) -> tuple[float, float]:  # fmt: skip
    """Return the microseconds that both take for ``count`` candidates of about n steps."""
    features = (0,) * n_features
    query = rng.normal(size=(n, n_features)).cumsum(axis=0).astype(np.float32)
    lengths = np.sort(rng.integers(max(n * 9 // 10, 1), n * 11 // 10 + 1, count))
    candidates = []
    for m in lengths:
        stretched = query[np.linspace(0, n - 1, m).round().astype(int)]
        candidates.append(stretched + rng.normal(0, 0.3, (m, n_features)).cumsum(axis=0))
    # Sequences behind the last let blocks be packed as those of a corpus are.
    corpus = Ragged.from_arrays([*candidates, *candidates[:1] * 3])
    values, offsets, reach = corpus.values, corpus.offsets, 2**62 if radius is None else radius
    exact = DISTANCES["dtw"].prepare(corpus, radius).rows([query])[0, :count] ** 2
    limit = float(exact.min()) * share * (1 + 1e-4)
    most = max(n, int(lengths.max()))
    boxes = np.empty((len(corpus), 2 * n_features), np.float32)
    fill_boxes(values, offsets, boxes)
    rooms = Rooms(n_features)
    scratch, room = rooms.scratch(most, len(corpus)), rooms.single(most)
    row = np.empty(most + 1, np.float32)
    single, lanes = np.empty(count, np.float32), np.empty(count, np.float32)
    repeats = max(1, 200_000 // (n * min(n, 2 * min(reach, n) + 1) * count))

    def run_single() -> None:
        one_by_one(query, values, offsets, count, reach, np.float32(limit), row, single, features,
                   repeats)  # fmt: skip

    def run_lanes() -> None:
        in_lanes(query, values, offsets, count, reach, limit, boxes, scratch, room, lanes, features,
                 repeats)  # fmt: skip

    least = [np.inf, np.inf]
    for turn in range(rounds + 1):
        for place, work in enumerate((run_single, run_lanes)):
            begin = time.process_time_ns()
            work()
            if turn:
                least[place] = min(least[place], (time.process_time_ns() - begin) / repeats / 1e3)
    near = np.isclose(single, exact, rtol=1e-4)
    assert (near | ((single == np.inf) & (exact > limit * (1 - 1e-3)))).all(), (single, exact)
    return least[0], least[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="how often each work is timed")
    rounds = parser.parse_args().rounds
    rng = np.random.default_rng(0)
    lines, faster = [], 0
    for radius in RADII:
        for share in SHARES:
            for n in STEPS:
                for n_features in FEATURES:
                    cells = []
                    for count in SURVIVORS:
                        single, lanes = measure(n, n_features, count, radius, share, rounds, rng)
                        faster += single < lanes
                        cells.append(f"{single:.3g} / {lanes:.3g}")
                    band = "free" if radius is None else str(radius)
                    lines.append(f"| {band} | {share:g} | {n} | {n_features} | "
                                 + " | ".join(cells) + " |")  # fmt: skip
                    print(lines[-1], flush=True)
    works = len(lines) * len(SURVIVORS)
    text = [
        "# One pair at a time, or sixteen", "",
        "Written by `python benchmarks/eapruned.py`. Microseconds of EAPrunedDTW / of one block of "
        f"16 lanes, for 1 to 16 candidates; least of {rounds} rounds in turns. The limit is a "
        "share of the least square among them.", "",
        describe("numpy", "numba"), "",
        f"EAPrunedDTW was faster in {faster} of {works} works.", "",
        "| radius | limit | steps | features | " + " | ".join(map(str, SURVIVORS)) + " |",
        "|" + "---|" * (4 + len(SURVIVORS)), *lines,
    ]  # fmt: skip
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "eapruned.md").write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
