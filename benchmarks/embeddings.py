"""Search among embeddings: ours, exact, beside faiss, exact and approximate.

python benchmarks/embeddings.py [--entries N ...] writes benchmarks/results/embeddings.md.

Points of length 1 in 64 dimensions about 500 centres stand for embeddings, so that no training is
needed; queries are drawn alike. Everything on one thread; the least of five times.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable

import faiss
import numpy as np
from machine import RESULTS, describe

from strokesim import Corpus, Index
from strokesim.approximate import ApproximateIndex
from strokesim.ragged import Ragged

PAGE = RESULTS / "embeddings.md"
DIM, CENTRES, SPREAD = 64, 500, 0.6
N_QUERIES, K, REPEATS = 256, 10, 5


class Given:
    """What stands for an encoder: features are the embeddings already."""

    spec = None

    def embed(self, sequences: Ragged | Iterable[object]) -> Ragged:
        """Return the sequences."""
        return sequences if isinstance(sequences, Ragged) else Ragged.from_arrays(sequences)

    def embed_corpus(self, corpus: Corpus) -> Corpus:
        """Return the corpus."""
        return corpus


def points(count: int, rng: np.random.Generator, centres: np.ndarray) -> np.ndarray:
    drawn = centres[rng.integers(0, CENTRES, count)] + SPREAD * rng.normal(size=(count, DIM))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn.astype(np.float32)


def timed(work: Callable[[], object], repeats: int = REPEATS) -> float:
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def rows(n_entries: int) -> list[str]:
    """Return the rows of one size of corpus."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(CENTRES, DIM))
    entries, asked = (points(n, rng, centres) for n in (n_entries, N_QUERIES))
    corpus = Corpus.from_arrays(Ragged(entries, np.arange(n_entries + 1)))
    one, many = ([row[np.newaxis] for row in part] for part in (asked[:1], asked))

    begin = time.perf_counter()
    index = Index(corpus, Given())
    building = time.perf_counter() - begin
    exact = [[match.index for match in row] for row in index.search(many, K, threads=1)]
    found = [("strokesim, exact", building, index, 1.0)]

    flat = faiss.IndexFlatL2(DIM)
    building = timed(lambda: flat.add(entries), 1)
    numbers = flat.search(asked, K)[1].tolist()
    lines = [
        _row(n_entries, "faiss, `IndexFlatL2`", building,
             [timed(lambda part=part: flat.search(part, K)) for part in (asked[:1], asked)],
             _recall(numbers, exact))
    ]  # fmt: skip
    for probes in (8, 32):
        begin = time.perf_counter()
        cells = ApproximateIndex(corpus, Given(), probes=probes)
        building = time.perf_counter() - begin
        numbers = [[match.index for match in row] for row in cells.search(many, K, threads=1)]
        title = f"strokesim by faiss, {probes} of {cells.n_cells:,} cells"
        found.append((title, building, cells, _recall(numbers, exact)))
    for title, building, searched, recall in found:
        times = [timed(lambda part=part, of=searched: of.search(part, K, threads=1))
                 for part in (one, many)]  # fmt: skip
        lines.append(_row(n_entries, title, building, times, recall))
    return [lines[1], lines[0], *lines[2:]]


def _recall(found: list[list[int]], exact: list[list[int]]) -> float:
    return float(np.mean([len({*a} & {*b}) / len(b) for a, b in zip(found, exact, strict=True)]))


def _row(n_entries: int, title: str, building: float, times: list[float], recall: float) -> str:
    single, batch = times
    return (
        f"| {n_entries:,} | {title} | {building:.1f} | {1e3 * single:.2f} | "
        f"{1e3 * batch / N_QUERIES:.3f} | {100 * recall:.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", nargs="+", type=int, default=[10_000, 100_000, 400_000])
    sizes = parser.parse_args().entries
    faiss.omp_set_num_threads(1)
    lines = [
        "# Search among embeddings",
        "",
        f"Written by `python benchmarks/embeddings.py`. {DIM} dimensions, {K} neighbours, one "
        f"thread, the least of {REPEATS} times; found: share of the true {K} nearest of "
        f"{N_QUERIES} queries. {describe('faiss-cpu', 'numpy')}.",
        "",
        "| entries | search | made in s | one query, ms | of a batch of 256, ms each | found, % |",
        "|---|---|---|---|---|---|",
    ]
    for size in sizes:
        lines += rows(size)
        print("\n".join(lines[-4:]), flush=True)
    PAGE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
