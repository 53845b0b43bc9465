"""Exact DTW and Euclidean search: strokesim beside tslearn, aeon and dtaidistance.

python benchmarks/search.py [--repeats 7] [--data FOLDER] [ROW ...]

One thread on one core, contestants in turns, medians of their processor time. Each rival is
called the fastest way its documentation knows for one query against many, its answer is
converted to our definition and compared before anything is timed. Writes results/search.md and
results/search.svg. The environment is that of benchmarks/requirements.txt.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np
from machine import RESULTS, describe
from numba import njit
from rivals import (
    aeon_row,
    dtaidistance_matrix,
    dtaidistance_nearest,
    dtaidistance_row,
    tslearn_row,
)

from strokesim import FeatureSpec, __version__, read_inks
from strokesim.distances import DISTANCES, pdist
from strokesim.ragged import Ragged


@dataclass
class Row:
    """One line of the table: contestants, and how much of the work each of them was given."""

    title: str
    unit: str
    least: float
    aim: float
    contestants: dict[str, tuple[Callable[[], object], float]]
    whole: float = 1
    """The share of who is given all; more where times are per query."""
    times: dict[str, list[float]] = field(default_factory=dict)

    def measure(self, repeats: int) -> None:
        """Time the contestants in turns.

        The clock is that of the process: what others do on the machine meanwhile is not ours.
        """
        loops = {}
        for name, (work, _) in self.contestants.items():
            work()
            begin = time.process_time()
            work()
            # What takes less than a tenth of a second is repeated until it takes as long.
            loops[name] = max(1, int(0.1 / max(time.process_time() - begin, 1e-4)))
            self.times[name] = []
        for _ in range(repeats):
            for name, (work, share) in self.contestants.items():
                begin = time.process_time()
                for _ in range(loops[name]):
                    work()
                self.times[name].append((time.process_time() - begin) / share / loops[name])

    def medians(self) -> dict[str, float]:
        """Return the median seconds of each contestant for the whole work."""
        return {name: statistics.median(times) for name, times in self.times.items()}

    def ratio(self, *, float64: bool = False) -> float:
        """Return the fastest rival's median over ours, or ours in the rivals' float64 throughout.

        Answers of a search are the float64 ones either way; only the lengths of brute force differ.
        """
        medians = self.medians()
        ours = min(
            value
            for name, value in medians.items()
            if name.startswith("strokesim") and not (float64 and name.endswith("float32"))
        )
        return min(v for name, v in medians.items() if not name.startswith("strokesim")) / ours


def walks(count: int, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(30, 121, count)
    return [rng.normal(size=(n, 3)).cumsum(axis=0).astype(np.float32) for n in lengths]


def same(found: np.ndarray, expected: np.ndarray, tolerance: float = 1e-9) -> None:
    np.testing.assert_allclose(found, expected, rtol=tolerance)


def brute(radius: int | None) -> Row:
    candidates = walks(4096, 0)
    rng = np.random.default_rng(1)
    query = rng.normal(size=(75, 3)).cumsum(axis=0).astype(np.float32)
    searcher = DISTANCES["dtw"].prepare(Ragged.from_arrays(candidates), radius)
    exact = searcher.rows([query])[0]
    same(searcher.rows([query], dtype=np.float32)[0], exact, 1e-5)
    row = Row(
        f"brute DTW, 1 x 4,096 walks, radius {radius}",
        "ms",
        30 if radius is None else 25,
        60 if radius is None else 50,
        {
            "strokesim, float32": (lambda: searcher.rows([query], dtype=np.float32)[0], 1),
            "strokesim, float64": (lambda: searcher.rows([query])[0], 1),
        },
    )
    fastest = dtaidistance_row(query, candidates, radius)
    same(fastest(), exact)
    row.contestants["dtaidistance"] = (fastest, 1)
    # tslearn pads and loops; an eighth of the candidates is enough to see it.
    eighth = tslearn_row(query, candidates[::8], radius)
    same(eighth(), exact[::8])
    row.contestants["tslearn"] = (eighth, 1 / 8)
    if radius is None:
        # Its window is a slanted share of the length: another band where lengths differ.
        pairwise = aeon_row(query, candidates)
        same(pairwise(), exact)
        row.contestants["aeon"] = (pairwise, 1)
    return row


def pendigits(data: Path, part: str, spec: FeatureSpec) -> Ragged:
    return spec.transform_all(list(read_inks(data / "pendigits" / f"pendigits-orig.{part}")))


def nearest(data: Path, k: int) -> Row:
    corpus, tests = raw_pendigits(data, "tra"), raw_pendigits(data, "tes")
    chosen = np.random.default_rng(2).choice(len(tests), 100, replace=False)
    queries = [np.ascontiguousarray(tests[i]) for i in chosen]
    searcher = DISTANCES["dtw"].prepare(corpus)
    candidates = list(corpus)
    rows = [(dtaidistance_row(q, candidates, None), aeon_row(q, candidates)) for q in queries[:5]]
    for query, both in zip(queries, rows, strict=False):
        (found,) = searcher.nearest_of_all([query], k, np.inf, 1)
        for rival in both:
            distances = rival()
            same(np.sort(distances)[:k], found.distances)
            assert set(np.argsort(distances, kind="stable")[:k]) == set(found.indices)

    def one_by_one() -> None:
        for query in queries:
            searcher.nearest_of_all([query], k, np.inf, 1)

    def together() -> None:
        searcher.nearest_of_all(queries, k, np.inf, 1)

    # Five queries stand for the hundred, by their steps.
    share = sum(map(len, queries[:5])) / sum(map(len, queries)) * len(queries)

    searches = [dtaidistance_nearest(query, candidates, k) for query in queries[:5]]
    for query, search in zip(queries, searches, strict=False):
        (found,) = searcher.nearest_of_all([query], k, np.inf, 1)
        same(search(), found.distances)

    def of_rows(which: int) -> Callable[[], object]:
        return lambda: [np.argpartition(both[which](), k)[:k] for both in rows]

    return Row(
        f"exact {k}-NN, raw pendigits, per query",
        "ms",
        200 if k == 1 else 150,
        500 if k == 1 else 400,
        {
            "strokesim": (together, 100),
            "strokesim, query by query": (one_by_one, 100),
            "dtaidistance": (of_rows(0), share),
            "aeon": (of_rows(1), share),
            "dtaidistance, abandoning": (lambda: [search() for search in searches], share),
        },
        whole=100,
    )


def raw_pendigits(data: Path, part: str) -> Ragged:
    """x, y as recorded and 1 at the last sample of each stroke, all samples."""
    arrays = []
    for ink in read_inks(data / "pendigits" / f"pendigits-orig.{part}"):
        strokes = []
        for stroke in ink.strokes:
            points = np.column_stack([stroke["x"], stroke["y"], np.zeros(len(stroke["x"]))])
            points[-1, 2] = 1
            strokes.append(points)
        arrays.append(np.concatenate(strokes))
    return Ragged.from_arrays(arrays)


@njit(cache=True, nogil=True)
def plain_loop(query, values, offsets, radius, row):
    """1-NN of sequences of one length by DTW in float32, abandoned above the best so far."""
    best, where, n = np.float32(np.inf), -1, len(query)
    for c in range(len(offsets) - 1):
        start = offsets[c]
        row[:] = np.inf
        alive = True
        for i in range(n):
            first, last = max(i - radius, 0), min(i + radius + 1, n)
            diagonal = row[first - 1] if first else np.float32(np.inf)
            if i == 0:
                diagonal = np.float32(0)
            left = least = np.float32(np.inf)
            for j in range(first, last):
                cost = np.float32(0)
                for k in range(query.shape[1]):
                    gap = query[i, k] - values[start + j, k]
                    cost += gap * gap
                up = row[j]
                left = cost + min(min(up, diagonal), left)
                row[j] = left
                diagonal = up
                least = min(least, left)
            if least >= best:
                alive = False
                break
        if alive and row[n - 1] < best:
            best, where = row[n - 1], c
    return where


def protocol(data: Path) -> Row:
    spec = FeatureSpec()
    corpus, tests = pendigits(data, "tra", spec), pendigits(data, "tes", spec)
    queries = [np.ascontiguousarray(query) for query in tests]
    searcher = DISTANCES["dtw"].prepare(corpus, 4)
    row = np.empty(32, np.float32)

    def loop() -> list[int]:
        return [plain_loop(q, corpus.values, corpus.offsets, 4, row) for q in queries[::20]]

    found = [int(one.indices[0]) for one in searcher.nearest_of_all(queries[::20], 1, np.inf, 1)]
    assert np.mean(np.array(loop()) == found) > 0.99  # float32 may decide a tie otherwise
    return Row(
        "pendigits protocol, 3,498 x 7,494, 32 steps, radius 4",
        "s",
        4,
        10,
        {
            "strokesim": (lambda: searcher.nearest_of_all(queries, 1, np.inf, 1), 1),
            "plain Numba loop": (loop, len(queries[::20]) / len(queries)),
        },
    )


def cells_of_pairs(sequences: list[np.ndarray]) -> int:
    """Return the cells of the DTW matrices of all pairs: what a part of the work is a part of."""
    lengths = np.array([len(one) for one in sequences])
    return int((lengths.sum() ** 2 - (lengths**2).sum()) // 2)


def all_pairs(data: Path) -> Row:
    strokes = [np.ascontiguousarray(one) for one in list(raw_pendigits(data, "tra"))[:4000]]
    ragged = Ragged.from_arrays(strokes)
    some = strokes[::8]
    share = cells_of_pairs(some) / cells_of_pairs(strokes)
    matrix = dtaidistance_matrix(some)
    same(matrix(), pdist(some))
    return Row(
        "all pairs of 4,000 ragged strokes",
        "s",
        30,
        60,
        {
            "strokesim, float32": (lambda: pdist(ragged, dtype=np.float32, threads=1), 1),
            "strokesim, float64": (lambda: pdist(ragged, threads=1), 1),
            "dtaidistance": (matrix, share),
        },
    )


def euclidean(n_queries: int = 1000, n_candidates: int = 100_000) -> Row:
    rng = np.random.default_rng(3)
    steps = rng.normal(size=(n_candidates + n_queries, 32, 4)).astype(np.float32)
    values = steps.cumsum(axis=1)
    candidates, queries = values[:n_candidates], list(values[n_candidates:])
    ragged = Ragged(candidates.reshape(-1, 4), np.arange(n_candidates + 1) * 32)
    searcher = DISTANCES["euclidean"].prepare(ragged)
    flat, flat_queries = candidates.reshape(n_candidates, -1), np.stack(queries).reshape(-1, 128)

    def product() -> np.ndarray:
        squares = (flat * flat).sum(axis=1)
        nearest_of = []
        for start in range(0, n_queries, 100):
            gaps = squares - 2 * (flat_queries[start : start + 100] @ flat.T)
            nearest_of.append(np.argpartition(gaps, 1, axis=1)[:, :1])
        return np.concatenate(nearest_of)[:, 0]

    found = [int(one.indices[0]) for one in searcher.nearest_of_all(queries, 1, np.inf, 1)]
    assert np.mean(product() == found) > 0.99  # the product cancels, its answer is not exact
    return Row(
        "Euclidean 1-NN, 32 steps, 1,000 x 100,000",
        "s",
        1,
        2,
        {
            "strokesim": (lambda: searcher.nearest_of_all(queries, 1, np.inf, 1), 1),
            "numpy product, argpartition": (product, 1),
        },
    )


def table(rows: list[Row], repeats: int) -> str:
    lines = [
        "# Exact search, side by side",
        "",
        f"strokesim {__version__}, "
        + describe("numba", "numpy", "aeon", "dtaidistance", "tslearn").replace(
            "1 cores", "pinned"
        ),
        f"One thread on one core, processor time, medians of {repeats} interleaved rounds. Where a "
        "contestant was given a part of the work only, what it took is scaled up by its share of "
        "the cells or steps. Rivals compute in float64; of brute force, which gives distances and "
        "no order, strokesim is measured in both.",
        "",
        "| work | contestant | given | median | spread |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        factor = 1e3 if row.unit == "ms" else 1
        for name, times in row.times.items():
            least, middle, most = (
                f"{f(times) * factor:.4g}" for f in (min, statistics.median, max)
            )
            share = row.contestants[name][1]
            given = "all" if share == row.whole else f"{100 * share / row.whole:.2g} %"
            lines.append(
                f"| {row.title} | {name} | {given} | {middle} {row.unit} | {least} to {most} |"
            )
    lines += [
        "",
        "| work | fastest rival / strokesim | both in float64 | asked | aim |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.title} | **{row.ratio():.1f}** | {row.ratio(float64=True):.1f} | {row.least} | "
        f"{row.aim} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def draw(rows: list[Row], path: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 0.6 * len(rows) + 1.2))
    for place, row in enumerate(reversed(rows)):
        axes.barh(place, row.ratio(), color="#2b6cb0")
        axes.plot([row.least] * 2, [place - 0.4, place + 0.4], color="#c05621")
        axes.text(row.ratio() * 1.05, place, f"{row.ratio():.0f} x", va="center")
    axes.set_yticks(range(len(rows)), [row.title for row in reversed(rows)])
    axes.set_xscale("log")
    axes.set_xlim(0.5, 3 * max(row.ratio() for row in rows))
    axes.set_xlabel("times faster than the fastest rival (line: what was asked)")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help="which rows; all by default")
    parser.add_argument("--repeats", type=int, default=7)
    default = Path(os.environ.get("STROKESIM_DATA", "../shared/data"))
    parser.add_argument("--data", type=Path, default=default)
    given = parser.parse_args()
    makers: dict[str, Callable[[], Row]] = {
        "brute": lambda: brute(None),
        "band": lambda: brute(12),
        "nearest": lambda: nearest(given.data, 1),
        "five": lambda: nearest(given.data, 5),
        "protocol": lambda: protocol(given.data),
        "pairs": lambda: all_pairs(given.data),
        "euclidean": euclidean,
    }
    warnings.simplefilter("ignore")
    rows = []
    for name in given.rows or makers:
        row = makers[name]()
        row.measure(given.repeats)
        print(
            f"{row.title}: {row.ratio():.1f} x", {k: f"{v:.3g}" for k, v in row.medians().items()}
        )
        rows.append(row)
    if not given.rows:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "search.md").write_text(table(rows, given.repeats))
        draw(rows, RESULTS / "search.svg")


if __name__ == "__main__":
    main()
