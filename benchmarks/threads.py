"""What a second core brings to searching many queries.

python benchmarks/threads.py [--rounds 21]

The pendigits protocol, 3,498 inks against 7,494: default features at radius 4, and the recorded
samples of x, y, pen_up with free paths. One thread and two in turns, time on the wall. The
answers are compared first. Writes results/threads.md.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from machine import RESULTS, describe

from strokesim import Corpus, FeatureSpec, Index, load_dataset

WORKS = [
    ("default features, radius 4", FeatureSpec(), 4),
    ("recorded x, y, pen_up, free", FeatureSpec.parse("x,y,pen_up;along=samples"), None),
]


def seconds(index: Index, queries: object, threads: int) -> float:
    """Return how long one search of all queries takes."""
    began = time.perf_counter()
    index.search(queries, threads=threads)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=21, help="how often each is timed")
    rounds = parser.parse_args().rounds
    lines = [
        "# Searching on two cores",
        "",
        "Written by `python benchmarks/threads.py`. Medians of "
        f"{rounds} rounds, one thread and two in turns; in brackets the least and the most.",
        "",
        describe("numpy", "numba"),
        "",
        "| work | one thread | two threads | factor |",
        "|---|---|---|---|",
    ]
    enrolled, asked = load_dataset("pendigits", "train"), load_dataset("pendigits", "test")
    for title, spec, radius in WORKS:
        index = Index(Corpus.from_inks(enrolled, spec), radius=radius)
        queries = spec.transform_all(asked)
        if index.search(queries, threads=1) != index.search(queries, threads=2):
            raise SystemExit(f"{title}: the number of threads changed an answer")
        times = np.array([[seconds(index, queries, n) for n in (1, 2)] for _ in range(rounds)])
        factors = times[:, 0] / times[:, 1]
        one, two = np.median(times, axis=0)
        lines.append(
            f"| {title} | {one:.3f} s | {two:.3f} s "
            f"| {np.median(factors):.2f} ({factors.min():.2f} to {factors.max():.2f}) |"
        )
        print(lines[-1], flush=True)
    (RESULTS / "threads.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
