"""What searching by prototypes first finds, and what it saves: python benchmarks/prototypes.py.

Against exact search, under DTW with free paths, one thread: raw pendigits as `FeatureSpec()` sees
them (training writers searched, test writers asked), ujipenchars (the last three writers ask the
others; a class is a letter in either case, 0 goes with o), and synthetic strokes, which
benchmarks/scaling.py describes: many short ones, and few long ones. As many prototypes as
`PrototypeIndex` makes by itself. Nothing is chosen by these figures. Writes results/prototypes.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import numpy as np
from baselines import SEED, folded
from machine import RESULTS, describe
from scaling import labelled_strokes

from strokesim import Corpus, Index, load_dataset
from strokesim.evaluation import error_rate
from strokesim.prototype_search import PrototypeIndex
from strokesim.prototypes import prototypes_of
from strokesim.search import Match

NEAR = (1, 2, 4, 8, 16)
"""How many prototypes are asked for their entries."""

REPEATS = 3
K = 5


Result = TypeVar("Result")


class Task(NamedTuple):
    """What is searched, and what is asked."""

    title: str
    corpus: Corpus
    queries: Corpus


def tasks() -> Iterator[Task]:
    parts = [Corpus.from_inks(load_dataset("pendigits", part)) for part in ("train", "test")]
    yield Task("pendigits", *parts)
    inks = [
        ink for ink in load_dataset("ujipenchars") if ink.label.isascii() and ink.label.isalnum()
    ]
    corpus = Corpus.from_inks(inks)
    asking = np.isin(corpus.writers, sorted(set(corpus.writers))[-3:])
    yield Task("ujipenchars", corpus.subset(~asking), corpus.subset(asking))
    yield Task("synthetic, 20 to 60 steps", synthetic(100_000, 1), synthetic(500, 2))
    long = 300, 500
    yield Task("synthetic, 300 to 500 steps", synthetic(1_000, 1, *long), synthetic(100, 2, *long))


def synthetic(count: int, seed: int, shortest: int = 20, longest: int = 60) -> Corpus:
    sequences, shapes = labelled_strokes(count, seed, shortest, longest)
    return Corpus.from_arrays(sequences, labels=map(str, shapes))


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """Return the least processor time of a few, fewer where they are long, and the result."""
    times: list[float] = []
    while len(times) < REPEATS and sum(times) < 2:
        begin = time.process_time()
        result = work()
        times.append(time.process_time() - begin)
    return min(times), result


def wrong(found: list[list[Match]], queries: Corpus) -> np.ndarray:
    labels = [folded(label) for label in queries.labels]
    return np.array([m[0].label is None or folded(m[0].label) != label
                     for m, label in zip(found, labels, strict=True)])  # fmt: skip


def error(found: list[list[Match]], queries: Corpus) -> str:
    """Return the rate of wrong nearest labels; synthetic strokes have no writers."""
    misses = wrong(found, queries)
    writers = queries.writers if None not in set(queries.writers) else np.arange(len(queries))
    return str(error_rate(misses, writers, rng=np.random.default_rng(SEED)))


def recall(found: list[list[Match]], exact: list[list[Match]], k: int) -> float:
    """Return the share of the true k nearest that is found; at the same distance is as good."""
    hits = [sum(match.distance <= true[k - 1].distance for match in some[:k])
            for some, true in zip(found, exact, strict=True)]  # fmt: skip
    return 100 * sum(hits) / (k * len(exact))


def rows(task: Task) -> Iterator[str]:
    title, corpus, queries = task
    index = Index(corpus)
    arrays = list(queries.sequences)
    begin = time.process_time()
    divided = PrototypeIndex(corpus)
    making = time.process_time() - begin
    index.search(arrays[:1], threads=1)
    one, _ = timed(lambda: index.search(arrays, threads=1))
    five, exact = timed(lambda: index.search(arrays, K, threads=1))
    many = f"{title}: {len(arrays):,} ask {len(corpus):,} by {divided.n_prototypes}"
    yield row(many, "exact", 100, 100, error(exact, queries), 100,
              (one, five), len(arrays), "", f"{making:.1f}")  # fmt: skip
    for near in NEAR:
        # Once before the clock starts, since the entries of a prototype are prepared when asked.
        divided.search(arrays[:100], prototypes=near, threads=1)
        fast, _ = timed(lambda n=near: divided.search(arrays, prototypes=n, threads=1))
        slow, found = timed(lambda n=near: divided.search(arrays, K, prototypes=n, threads=1))
        shares = [recall(found.matches, exact, k) for k in (1, K)]
        yield row("", str(near), *shares, error(found.matches, queries), 100 * found.searched,
                  (fast, slow), len(arrays), f"{one / fast:.2f}", "")  # fmt: skip


def row(
    title: str, near: str, one: float, five: float, errors: str, searched: float,
    taken: tuple[float, float], n_queries: int, faster: str, making: str,
) -> str:  # fmt: skip
    times = (f"{1e6 * seconds / n_queries:,.0f}" for seconds in taken)
    cells = [title, near, f"{one:.1f}", f"{five:.1f}", errors, f"{searched:.3g}", *times,
             faster, making]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def head() -> list[str]:
    return [
        "# Searching by prototypes first",
        "",
        "Written by `python benchmarks/prototypes.py`. DTW with free paths, all queries in one "
        f"call, one thread, processor time, the least of up to {REPEATS} times; queries are turned "
        "into features beforehand. Found: share of the true nearest that is among those returned "
        f"(as near counts). Error of 1-NN in per cent [95 % interval, bootstrap over writers, "
        f"or over queries where nobody wrote]. {describe('numba', 'numpy', 'tslearn')}.",
        "",
        "| strokes | nearest prototypes | 1-NN found, % | 5-NN found, % | error | searched, % | "
        "1-NN, µs | 5-NN, µs | 1-NN faster by | dividing, s |",
        "|" + "---|" * 10,
    ]


def main() -> None:
    # tslearn compiles its kernels on first use.
    prototypes_of(synthetic(200, 0))
    lines = head()
    for task in tasks():
        for line in rows(task):
            lines.append(line)
            print(line, flush=True)
        (RESULTS / "prototypes.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
