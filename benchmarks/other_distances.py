"""Exact search under `cloud` and `euclidean_shifted`, beside a plain loop and lanes without bounds.

python benchmarks/other_distances.py [--repeats 7] [NAME ...]

One thread on one core, contestants in turns, medians of their processor time, 1-NN of 100 inks. The
plain loop is what one would write with Numba: float32, one candidate after the other, abandoned
above the best so far. Lanes without bounds compare every candidate, 16 at a time. Answers are
compared first. Features: x, y with undirected tangents at 32 steps, and the recorded x, y, pen_up.
Writes results/other_distances.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np
from machine import RESULTS, describe
from numba import njit

from strokesim import FeatureSpec, load_dataset
from strokesim.distances import DISTANCES
from strokesim.ragged import Ragged

SPECS = {
    "32 steps": FeatureSpec(features={"x": 1, "y": 1, "cos2": 0.5, "sin2": 0.5}, steps=32),
    "recorded": FeatureSpec.parse("x,y,pen_up;along=samples"),
}
N_QUERIES = 100


@njit(cache=True, nogil=True)
def square_of(a, i, b, j):
    total = np.float32(0)
    for k in range(a.shape[1]):
        gap = a[i, k] - b[j, k]
        total += gap * gap
    return total


@njit(cache=True, nogil=True)
def plain_cloud(query, values, offsets):
    best, where, n = np.inf, -1, len(query)
    for c in range(len(offsets) - 1):
        one = values[offsets[c] : offsets[c + 1]]
        m = len(one)
        nearest = np.full(m, np.inf, np.float32)
        total = 0.0
        for i in range(n):
            least = np.float32(np.inf)
            for j in range(m):
                square = square_of(query, i, one, j)
                least = min(least, square)
                nearest[j] = min(nearest[j], square)
            total += np.sqrt(least) / n
            if total / 2 >= best:
                break
        for j in range(m):
            if total / 2 >= best:
                break
            total += np.sqrt(nearest[j]) / m
        if total / 2 < best:
            best, where = total / 2, c
    return where


@njit(cache=True, nogil=True)
def plain_shifted(query, values, offsets):
    best, where = np.inf, -1
    for c in range(len(offsets) - 1):
        short, long = query, values[offsets[c] : offsets[c + 1]]
        if len(long) < len(short):
            short, long = long, short
        for shift in range(len(long) - len(short) + 1):
            total = 0.0
            for i in range(len(short)):
                total += square_of(short, i, long, i + shift)
                if total >= best:
                    break
            if total < best:
                best, where = total, c
    return where


PLAIN = {"cloud": plain_cloud, "euclidean_shifted": plain_shifted}


def sequences(name: str, spec: FeatureSpec) -> tuple[Ragged, list[np.ndarray]]:
    """Return what is searched and 100 queries, of other writers."""
    if name == "pendigits":
        enrolled, asked = load_dataset(name, "train"), load_dataset(name, "test")
    else:
        inks = load_dataset(name)
        held = set(sorted({ink.writer for ink in inks})[:2])
        enrolled = [ink for ink in inks if ink.writer not in held]
        asked = [ink for ink in inks if ink.writer in held]
    chosen = np.random.default_rng(2).choice(len(asked), N_QUERIES, replace=False)
    queries = [np.ascontiguousarray(spec.transform(asked[i])) for i in chosen]
    corpus = spec.transform_all(enrolled)
    # A loop compiled for read-only arrays would be a second variant.
    return Ragged(np.array(corpus.values), np.array(corpus.offsets)), queries


def contestants(
    distance: str, corpus: Ragged, queries: list[np.ndarray]
) -> dict[str, tuple[Callable[[list[np.ndarray]], list[int]], int]]:
    """Return what answers queries, and how many of them it is timed with."""
    searcher, plain = DISTANCES[distance].prepare(corpus), PLAIN[distance]

    def ours(some: list[np.ndarray]) -> list[int]:
        return [int(one.indices[0]) for one in searcher.nearest_of_all(some, 1, np.inf, 1)]

    def lanes(some: list[np.ndarray]) -> list[int]:
        return [int(searcher.rows([query], dtype=np.float32)[0].argmin()) for query in some]

    def loop(some: list[np.ndarray]) -> list[int]:
        return [plain(query, corpus.values, corpus.offsets) for query in some]

    expected = [int(searcher.rows([query])[0].argmin()) for query in queries[:20]]
    assert ours(queries[:20]) == expected
    for rival in (lanes, loop):
        # float32 may decide a tie otherwise.
        assert np.mean(np.array(rival(queries[:20])) == expected) >= 0.9
    return {
        "strokesim": (ours, 100),
        "lanes without bounds": (lanes, 100),
        "plain loop": (loop, 20),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=["pendigits", "ujipenchars"])
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    lines = [
        "# Order-free and shifted search",
        "",
        f"Written by `python benchmarks/other_distances.py`. Milliseconds for each of {N_QUERIES} "
        f"queries (20 of them for the plain loop), medians of {given.repeats} rounds; in brackets "
        "the least and the most.",
        "",
        describe("numba", "numpy"),
        "",
        "| dataset | features | distance | contestant | ms per query | times ours |",
        "|---|---|---|---|---|---|",
    ]
    for name in given.names:
        for title, spec in SPECS.items():
            corpus, queries = sequences(name, spec)
            for distance in PLAIN:
                rivals = contestants(distance, corpus, queries)
                times: dict[str, list[float]] = {rival: [] for rival in rivals}
                for _ in range(given.repeats):
                    for rival, (work, count) in rivals.items():
                        begin = time.process_time()
                        work(queries[:count])
                        times[rival].append((time.process_time() - begin) / count * 1e3)
                ours = statistics.median(times["strokesim"])
                for rival, spent in times.items():
                    middle = statistics.median(spent)
                    lines.append(
                        f"| {name} | {title} | `{distance}` | {rival} | {middle:.3g} "
                        f"({min(spent):.3g} to {max(spent):.3g}) | {middle / ours:.1f} |"
                    )
                    print(lines[-1], flush=True)
    if given.names == ["pendigits", "ujipenchars"]:
        (RESULTS / "other_distances.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
