"""Digits on a pressure-sensitive tablet by 44 writers, as recorded (UCI 81)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from strokesim.datasets.dataset import RAW_GITHUB, DataFile, Dataset
from strokesim.formats import read_inks
from strokesim.ink import Ink

_COMMIT = "a50dacab2860f6e10389f59d63253354bbc48c3e"
_FOLDER = f"{RAW_GITHUB}/kleinplw/HMM-Pendigits/{_COMMIT}/data"
_SPLITS = {"pendigits-orig.tra": "train", "pendigits-orig.tes": "test"}


def _read(paths: list[Path], split: str | None) -> Iterator[Ink]:
    for path in paths:
        part = _SPLITS[path.name]
        for ink in read_inks(path, format="unipen"):
            # The reader names writers by file and number, "pendigits-orig.tra/7".
            number = int((ink.writer or "").rpartition("/")[2])
            yield replace(ink, writer=f"{part}-{number:02d}")


DATASET = Dataset(
    name="pendigits",
    title="Pen-Based Recognition of Handwritten Digits, original recordings",
    authors="E. Alpaydin, F. Alimoglu",
    licence="CC BY 4.0",
    citation="E. Alpaydin, F. Alimoglu: Pen-Based Recognition of Handwritten Digits. UCI Machine "
    "Learning Repository, 1996. doi:10.24432/C5MG6K",
    home="https://archive.ics.uci.edu/dataset/81",
    content="10,992 inks of 10 digits: 7,494 by 30 writers (train), 3,498 by 14 others (test); "
    "positions",
    files=(
        DataFile(
            "pendigits-orig.tra",
            3641673,
            "a66225d68d7d68591e62944df1ad33b3f5aa608e2df2505844b41f5568a80da4",
            f"{_FOLDER}/pendigits-orig.tra",
        ),
        DataFile(
            "pendigits-orig.tes",
            1661044,
            "ddb1c19e277a56c7ffe682cc024d6ab73696f9adcc1643ef9ed5aa753007e081",
            f"{_FOLDER}/pendigits-orig.tes",
        ),
    ),
    splits={"train": ("pendigits-orig.tra",), "test": ("pendigits-orig.tes",)},
    read=_read,
    note="Pinned: a commit of a public copy. We have read and counted these bytes; the address "
    "could not be tried. Writers are train-01 to train-30 and test-01 to test-14: both files "
    "number theirs from 1.",
)
