"""How searching grows with the corpus: python benchmarks/scaling.py [LARGEST].

Synthetic strokes, 20 to 60 steps of x, y and pen: variations, each with a smooth wander, a size
and a slant of its own, on 62 smooth shapes. Times per query on one thread and on two, the share
of candidates that each stage of the cascade still looks at, memory and build time. Writes
results/scaling.md and results/scaling.svg.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from machine import RESULTS, describe

from strokesim.distances import DISTANCES
from strokesim.distances.lane_search import LaneSearch
from strokesim.ragged import Ragged

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
QUERIES = 60


def strokes(count: int, seed: int) -> Ragged:
    """Return what `labelled_strokes` does, without the shapes."""
    return labelled_strokes(count, seed)[0]


def labelled_strokes(
    count: int, seed: int, shortest: int = 20, longest: int = 60
) -> tuple[Ragged, list[int]]:
    """Return strokes of so many steps, and the number of the shape that each is made of."""
    shapes = np.random.default_rng(0).normal(size=(62, 2, 6)) / np.arange(1, 7)
    rng = np.random.default_rng(seed)
    lengths = rng.integers(shortest, longest + 1, count)
    shapes_taken = []
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    values = np.empty((offsets[-1], 3), np.float32)
    waves = {
        n: np.cos(np.outer(np.arange(1, 7), np.linspace(0, np.pi, n)))
        for n in range(shortest, longest + 1)
    }
    bend = 0.1 / np.arange(1, 7)
    for i, n in enumerate(lengths):
        shapes_taken.append(int(rng.integers(62)))
        wander = shapes[shapes_taken[-1]] + rng.normal(size=(2, 6)) * bend
        step = values[offsets[i] : offsets[i + 1]]
        x, y = wander @ waves[int(n)]
        size, slant = rng.normal(1, 0.1), rng.normal(0, 0.1)
        step[:, 0], step[:, 1], step[:, 2] = size * (x + slant * y), size * y, 0
        step[-1, 2] = 0.5
    return Ragged(values, offsets), shapes_taken


def per_query(
    searcher: LaneSearch,
    queries: list[np.ndarray],
    k: int,
    threads: int,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return the least of 5: what others do on the machine can only add to it."""
    times = []
    for _ in range(5):
        begin = clock()
        searcher.nearest_of_all(queries, k, np.inf, threads)
        times.append((clock() - begin) / len(queries))
    return min(times)


def one_by_one(searcher: LaneSearch, queries: list[np.ndarray], threads: int) -> float:
    return float(np.mean([per_query(searcher, [query], 1, threads) for query in queries[:10]]))


def main() -> None:
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1]
    sizes = [size for size in SIZES if size <= largest]
    everything = strokes(sizes[-1], 1)
    queries = [np.ascontiguousarray(query) for query in strokes(QUERIES, 2)]
    DISTANCES["dtw"].prepare(Ragged(everything.values, everything.offsets[:33])).nearest_of_all(
        queries, 1, np.inf, 1
    )
    lines, times = [], []
    for size in sizes:
        sequences = Ragged(everything.values, everything.offsets[: size + 1])
        begin = time.process_time()
        searcher = DISTANCES["dtw"].prepare(sequences)
        build = time.process_time() - begin
        assert isinstance(searcher, LaneSearch)
        searcher.nearest_of_all(queries, 1, np.inf, 1)
        shares = [100 * seen / (size * QUERIES) for seen in searcher.seen]
        one, five = (per_query(searcher, queries, k, 1, clock=time.process_time) for k in (1, 5))
        many_1 = per_query(searcher, queries, 1, 1)
        many_2 = per_query(searcher, queries, 1, 2)
        single_1, single_2 = one_by_one(searcher, queries, 1), one_by_one(searcher, queries, 2)
        features = int(sequences.offsets[-1]) * 12
        times.append((one, five))
        cells = [
            f"{size:,}", f"{build * 1e3:.1f} ms", f"{searcher.parts.nbytes / features:.2f}",
            f"{one * 1e3:.3f} ms", f"{five * 1e3:.3f} ms", f"{many_1 / many_2:.2f}",
            f"{single_1 / single_2:.2f}", *(f"{share:.3g} %" for share in shares),
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
        print(lines[-1])
    slopes = np.polyfit(np.log(sizes), np.log(times), 1)[0]
    heads = ["strokes", "build", "index / features", "1-NN", "5-NN", "2 threads, 60 queries",
             "2 threads, 1 query", "corners", "rows", "columns", "warped"]  # fmt: skip
    text = [
        "# Search as the corpus grows", "", describe("numba", "numpy"), "",
        f"Least of 5; processor time per query on one thread, {QUERIES} queries; two threads as a "
        "factor of time on the wall; last, the share of candidates that each stage looks at.", "",
        "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads), *lines, "",
        f"Time grows as strokes to the power of {slopes[0]:.2f} (1-NN), {slopes[1]:.2f} (5-NN).",
    ]  # fmt: skip
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "scaling.md").write_text("\n".join(text) + "\n")
    draw(sizes, np.array(times), slopes)


def draw(sizes: list[int], times: np.ndarray, slopes: np.ndarray) -> None:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4))
    for column, k in enumerate((1, 5)):
        label = f"{k}-NN, slope {slopes[column]:.2f}"
        axes.loglog(sizes, times[:, column] * 1e3, "o-", label=label)
    axes.set_xlabel("strokes in the corpus")
    axes.set_ylabel("milliseconds per query, one thread")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(RESULTS / "scaling.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
