"""Drawings of named things by players of a game (Quick, Draw!)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from strokesim.datasets.dataset import DataFile, Dataset
from strokesim.formats import read_inks
from strokesim.ink import Ink


def _read(paths: list[Path], split: str | None) -> Iterator[Ink]:
    return read_inks(*paths, format="quickdraw")


DATASET = Dataset(
    name="quickdraw",
    title="The Quick, Draw! Dataset",
    authors="Google Creative Lab (J. Jongejan, H. Rowley, T. Kawashima, J. Kim, N. Fox-Gieg)",
    licence="CC BY 4.0",
    citation="J. Jongejan, H. Rowley, T. Kawashima, J. Kim, N. Fox-Gieg: The Quick, Draw! "
    "Dataset, 2016",
    home="https://github.com/googlecreativelab/quickdraw-dataset",
    content="50 million drawings of 345 things, as many as lie in the folder; positions, in the "
    "raw files also time",
    loose="*.ndjson",
    excerpt=DataFile(
        "angel_simplified_sample.json",
        13093,
        "1f9ca544c99ba24f2bcd77e490606a249c2c3ad6ea6ef4ba3a4f9d13dd7a45d2",
    ),
    read=_read,
    note="Not pinned and not fetched: it is tens of gigabytes, and its publisher may change the "
    "files. Get the .ndjson files of the things you want, such as "
    "https://storage.googleapis.com/quickdraw_dataset/full/simplified/angel.ndjson (an address "
    "that could not be tried), into a folder and name it; they are read as they are. What we "
    "have read is a sample of 20 simplified drawings, which has no address. There are no writers.",
)
