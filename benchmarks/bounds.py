"""What each lower bound of the cascade prunes and takes: python benchmarks/bounds.py.

Every bound is computed for all candidates of some queries, in lanes, as searches do. Pruned is
the share of candidates whose bound is above the k-th least distance: what a stage could leave out
if it stood alone behind the corners and the answer were known. Tightness is the mean of bound /
distance. Times are processor time on one core, stages in turns, least of the rounds, with what a
stage has to read and pack. LB_Improved, which searches do without, is timed in the place that it
would take: on what corners, rows and columns leave, before DTW, and against DTW without it.
Writes results/bounds.md.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np
from improved import improved_bounds, rooms
from machine import RESULTS, describe
from numba import njit
from scaling import strokes

from strokesim import FeatureSpec, load_dataset
from strokesim.distances import DISTANCES
from strokesim.distances.blocks import bound_blocks, near_blocks
from strokesim.distances.bounds import (
    DEPTH,
    column_bounds,
    fill_ends,
    fill_envelope,
    row_bounds,
)
from strokesim.distances.cascade import pack_boxes
from strokesim.distances.lane_dtw import dtw_lanes, fill_squares, fill_tails, pack
from strokesim.distances.lane_search import LaneSearch
from strokesim.distances.rooms import Rooms
from strokesim.distances.vectors import LANES
from strokesim.ragged import Ragged

RAW = FeatureSpec.parse("x,y,pen_up;along=samples")

BLOCKS, CORNERS, ROWS, COLUMNS, IMPROVED, DTW, EXACT = range(7)
STAGES = ("blocks", "corners", "corners + rows", "corners + columns", "corners + LB_Improved",
          "DTW, float32", "DTW, float64")  # fmt: skip


@njit(nogil=True)
def bound_chunk(query, radius, part, chunk, stage, scratch, room, wide, sums, features):
    """Set ``sums`` to what rows, columns or LB_Improved give for each position of the chunk."""
    flat, n, known = part.values.reshape(-1), len(query), (-1, -1, -1)
    members = np.empty(LANES, np.int64)
    for start in range(0, len(chunk), LANES):
        width = min(LANES, len(chunk) - start)
        for lane in range(width):
            members[lane] = part.order[chunk[start + lane]]
        if stage == ROWS:
            pack_boxes(part.boxes, members, width, part.scale, scratch.boxes)
            row_bounds(query, scratch.boxes, scratch.sums, features)
        else:
            shortest = part.lengths[chunk[start]]
            longest = part.lengths[chunk[start + width - 1]]
            below = min(radius + max(n - shortest, 0), n)
            above = min(radius + max(longest - n, 0), longest)
            free = radius >= n + part.lengths[-1]
            columns = longest
            if free:
                below, above, columns = n, 0, 1
            if (below, above, columns) != known:
                fill_envelope(query, columns, below, above, scratch.low, scratch.high)
                known = (below, above, columns)
            pack(flat, part.offsets, members, width, part.scale, len(features), room)
            if stage == COLUMNS:
                column_bounds(scratch.low, scratch.high, 0 if free else 1, room[0], longest,
                              room[7], scratch.ends, scratch.sums, features)  # fmt: skip
            else:
                improved_bounds(query, below, above, scratch.low, scratch.high, room, longest,
                                scratch.ends, scratch.sums, wide, features)  # fmt: skip
        for lane in range(width):
            sums[start + lane] = scratch.sums[lane]


@njit(nogil=True)
def warp_chunk(query, radius, limit, part, chunk, scratch, room, squares, features):
    """Set the squares of a chunk's positions, inf where whole blocks are above the limit."""
    members = np.empty(LANES, np.int64)
    for start in range(0, len(chunk), LANES):
        width = min(LANES, len(chunk) - start)
        for lane in range(width):
            members[lane] = part.order[chunk[start + lane]]
        longest = pack(part.values.reshape(-1), part.offsets, members, width, part.scale,
                       len(features), room)  # fmt: skip
        if limit < np.inf:
            pack_boxes(part.boxes, members, width, part.scale, scratch.boxes)
            fill_tails(query, scratch.boxes, scratch.tails, features)
        dtw_lanes(query, radius, limit, scratch.tails, longest, room, features)
        squares[start : start + width] = room[5][:width]


