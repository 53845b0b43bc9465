"""How many inks per second augmentation varies, and how often it goes too far.

python benchmarks/augmentation.py

On Omniglot strokes of small1. Speed: one core, each strength of `Augmentation` alone, and all of
them. Too far: variations of a drawer's characters that are nearer, under the order-free distance,
to another character by the same drawer than to the one they were made of. Writes
results/augmentation.md.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from machine import RESULTS, describe

from strokesim import FeatureSpec, Ink, cdist, load_dataset
from strokesim.augmentation import Augmentation

ROUNDS = 5
SPEC = FeatureSpec(features={"x": 1, "y": 1, "cos2": 0.25, "sin2": 0.25}, steps=64)
AMOUNTS = (0.5, 1.0, 1.5, 2.0, 3.0)


def rate(augmentation: Augmentation, inks: list[Ink]) -> float:
    """Return inks per second of processor time, the best of some rounds."""
    rng, best = np.random.default_rng(1), np.inf
    for _ in range(ROUNDS):
        began = time.process_time()
        for ink in inks:
            augmentation.augment(ink, rng)
        best = min(best, time.process_time() - began)
    return len(inks) / best


def strayed(augmentation: Augmentation, inks: list[Ink]) -> float:
    """Return the share of variations that are nearest to another character's ink."""
    rng, drawers = np.random.default_rng(2), sorted({str(ink.writer) for ink in inks})
    wrong: list[bool] = []
    for drawer in drawers:
        own = [ink for ink in inks if ink.writer == drawer]
        varied = [augmentation.augment(ink, rng) for ink in own]
        distances = cdist(SPEC.transform_all(varied), SPEC.transform_all(own), distance="cloud")
        wrong += (distances.argmin(axis=1) != np.arange(len(own))).tolist()
    return float(np.mean(wrong))


def main() -> None:
    inks = load_dataset("omniglot", "small1")
    strokes = np.mean([len(ink.strokes) for ink in inks])
    samples = np.mean([ink.n_samples for ink in inks])
    plain = Augmentation()
    lines = ["| strengths | inks/s |", "|---|---|"]
    rows = {"all, the defaults": plain}
    for name, value in (plain.to_dict() | {"movement": 1.0}).items():
        rows[f"{name}={value:g} alone"] = replace(Augmentation.none(), **{name: value})
    for title, augmentation in rows.items():
        lines.append(f"| {title} | {round(rate(augmentation, inks), -2):,.0f} |")
        print(lines[-1], flush=True)
    table = ["| `Augmentation().scaled(...)` | nearer to another character, % |", "|---|---|"]
    for amount in AMOUNTS:
        table.append(f"| {amount:g} | {100 * strayed(plain.scaled(amount), inks):.1f} |")
        print(table[-1], flush=True)
    page = [
        "# Augmentation: how fast, and how far",
        "",
        f"Written by `python benchmarks/augmentation.py`. One core, processor time, the best of "
        f"{ROUNDS} rounds over {len(inks):,} inks of Omniglot small1: {strokes:.1f} strokes and "
        f"{samples:.0f} samples each on average, with time.",
        "",
        describe("numpy"),
        "",
        *lines,
        "",
        f"Of {len(inks):,} variations, one of each ink, how many are nearer to another of the same "
        f"drawer's characters than to the ink they were made of (cloud, `{SPEC}`):",
        "",
        *table,
    ]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "augmentation.md").write_text("\n".join(page) + "\n")


if __name__ == "__main__":
    main()
