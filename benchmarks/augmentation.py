"""How many inks per second augmentation varies, on one core.

python benchmarks/augmentation.py

On Omniglot strokes as recorded, whole records in and out; each strength of `Augmentation` alone,
and all of them. Writes results/augmentation.md.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from machine import RESULTS, describe

from strokesim import Ink, load_dataset
from strokesim.augmentation import Augmentation

ROUNDS = 5


def rate(augmentation: Augmentation, inks: list[Ink]) -> float:
    """Return inks per second of processor time, the best of some rounds."""
    rng, best = np.random.default_rng(1), np.inf
    for _ in range(ROUNDS):
        began = time.process_time()
        for ink in inks:
            augmentation.augment(ink, rng)
        best = min(best, time.process_time() - began)
    return len(inks) / best


def main() -> None:
    inks = load_dataset("omniglot", "small1")
    strokes = np.mean([len(ink.strokes) for ink in inks])
    samples = np.mean([ink.n_samples for ink in inks])
    plain = Augmentation()
    lines = ["| strengths | inks/s |", "|---|---|"]
    rows = {"all, the defaults": plain}
    for name, value in plain.to_dict().items():
        rows[f"{name}={value:g} alone"] = replace(Augmentation.none(), **{name: value})
    for title, augmentation in rows.items():
        lines.append(f"| {title} | {round(rate(augmentation, inks), -2):,.0f} |")
        print(lines[-1], flush=True)
    page = [
        "# Augmentation in inks per second",
        "",
        f"Written by `python benchmarks/augmentation.py`. One core, processor time, the best of "
        f"{ROUNDS} rounds over {len(inks):,} inks of Omniglot small1: {strokes:.1f} strokes and "
        f"{samples:.0f} samples each on average, with time.",
        "",
        describe("numpy"),
        "",
        *lines,
    ]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "augmentation.md").write_text("\n".join(page) + "\n")


if __name__ == "__main__":
    main()
