"""Characters of many alphabets, drawn online by 20 people each (Omniglot)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from strokesim.datasets.dataset import RAW_GITHUB, DataFile, Dataset
from strokesim.formats import read_inks
from strokesim.ink import Ink

_COMMIT = "057f034baf2ecb8530bc5710e5a23584d2a519cc"
_FOLDER = f"{RAW_GITHUB}/brendenlake/omniglot/{_COMMIT}/python"


def _read(paths: list[Path], split: str | None) -> Iterator[Ink]:
    seen = set()
    for path in paths:
        for ink in read_inks(path, format="omniglot"):
            # Greek and Latin are in both archives, byte for byte and with the same ids.
            if ink.id not in seen:
                seen.add(ink.id)
                yield ink


DATASET = Dataset(
    name="omniglot",
    title="Omniglot strokes, the two small background sets",
    authors="B. M. Lake, R. Salakhutdinov, J. B. Tenenbaum",
    licence="MIT",
    citation="B. M. Lake, R. Salakhutdinov, J. B. Tenenbaum: Human-level concept learning through "
    "probabilistic program induction. Science 350, 1332-1338, 2015",
    home="https://github.com/brendenlake/omniglot",
    content="4,840 inks of 242 characters of 8 alphabets, 20 drawers each: 2,720 in small1, "
    "3,120 in small2, Greek and Latin in both; positions, time",
    files=(
        DataFile(
            "strokes_background_small1.zip",
            3056274,
            "8cb3960fb6cf4ccf5f064ad83169f828c36c36782a0f6e7faacb7ecfae4468a2",
            f"{_FOLDER}/strokes_background_small1.zip",
        ),
        DataFile(
            "strokes_background_small2.zip",
            4100947,
            "345bf2141efbea062833dbb2828abbc23d9e07825e46f2afdd4daecddfed6e78",
            f"{_FOLDER}/strokes_background_small2.zip",
        ),
    ),
    splits={
        "small1": ("strokes_background_small1.zip",),
        "small2": ("strokes_background_small2.zip",),
    },
    read=_read,
    note="Pinned: a commit of the authors' repository. We have read and counted these bytes; the "
    "address could not be tried. The splits overlap in Greek and Latin; without a split each ink "
    "comes once. The drawer of one alphabet is not the drawer of that number in another, hence "
    "writers such as Greek/drawer01.",
)
