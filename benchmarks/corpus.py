"""Building, opening, extending and checking a corpus of many strokes on disk.

python benchmarks/corpus.py [--count 200000] [--folder FOLDER]

The inks are random walks, made while the corpus is built; making them is timed alone as well.
The kernels are compiled before the clock starts, files are in the page cache. Medians of 7 runs
(the build: 3) with the fastest and the slowest; private memory is what the system could not
take back by forgetting pages of a file. Writes results/corpus.md.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from machine import RESULTS, describe

from strokesim import Corpus, Ink
from strokesim.ink import Stroke

RUNS = 7


def inks(count: int, rng: np.random.Generator) -> Iterator[Ink]:
    """Yield inks of one to four random walks of 10 to 60 samples."""
    strokes = [Stroke(rng.normal(size=(n, 2)).cumsum(axis=0)) for n in rng.integers(10, 61, 1000)]
    for number in range(count):
        first = number % 997
        yield Ink(
            tuple(strokes[first : first + 1 + number % 4]),
            label=str(number % 62),
            writer=f"writer {number % 50}",
            id=f"walk-{number}",
            source=f"walks/{number % 50}.txt",
        )


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def spread(times: list[float], unit: float = 1e-3, name: str = "ms") -> str:
    scaled = sorted(t / unit for t in times)
    return f"{np.median(scaled):,.1f} {name} ({scaled[0]:,.1f} to {scaled[-1]:,.1f})"


def private_bytes() -> int:
    """Return the memory that this process made its own, 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))


def measure(count: int, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the rows of the table."""

    def fresh() -> np.random.Generator:
        return np.random.default_rng(1)

    Corpus.from_inks(inks(10, fresh()))
    making = [seconds(lambda: sum(1 for _ in inks(count, fresh()))) for _ in range(3)]
    yield "making the inks alone", spread(making, 1, "s")
    building = []
    for _ in range(3):
        shutil.rmtree(folder, ignore_errors=True)
        building.append(seconds(lambda: Corpus.build(folder, inks(count, fresh()))))
    yield f"build of {count:,} inks", spread(building, 1, "s")
    yield "most memory while building", f"{resource.getrusage(0).ru_maxrss / 1024:,.0f} MiB"

    checked = Corpus.open(folder).verify()
    assert checked.entries == count
    yield "shards", f"{checked.shards}"
    yield "bytes per entry", f"{checked.bytes / count:,.0f}"
    features = sum(shard.values.nbytes for shard in Corpus.open(folder).shards)
    yield "of which features", f"{features / count:,.0f}"

    yield "open", spread([seconds(lambda: Corpus.open(folder)) for _ in range(RUNS)])
    yield (
        "open and reach every sequence",
        spread([seconds(lambda: Corpus.open(folder).shards) for _ in range(RUNS)]),
    )
    yield (
        "open and decode labels, writers and ids",
        spread([seconds(lambda: decode(Corpus.open(folder))) for _ in range(RUNS)]),
    )
    before = private_bytes()
    corpus = Corpus.open(folder)
    total = sum(float(shard.values.sum()) for shard in corpus.shards)
    assert np.isfinite(total)
    grown = (private_bytes() - before) / 2**20
    yield "private memory after reading every feature", f"{grown:.1f} MiB"

    for size in (1, 100):
        new = list(inks(size, fresh()))
        times = [seconds(lambda new=new: corpus.append(new)) for _ in range(3 * RUNS)]
        yield f"append of {size}", spread(times)
    yield "verify", spread([seconds(corpus.verify) for _ in range(RUNS)])
    rows = np.random.default_rng(2).permutation(count)[: count // 10]
    yield (
        f"subset of {len(rows):,} at random",
        spread([seconds(lambda: corpus.subset(rows)) for _ in range(RUNS)]),
    )
    parquet = folder.with_suffix(".parquet")
    yield "to Parquet", spread([seconds(lambda: corpus.to_parquet(parquet)) for _ in range(3)])
    yield (
        "from Parquet",
        spread([seconds(lambda: Corpus.from_parquet(parquet)) for _ in range(3)]),
    )
    yield "bytes per entry in Parquet", f"{parquet.stat().st_size / len(corpus):,.0f}"


def decode(corpus: Corpus) -> None:
    for column in (corpus.labels, corpus.writers, corpus.ids):
        assert len(column) == len(corpus)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--folder", type=Path, help="where the corpus is made; else a new one")
    options = parser.parse_args()
    lines = [describe("strokesim", "pyarrow", "numpy"), "", "| what | figure |", "|---|---|"]
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for what, figure in measure(options.count, Path(folder) / "corpus"):
            lines.append(f"| {what} | {figure} |")
            print(lines[-1], flush=True)
    if options.count == parser.get_default("count"):
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "corpus.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
