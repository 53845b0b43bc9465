"""What a second core brings: python benchmarks/threads.py [--rounds 21] [--largest 1000000].

One thread and two in turns: searches of many queries and of one, all pairs, features, the making
of a corpus. The answers are compared first. For each, time on the wall and processor time of all
threads: what two threads burn over what one does is what sharing costs, and can be told on a busy
machine too. First, what the machine itself gives to two cores: arithmetic in registers, and
reading from the caches and from memory. Writes results/threads.md.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from machine import RESULTS, describe
from numba import njit
from scaling import strokes

from strokesim import Corpus, FeatureSpec, Index, cdist, load_dataset
from strokesim.ragged import Ragged
from strokesim.threads import run

Work = tuple[str, Callable[[int], Any]]

HEADS = ("work", "one thread", "two threads", "factor", "factor of the least", "processor time")
CORNERS = 8 * 3 * 4
"""Bytes per candidate that the first stage of a search reads: 8 steps of 3 features."""


@njit(nogil=True, fastmath={"reassoc", "nsz"})
def add_up(numbers: np.ndarray, times: int) -> float:
    """Read an array again and again."""
    total = np.float32(0)
    for _ in range(times):
        for place in range(len(numbers)):
            total += numbers[place]
    return total


@njit(nogil=True)
def multiply(times: int, total: float) -> float:
    """Do arithmetic that needs no memory."""
    for _ in range(times):
        total = total * 0.999999 + 1e-6
    return total


def machine_works(megabytes: list[int]) -> Iterator[Work]:
    """Yield eight equal pieces of arithmetic, and of reading two arrays of each size."""
    yield "arithmetic alone", lambda n: run(lambda _: multiply(1_000_000, 2.0), 8, threads=n)
    for size in megabytes:
        arrays = [np.ones(size * 2**18, np.float32) for _ in range(2)]
        times = max(128 // size, 1)

        def read(n: int, arrays: list[np.ndarray] = arrays, times: int = times) -> None:
            run(lambda number: add_up(arrays[number % 2], times), 8, threads=n)

        yield f"reading {8 * size * times:,} MB, {size} MB each", read


def search_works(largest: int) -> Iterator[Work]:
    """Yield searches of one query and of many."""

    def search(index: Index, queries: object) -> Callable[[int], Any]:
        return lambda n: index.search(queries, threads=n)

    enrolled, asked = load_dataset("pendigits", "train"), load_dataset("pendigits", "test")
    raw = FeatureSpec.parse("x,y,pen_up;along=samples")
    for title, spec, radius in (
        ("pendigits, default features, radius 4", FeatureSpec(), 4),
        ("pendigits, recorded x, y, pen_up, free", raw, None),
    ):
        index = Index(Corpus.from_inks(enrolled, spec), radius=radius)
        yield f"{len(asked):,} queries, {title}", search(index, spec.transform_all(asked))
    inks = load_dataset("ujipenchars")
    writers = sorted({str(ink.writer) for ink in inks})[:2]
    index = Index(Corpus.from_inks([ink for ink in inks if ink.writer not in writers], raw))
    queries = raw.transform_all([ink for ink in inks if ink.writer in writers])
    yield f"{len(queries)} queries, ujipenchars, recorded", search(index, queries)
    everything, queries = strokes(largest, 1), list(strokes(60, 2))
    for size in (1_000, 10_000, 100_000, 1_000_000):
        if size <= largest:
            part = Ragged(everything.values, everything.offsets[: size + 1])
            index = Index(Corpus.from_arrays(part))
            yield f"1 query, {size:,} synthetic strokes", search(index, queries[0])
            yield f"60 queries, {size:,} synthetic strokes", search(index, queries)
    points = np.random.default_rng(3).normal(size=(101_000, 32, 2)).astype(np.float32)
    index = Index(Corpus.from_arrays(list(points[1000:])), "euclidean")
    yield "1,000 queries, 100,000 of 32 steps, Euclidean", search(index, list(points[:1000]))


def other_works() -> Iterator[Work]:
    """Yield all pairs, features and the making of a corpus."""
    pairs = strokes(1_000, 4)
    yield "all pairs of 1,000 synthetic strokes", lambda n: cdist(pairs, threads=n)
    inks, spec = load_dataset("pendigits", "test"), FeatureSpec()
    yield (
        f"features of {len(inks):,} inks, pendigits",
        lambda n: spec.transform_all(inks, threads=n),
    )

    def build(n: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Corpus.build(Path(folder) / "corpus", inks, spec, threads=n)

    yield f"corpus of {len(inks):,} inks on disk", build


def same(a: Any, b: Any) -> bool:
    """Tell whether two results hold the same numbers."""
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, Ragged):
        return np.array_equal(a.values, b.values) and np.array_equal(a.offsets, b.offsets)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def measured(work: Work, rounds: int) -> str:
    """Return the row of one work: times on one thread and two, taken in turns."""
    title, do = work
    if not same(do(1), do(2)):
        raise SystemExit(f"{title}: the number of threads changed an answer")
    walls, burnt = np.empty((rounds, 2)), np.empty((rounds, 2))
    for turn in range(rounds):
        for place, threads in enumerate((1, 2)):
            wall, processor = time.perf_counter(), time.process_time()
            do(threads)
            burnt[turn, place] = time.process_time() - processor
            walls[turn, place] = time.perf_counter() - wall
    one, two = np.median(walls, axis=0) * 1e3
    factors, least = walls[:, 0] / walls[:, 1], walls.min(axis=0)
    cells = (
        title, f"{one:.3g} ms", f"{two:.3g} ms",
        f"{np.median(factors):.2f} ({factors.min():.2f} to {factors.max():.2f})",
        f"{least[0] / least[1]:.2f}", f"{np.median(burnt[:, 1] / burnt[:, 0]):.2f}",
    )  # fmt: skip
    row = "| " + " | ".join(cells) + " |"
    print(row, flush=True)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=21, help="how often each is timed")
    parser.add_argument("--largest", type=int, default=1_000_000, help="strokes at the most")
    options = parser.parse_args()
    corners = max(options.largest * CORNERS // 2**20, 1)
    head = ["| " + " | ".join(HEADS) + " |", "|" + "---|" * len(HEADS)]
    tables = [
        [measured(work, options.rounds) for work in works]
        for works in (
            machine_works([1, 4, corners]), search_works(options.largest), other_works()
        )
    ]  # fmt: skip
    lines = [
        "# Two cores", "",
        f"Written by `python benchmarks/threads.py`. Medians of {options.rounds} rounds, one "
        "thread and two in turns; in brackets the least and the most; then the least time of one "
        "thread over the least of two, which others on the machine disturb less; last, processor "
        "time of two threads over that of one: 1 where nothing is done twice and no thread waits "
        "for memory longer because of the other.", "", describe("numpy", "numba"), "",
        "## The machine", "",
        f"The first stage of a search reads {CORNERS} bytes of each candidate with 3 features: "
        f"{corners} MB of {options.largest:,} strokes, once per query where they come one by one.",
        "", *head, *tables[0], "", "## Searching", "", *head, *tables[1], "",
        "## Everything else", "", *head, *tables[2],
    ]  # fmt: skip
    (RESULTS / "threads.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
