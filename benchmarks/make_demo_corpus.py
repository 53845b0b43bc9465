"""Write the embedded demo corpus, datasets/demo.jsonl.gz: the same bytes of ink every time.

Twenty-four synthetic writers, demo-01 to demo-24, write each of the 62 labels once. The last
four are for queries: nobody's corpus has seen them. Devices are coarse enough to keep the file
small: 0.02 mm, 100 pressure levels, 80 or 100 samples per second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from strokesim.formats import write_ink
from strokesim.ink import Ink
from strokesim.synthesis import LABELS, Writer, synthesise_corpus

TARGET = Path(__file__).parent.parent / "datasets" / "demo.jsonl.gz"
SEED = 1995
N_WRITERS = 24


def demo_corpus() -> Iterator[Ink]:
    """Yield the inks of the demo corpus, writer by writer."""
    rng = np.random.default_rng(SEED)
    hands = (Writer.random(rng, f"demo-{number:02}") for number in range(1, N_WRITERS + 1))
    writers = [
        replace(hand, rate=80.0 if hand.rate < 100 else 100.0, resolution=0.02, levels=100)
        for hand in hands
    ]
    return synthesise_corpus(LABELS, writers, rng)


def main() -> None:
    number = write_ink(demo_corpus(), TARGET)
    print(f"{TARGET}: {number:,} inks, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