@njit(nogil=True)
def run_stage(queries, starts, radius, part, stage, scratch, room, double, wide, sums, features):
    """Compute one stage for all candidates of all queries, ``sums`` of (n_queries, n)."""
    blocks, everything = np.arange(len(part.shortest)), np.arange(len(part.order))
    ends = np.empty((2 * DEPTH, len(features)), np.float32)
    near, exact = np.empty(LANES, np.int64), np.empty(len(part.order))
    chosen = part.order.copy()
    for number in range(len(starts) - 1):
        query = queries[starts[number] : starts[number + 1]] * part.scale
        fill_ends(query, 0, len(query), np.float32(1), ends)
        if stage == BLOCKS:
            near_blocks(ends, len(query), part, scratch.block_bounds, near, features)
            for slot in range(len(part.slots)):
                sums[number, part.slots[slot]] = scratch.block_bounds[slot // LANES]
        elif stage == CORNERS:
            bound_blocks(ends, len(query), part, blocks, scratch.sums, sums[number], features)
        elif stage == DTW:
            warp_chunk(query, radius, np.inf, part, everything, scratch, room, sums[number],
                       features)  # fmt: skip
        elif stage == EXACT:
            plain = queries[starts[number] : starts[number + 1]].astype(np.float64)
            fill_squares(plain, np.array([0, len(plain)]), part.values, part.offsets, chosen,
                         np.arange(len(chosen)), np.float32(1), radius, (0, len(plain)), double,
                         exact.reshape(1, -1), features)  # fmt: skip
        else:
            bound_chunk(query, radius, part, everything, stage, scratch, room, wide,
                        sums[number], features)  # fmt: skip


@njit(nogil=True)
def finish(queries, starts, radius, limits, part, left, left_starts, corners, second,
           scratch, room, wide, sums, features):  # fmt: skip
    """Warp what is left of each query, with LB_Improved before or without; count the warped."""
    warped = 0
    for number in range(len(starts) - 1):
        query = queries[starts[number] : starts[number + 1]] * part.scale
        chunk = left[left_starts[number] : left_starts[number + 1]].copy()
        if second:
            bound_chunk(query, radius, part, chunk, IMPROVED, scratch, room, wide, sums, features)
            kept = 0
            for place in range(len(chunk)):
                chunk[kept] = chunk[place]
                kept += corners[number, chunk[kept]] + sums[place] <= limits[number]
            chunk = chunk[:kept]
        warped += len(chunk)
        warp_chunk(query, radius, limits[number], part, chunk, scratch, room, sums, features)
    return warped


def least_times(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the least processor time of each, taken in turns."""
    least = dict.fromkeys(works, np.inf)
    for turn in range(rounds + 1):
        for name, work in works.items():
            begin = time.process_time()
            work()
            if turn:  # the first only compiles
                least[name] = min(least[name], time.process_time() - begin)
    return least


def survey(title: str, corpus: Ragged, queries: list[np.ndarray], radius: int | None,
           rounds: int) -> tuple[list[str], list[str], list[str]]:  # fmt: skip
    """Return the lines of one corpus for the three tables."""
    searcher = DISTANCES["dtw"].prepare(corpus, radius)
    assert isinstance(searcher, LaneSearch) and len(searcher.parts.all) == 1
    part, features = searcher.parts.all[0], (0,) * corpus.n_features
    reach = 2**62 if radius is None else radius
    most = max(part.longest, *map(len, queries))
    memory = Rooms(corpus.n_features)
    scratch, room, double = memory.scratch(most, len(corpus)), memory.single(most), (
        memory.double(most))  # fmt: skip
    wide = rooms(most, most, corpus.n_features)
    together, starts = np.concatenate(queries), np.cumsum([0, *map(len, queries)])
    bounds = np.zeros((len(STAGES), len(queries), len(corpus)), np.float32)

    def stage_work(stage: int) -> Callable[[], object]:
        return lambda: run_stage(together, starts, reach, part, stage, scratch, room, double, wide,
                                 bounds[stage], features)  # fmt: skip

    stages = [stage for stage in range(len(STAGES)) if stage != IMPROVED or radius is not None]
    times = least_times({STAGES[stage]: stage_work(stage) for stage in stages}, rounds)
    squares = bounds[DTW].astype(np.float64)
    for stage in (ROWS, COLUMNS, IMPROVED):
        bounds[stage] += bounds[CORNERS]
    assert (bounds[:DTW] <= squares * (1 + 1e-4)).all()
    per_block = len(queries) * len(corpus) / LANES
    limits = {k: np.partition(squares, k - 1, axis=1)[:, k - 1] * (1 + 1e-5) for k in (1, 5)}
    first = []
    for stage in stages:
        took = f"{times[STAGES[stage]] / per_block * 1e9:,.0f} ns"
        if stage >= DTW:
            first.append(f"| {title} | {STAGES[stage]} | | | | {took} |")
            continue
        apart = squares > 0
        tight = np.sqrt(bounds[stage][apart] / squares[apart]).mean()
        pruned = [100 * (bounds[stage] > limits[k][:, None]).mean() for k in (1, 5)]
        first.append(f"| {title} | {STAGES[stage]} | {tight:.2f} | {pruned[0]:.2f} % "
                     f"| {pruned[1]:.2f} % | {took} |")  # fmt: skip
    second, third = [], []
    for k in (1, 5):
        searcher = DISTANCES["dtw"].prepare(corpus, radius)
        searcher.nearest_of_all(queries, k, np.inf, 1)
        seen = [f"{count / len(queries):,.0f}" for count in searcher.seen]
        second.append(f"| {title} | {k} | {len(corpus):,} | " + " | ".join(seen) + " |")
        if radius is None:
            continue
        kept = (bounds[[ROWS, COLUMNS]] <= limits[k][:, None]).all(axis=0)
        left, left_starts = np.nonzero(kept)[1], np.cumsum([0, *kept.sum(axis=1)])
        sums, counts = np.empty(len(corpus), np.float32), {}

        def warp(second: bool, k: int = k, left: np.ndarray = left,
                 places: np.ndarray = left_starts,
                 sums: np.ndarray = sums, counts: dict[bool, int] = counts) -> None:  # fmt: skip
            counts[second] = finish(together, starts, reach, limits[k], part, left, places,
                                    bounds[CORNERS], second, scratch, room, wide, sums,
                                    features)  # fmt: skip

        both = least_times({"no": lambda: warp(False), "yes": lambda: warp(True)}, 3 * rounds)
        counted = [counts[second] / len(queries) for second in (False, True)]
        each = [both[name] / len(queries) * 1e6 for name in ("no", "yes")]
        third.append(f"| {title} | {k} | {counted[0]:,.1f} | {counted[1]:,.1f} | {each[0]:.1f} us "
                     f"| {each[1]:.1f} us | {each[0] / each[1]:.2f} |")  # fmt: skip
    return first, second, third


def works(n_queries: int) -> list[tuple[str, Ragged, list[np.ndarray], int | None]]:
    """Return title, corpus, queries and radius of each work."""
    train, test = load_dataset("pendigits", "train"), load_dataset("pendigits", "test")
    chosen = np.random.default_rng(2).choice(len(test), n_queries, replace=False)
    asked = [test[i] for i in chosen]
    letters = load_dataset("ujipenchars")
    others = [ink for place, ink in enumerate(letters) if place % 10]
    tenth = [letters[i] for i in np.random.default_rng(3).choice(
        np.arange(0, len(letters), 10), n_queries, replace=False)]  # fmt: skip
    spec = FeatureSpec()
    synthetic, drawn = strokes(10_000, 1), strokes(n_queries, 2)

    def each(sequences: Ragged) -> list[np.ndarray]:
        return [np.ascontiguousarray(one) for one in sequences]

    return [
        ("pendigits, recorded samples, free", RAW.transform_all(train),
         each(RAW.transform_all(asked)), None),
        ("pendigits, 32 steps, radius 4", spec.transform_all(train),
         each(spec.transform_all(asked)), 4),
        ("pendigits, recorded samples, radius 4", RAW.transform_all(train),
         each(RAW.transform_all(asked)), 4),
        ("ujipenchars, 32 steps, radius 4", spec.transform_all(others),
         each(spec.transform_all(tenth)), 4),
        ("ujipenchars, recorded samples, radius 8", RAW.transform_all(others),
         each(RAW.transform_all(tenth)), 8),
        ("synthetic strokes, free", synthetic, each(drawn), None),
        ("synthetic strokes, radius 4", synthetic, each(drawn), 4),
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="how often each stage is timed")
    parser.add_argument("--queries", type=int, default=60, help="how many queries of each corpus")
    given = parser.parse_args()
    tables: tuple[list[str], list[str], list[str]] = ([], [], [])
    for work in works(given.queries):
        for table, lines in zip(tables, survey(*work, given.rounds), strict=True):
            table += lines
            print(*lines, sep="\n", flush=True)
    text = [
        "# What the bounds prune, and what they take", "",
        f"Written by `python benchmarks/bounds.py`: {given.queries} queries of each corpus against "
        f"all candidates; times are the least of {given.rounds} rounds.", "",
        describe("numpy", "numba"), "",
        "Pruned is the share of candidates above the k-th least distance, tightness the mean of "
        "bound / distance.", "",
        "| corpus | bound | tightness | pruned, k = 1 | pruned, k = 5 | 16 candidates |",
        "|---|---|---|---|---|---|", *tables[0], "",
        "## Candidates that reach each stage of a search, per query", "",
        "| corpus | k | all | corners | rows | columns | warped |", "|---|---|---|---|---|---|---|",
        *tables[1], "",
        "## LB_Improved before DTW", "",
        "On what corners, rows and columns leave at the final limit: candidates per query, and "
        "time to warp them, without LB_Improved and with it first.", "",
        "| corpus | k | left | left by LB_Improved | without | with | gain |",
        "|---|---|---|---|---|---|---|", *tables[2],
    ]  # fmt: skip
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "bounds.md").write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
