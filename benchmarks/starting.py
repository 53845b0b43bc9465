"""How soon a new process answers: python benchmarks/starting.py [--rounds 9].

Each round starts a new Python, imports strokesim and searches the embedded demo corpus once, with
Numba's cache as `strokesim warmup` leaves it: time from the first line to the answer, and what of
it went into the import, the features of the corpus and the first search. Another such process
measures what a second search takes. Writes results/starting.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys

from machine import RESULTS, describe

from strokesim.distances.warmup import warm_up

PROGRAM = """
import json, time
begin = time.perf_counter()
from strokesim import Corpus, Index, load_dataset
imported = time.perf_counter()
inks, queries = load_dataset("demo", "train"), load_dataset("demo", "test")
read = time.perf_counter()
index = Index(Corpus.from_inks(inks))
made = time.perf_counter()
index.search(queries[0])
first = time.perf_counter()
index.search(queries[1])
second = time.perf_counter()
times = [begin, imported, read, made, first, second]
print(json.dumps([len(inks), [b - a for a, b in zip(times, times[1:])]]))
"""
STAGES = ("import", "reading the inks", "features and index", "first search", "second search")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    warm_up([4])
    runs = []
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True
        )
        n_entries, times = json.loads(done.stdout)
        runs.append([*times, sum(times[:-1])])
    lines = [
        "# The first answer of a new process",
        "",
        describe("numpy", "numba"),
        "",
        f"Written by `python benchmarks/starting.py`: {rounds} processes one after the other, "
        f"Numba's cache warm, the demo corpus of {n_entries:,} inks.",
        "",
        "| stage | median | least to most |",
        "|---|---|---|",
    ]
    names = (*STAGES, "from the first line to the first answer")
    for name, times in zip(names, zip(*runs, strict=True), strict=True):
        low, middle, high = min(times), statistics.median(times), max(times)
        lines.append(f"| {name} | {1e3 * middle:.1f} ms | {1e3 * low:.1f} to {1e3 * high:.1f} ms |")
    text = "\n".join(lines) + "\n"
    (RESULTS / "starting.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
