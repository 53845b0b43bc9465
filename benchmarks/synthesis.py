"""How fast the synthetic pen writes, and how like real ink its characters are.

python benchmarks/synthesis.py writes benchmarks/results/synthesis.md

Speed is the median of 7 runs on one thread after a first run that compiles. Errors are 1-NN
under DTW on the default features: among the writers of the demo corpus, and of real inks whose
nearest neighbour is sought among synthetic ones only.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from machine import RESULTS, describe

from strokesim import Corpus, FeatureSpec, Index, Ink, load_dataset
from strokesim.errors import DatasetError
from strokesim.replacing import replacing
from strokesim.synthesis import LABELS, synthesise_corpus

RUNS, N_WRITERS = 7, 40
SUBSETS = {
    "62 classes": lambda label: label in LABELS,
    "digits": str.isdigit,
    "capitals": str.isupper,
    "small letters": str.islower,
}


def folded(label: str | None) -> str:
    """Return the label without what normalised size cannot tell: case, and 0 from O."""
    return str(label).lower().replace("0", "o")


def speed() -> str:
    """Return inks per second, fastest and slowest run beside the median."""
    rates = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        count = sum(1 for _ in synthesise_corpus(LABELS, N_WRITERS, np.random.default_rng(1)))
        rates.append(count / (time.perf_counter() - start))
    rates = sorted(rates[1:])
    return f"{np.median(rates):,.0f} ({rates[0]:,.0f} to {rates[-1]:,.0f})"


def errors(queries: Sequence[Ink], entries: Sequence[Ink], k: int) -> tuple[float, float]:
    """Return the error rates in per cent, of labels and of folded labels.

    Matches by the query's own writer are passed over, so k must leave one by another.
    """
    found = Index(Corpus.from_inks(entries, FeatureSpec())).search(queries, k=k)
    pairs = [
        (ink.label, next(match.label for match in matches if match.writer != ink.writer))
        for ink, matches in zip(queries, found, strict=True)
    ]
    return (
        100 * float(np.mean([a != b for a, b in pairs])),
        100 * float(np.mean([folded(a) != folded(b) for a, b in pairs])),
    )


def rows() -> list[str]:
    """Return the lines of the table of errors."""
    demo = load_dataset("demo")
    lines = []
    for name, wanted in SUBSETS.items():
        inks = [ink for ink in demo if wanted(ink.label)]
        rates = errors(inks, inks, k=63)
        lines.append(f"| demo, {name}, other writers | {len(inks):,} | {_cells(rates)} |")
    synthetic = list(synthesise_corpus(LABELS, N_WRITERS, np.random.default_rng(1)))
    for name, split in (("pendigits", "test"), ("ujipenchars", None)):
        try:
            real = [ink for ink in load_dataset(name, split) if ink.label in LABELS]
        except DatasetError as error:
            print(f"{name} left out: {error}")
            continue
        labels = {ink.label for ink in real}
        rates = errors(real, [ink for ink in synthetic if ink.label in labels], k=1)
        lines.append(
            f"| {name}, {len(labels)} classes, among synthetic inks only | {len(real):,} "
            f"| {_cells(rates)} |"
        )
        if name == "ujipenchars":
            rates = errors(real, real, k=150)
            lines.append(f"| {name}, the same among real inks | {len(real):,} | {_cells(rates)} |")
    return lines


def _cells(rates: tuple[float, float]) -> str:
    return " | ".join(f"{rate:.1f}" for rate in rates)


def main() -> None:
    text = "\n".join(
        [
            "# The synthetic pen",
            "",
            describe("strokesim", "numba", "numpy"),
            "",
            f"{speed()} inks per second on one core, {N_WRITERS} new writers of 62 labels: "
            "median (slowest to fastest) of 7.",
            "",
            f"1-NN error under DTW, in per cent; {N_WRITERS} synthetic writers beside real inks.",
            "",
            "| inks | number | all labels | case folded, 0 as O |",
            "|---|---|---|---|",
            *rows(),
            "",
        ]
    )
    print(text)
    with replacing(RESULTS / "synthesis.md") as file:
        file.write(text.encode())


if __name__ == "__main__":
    main()
