"""Error rates of 1-nearest-neighbour matching without learning, on real pens.

python benchmarks/baselines.py [--quick]

Protocols: pendigits, writer-independent (train .tra, test .tes); ujipenchars, leave one writer
out, 35 classes (letters case-folded, 0 merged with o, digits 1 to 9). Nothing here is trained:
features and radius are the ones named in the table. The default placement of ink was chosen on
training writers of pendigits, among those that reproduce a Euclidean error of 2.06 % measured
before on the test writers. Intervals: 95 %, bootstrap over the
writers whose inks are asked about. Writes results/baselines.md.
"""

from __future__ import annotations

import argparse

import numpy as np
from machine import RESULTS, describe

from strokesim import Corpus, FeatureSpec, Index, load_dataset
from strokesim.evaluation import Rate, error_rate

PLANE = FeatureSpec(features={"x": 1, "y": 1}, steps=32)
DIRECTED = FeatureSpec()
UNDIRECTED = FeatureSpec(features={"x": 1, "y": 1, "cos2": 0.5, "sin2": 0.5}, steps=32)
METHODS = [
    ("euclidean", "x, y", PLANE, "euclidean", None),
    ("euclidean", "x, y, cos/2, sin/2", DIRECTED, "euclidean", None),
    ("dtw, radius 4", "x, y", PLANE, "dtw", 4),
    ("dtw, radius 4", "x, y, cos/2, sin/2", DIRECTED, "dtw", 4),
    ("dtw, free", "x, y, cos/2, sin/2", DIRECTED, "dtw", None),
    ("cloud", "x, y, cos2/2, sin2/2", UNDIRECTED, "cloud", None),
]
SEED = 20260101


def folded(label: str) -> str:
    """Return the class of a character: case folded, 0 merged with o."""
    return "o" if label == "0" else label.lower()


def pendigits(spec: FeatureSpec, distance: str, radius: int | None) -> Rate:
    """Return the error on the test writers."""
    index = Index(
        Corpus.from_inks(load_dataset("pendigits", "train"), spec), distance, radius=radius
    )
    asked = load_dataset("pendigits", "test")
    wrong = [
        found[0].label != ink.label for ink, found in zip(asked, index.search(asked), strict=True)
    ]
    return error_rate(wrong, [ink.writer for ink in asked], rng=np.random.default_rng(SEED))


def ujipenchars(spec: FeatureSpec, distance: str, radius: int | None) -> Rate:
    """Return the error over every writer, each against the other ten."""
    inks = [
        ink for ink in load_dataset("ujipenchars") if ink.label.isascii() and ink.label.isalnum()
    ]
    corpus = Corpus.from_inks(inks, spec)
    classes = np.array([folded(label) for label in corpus.labels])
    wrong = np.empty(len(inks), bool)
    for writer in sorted(set(corpus.writers)):
        own = corpus.writers == writer
        others = Index(corpus.subset(~own), distance, radius=radius)
        found = others.search(corpus.subset(own))
        nearest = np.array([folded(matches[0].label) for matches in found])
        wrong[own] = nearest != classes[own]
    return error_rate(wrong, corpus.writers, rng=np.random.default_rng(SEED))


PROTOCOLS = {"pendigits": pendigits, "ujipenchars": ujipenchars}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="ujipenchars only")
    names = ["ujipenchars"] if parser.parse_args().quick else list(PROTOCOLS)
    lines = [
        "# Nearest neighbour without learning",
        "",
        "Written by `python benchmarks/baselines.py`. Error of 1-NN in per cent [95 % interval, "
        "bootstrap over writers], 32 steps evenly along the ink on paper.",
        "",
        describe("numpy", "numba"),
        "",
        "| protocol | distance | features | error | inks | writers |",
        "|---|---|---|---|---|---|",
    ]
    for name in names:
        for title, features, spec, distance, radius in METHODS:
            rate = PROTOCOLS[name](spec, distance, radius)
            lines.append(
                f"| {name} | {title} | {features} | {rate} | {rate.n_trials:,} | {rate.n_writers} |"
            )
            print(lines[-1], flush=True)
    RESULTS.mkdir(exist_ok=True)
    if names == list(PROTOCOLS):
        (RESULTS / "baselines.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
