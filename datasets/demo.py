"""The embedded corpus: pen movement that this library synthesised, so that it needs no file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from strokesim.datasets.dataset import Dataset
from strokesim.formats import read_inks
from strokesim.ink import Ink

_TEST = {"demo-21", "demo-22", "demo-23", "demo-24"}


def _read(paths: list[Path], split: str | None) -> Iterator[Ink]:
    inks = read_inks(*paths, format="jsonl")
    return (ink for ink in inks if split is None or (ink.writer in _TEST) == (split == "test"))


DATASET = Dataset(
    name="demo",
    title="Synthetic letters and digits",
    authors="strokesim",
    licence="BSD-3-Clause",
    citation="strokesim.synthesis, after R. Plamondon, M. Djioua: A multi-level representation "
    "paradigm for handwriting stroke generation. Human Movement Science 25, 2006",
    home="strokesim.synthesis",
    content="1,488 inks of 62 letters and digits by 24 writers, each once: 20 writers for training "
    "(train), 4 for testing (test); positions, time, pressure, millimetres",
    read=_read,
    loose="demo.jsonl.gz",
    splits={"train": (), "test": ()},
    folder=Path(__file__).parent,
    note="Comes with the library. Nobody wrote it: it shows how things work, and says nothing "
    "about how well. benchmarks/make_demo_corpus.py makes it again.",
)
