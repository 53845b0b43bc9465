"""Inks per second from ink to features, on pendigits as recorded and on random strokes.

python benchmarks/features.py

Reading the files and compiling the kernels are done before the clock starts. Medians of 7 runs,
one thread and every core taking turns, with the fastest and the slowest beside them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from machine import describe

from strokesim import FeatureSpec, Ink, load_dataset
from strokesim.errors import DatasetError
from strokesim.features import FEATURES
from strokesim.threads import thread_count

RUNS = 7
TIMELESS = [name for name, one in FEATURES.items() if not (one.needs_time or one.needs_pressure)]
SPECS = {
    "default: 32 steps of x, y, cos, sin": FeatureSpec(),
    "recorded samples of x, y, pen_up": FeatureSpec(features=["x", "y", "pen_up"], along="samples"),
    f"32 steps of all {len(TIMELESS)} features without time": FeatureSpec(features=TIMELESS),
}


def random_strokes(count: int, rng: np.random.Generator) -> list[Ink]:
    """Return inks of 1 to 4 random walks of 10 to 60 samples."""
    return [
        Ink.from_arrays([
            rng.normal(size=(n_samples, 2)).cumsum(axis=0)
            for n_samples in rng.integers(10, 61, rng.integers(1, 5))
        ])
        for _ in range(count)
    ]  # fmt: skip


def seconds(spec: FeatureSpec, inks: Sequence[Ink], threads: int) -> float:
    start = time.perf_counter()
    spec.transform_all(inks, threads=threads)
    return time.perf_counter() - start


def measure(name: str, inks: Sequence[Ink]) -> None:
    n_samples = sum(ink.n_samples for ink in inks)
    print(f"\n{name}: {len(inks):,} inks of {n_samples / len(inks):.0f} samples on average")
    print("| features | threads | inks per second: median (slowest to fastest) |")
    print("|---|---|---|")
    for title, spec in SPECS.items():
        counts = sorted({1, thread_count(None)})
        spec.transform_all(inks[:1])
        times = np.array([[seconds(spec, inks, count) for count in counts] for _ in range(RUNS)])
        for count, runs in zip(counts, len(inks) / times.T, strict=True):
            spread = f"{np.median(runs):,.0f} ({min(runs):,.0f} to {max(runs):,.0f})"
            print(f"| {title} | {count} | {spread} |")


def main() -> None:
    print(describe("strokesim", "numba", "numpy"))
    try:
        measure("pendigits", load_dataset("pendigits", "train") + load_dataset("pendigits", "test"))
    except DatasetError as error:
        print(f"pendigits left out: {error}")
    measure("random strokes", random_strokes(20_000, np.random.default_rng(1)))


if __name__ == "__main__":
    main()
