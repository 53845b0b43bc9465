"""Many generated searches, each compared with sorting all distances.

python benchmarks/exactness.py [CASES [SEED]]

Every case draws a corpus with repeated sequences, one-step ones among them, of 1 to 500 steps
and 1 to 12 features, at an ordinary, huge or tiny scale, or at all of them mixed; an index that
is made at once, or grows and shrinks; queries, k, cutoff, radius and threads; and compares ids,
order and distances, to the last bit. The distances to sort are those of the scalar kernels, which
the tests hold to definitions in plain Python. Ends with an error at the first difference, else
writes what was tried into results/exactness.md.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from machine import RESULTS, describe

from strokesim.distances import DISTANCES
from strokesim.distances.searcher import Searcher
from strokesim.ragged import Ragged

SCALES = (1.0, 1.0, 1.0, 1e30, 1e-30, 1e-42)


def draw_sequences(
    rng: np.random.Generator, distance: str, n_features: int, most_steps: int
) -> list[np.ndarray]:
    """Return a few different sequences, some equal but for their last bits."""
    longest = min(int(rng.choice([3, 20, 60, 500], p=[0.3, 0.4, 0.25, 0.05])), most_steps)
    steps = rng.integers(1, longest + 1, rng.integers(1, 12))
    if distance == "euclidean":
        steps[:] = steps[0]
    scale, mixed = rng.choice(SCALES), rng.random() < 0.2
    sequences = []
    for n in steps:
        if mixed:
            scale = rng.choice(SCALES)
        if rng.random() < 0.5:
            values = rng.integers(-1, 2, (n, n_features)).astype(np.float64)
        else:
            values = rng.normal(size=(n, n_features)).cumsum(axis=0)
        sequences.append((values * scale).astype(np.float32))
    almost = sequences[0].copy()
    almost[rng.integers(len(almost))] = np.nextafter(almost[0], np.float32(np.inf))
    return [*sequences, almost]


def grown(
    rng: np.random.Generator, prepare: Callable[[Ragged], Searcher], corpus: list[np.ndarray]
) -> Searcher:
    """Return a searcher to which the sequences were given in several portions."""
    cuts = np.unique([0, *rng.integers(0, len(corpus), 3), len(corpus)]).tolist()
    portions = [Ragged.from_arrays(corpus[begin:end]) for begin, end in pairwise(cuts)]
    searcher = prepare(portions[0])
    for portion in portions[1:]:
        searcher.parts.add(portion)
    return searcher


def run_case(
    rng: np.random.Generator, most_features: int = 12, most_steps: int = 500
) -> tuple[str, int]:
    """Draw a case, run it, and return its distance and number of queries."""
    distance = str(rng.choice(["dtw", "dtw", "dtw", "euclidean", "euclidean_shifted", "cloud"]))
    n_features = int(rng.integers(1, most_features + 1))
    different = draw_sequences(rng, distance, n_features, most_steps)
    count = int(rng.integers(1, 120))
    corpus = [different[i] for i in rng.integers(0, len(different), count)]
    queries = [different[i] for i in rng.integers(0, len(different), rng.integers(1, 4))]
    if distance != "euclidean":
        # Also a query longer than any candidate.
        queries.append(np.concatenate([different[0], different[-1]]))
    entry = DISTANCES[distance]
    radius = None
    if entry.takes_radius and rng.random() < 0.6:
        radius = int(rng.choice([0, 1, 4, 12, 600]))
    band = {} if radius is None else {"radius": radius}
    searcher = entry.prepare(Ragged.from_arrays(corpus), radius)
    alive = np.ones(count, bool)
    if rng.random() < 0.4:
        searcher = grown(rng, lambda some: entry.prepare(some, radius), corpus)
        alive[rng.integers(0, count, rng.integers(0, count))] = False
        searcher.parts.remove(np.flatnonzero(~alive))
    k, threads = int(rng.integers(1, alive.sum() + 1)), int(rng.integers(1, 4))
    known: dict[tuple[int, int], float] = {}
    names = {id(one): number for number, one in enumerate(different)}
    for query_number, query in enumerate(queries):
        for one in corpus:
            key = (query_number, names[id(one)])
            if key not in known:
                known[key] = entry.function(query, one, **band)
    for_query = [
        np.array([known[number, names[id(one)]] for one in corpus])
        for number in range(len(queries))
    ]
    cutoff = np.inf if rng.random() < 0.6 else float(rng.choice(for_query[0]))
    found = searcher.nearest_of_all(queries, k, cutoff, threads)
    for distances, answer in zip(for_query, found, strict=True):
        order = np.lexsort((np.arange(count), distances))
        order = order[alive[order]][:k]
        order = order[distances[order] <= cutoff]
        if not (
            np.array_equal(order, answer.indices)
            and np.array_equal(distances[order], answer.distances)
        ):
            raise AssertionError(f"{distance}, radius {radius}, k {k}: {answer} is not {order}")
    return distance, len(queries)


def main() -> None:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    rng = np.random.default_rng(seed)
    tried: Counter[str] = Counter()
    searches, begin = 0, time.perf_counter()
    for _ in range(cases):
        distance, queries = run_case(rng)
        tried[distance] += 1
        searches += queries
    seconds = time.perf_counter() - begin
    lines = [
        "# Exact answers",
        "",
        "Written by `python benchmarks/exactness.py`: searches whose indices, order and distances "
        "are those of sorting all distances, to the last bit. It ends at the first difference; "
        "there was none.",
        "",
        describe("numpy", "numba", "llvmlite"),
        "",
        "| distance | cases |",
        "|---|---|",
        *(f"| {distance} | {count:,} |" for distance, count in sorted(tried.items())),
        "",
        f"{cases:,} cases, {searches:,} searches, seed {seed}, {seconds:.0f} s.",
    ]
    print(lines[-1])
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "exactness.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
