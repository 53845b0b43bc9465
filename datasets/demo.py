"""The embedded corpus: pen movement that this library synthesised, so that it needs no file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from strokesim.datasets.dataset import Dataset
from strokesim.formats import read_inks
from strokesim.ink import Ink

_FILE = "demo.jsonl.gz"


def _read(paths: list[Path], split: str | None) -> Iterator[Ink]:
    return read_inks(*paths, format="jsonl")


DATASET = Dataset(
    name="demo",
    title="Synthetic letters and digits",
    authors="strokesim",
    licence="BSD-3-Clause",
    citation="strokesim.synthesis, after R. Plamondon, M. Djioua: A multi-level representation "
    "paradigm for handwriting stroke generation. Human Movement Science 25, 2006",
    home="strokesim.synthesis",
    content="",
    read=_read,
    loose=_FILE,
    folder=Path(__file__).parent,
)
