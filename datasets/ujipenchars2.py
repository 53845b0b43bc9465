"""Letters, digits and signs on tablet PCs by 60 writers at two places (UCI 177)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from strokesim.datasets.dataset import DataFile, Dataset
from strokesim.formats import read_inks
from strokesim.ink import Ink

_ARCHIVE = "uji+pen+characters+version+2.zip"


def _read(paths: list[Path], split: str | None) -> Iterator[Ink]:
    (path,) = paths
    inks = read_inks(path / "ujipenchars2.txt" if path.name == _ARCHIVE else path, format="uji2")
    return (ink for ink in inks if split is None or ink.notes.get("part") == split)


DATASET = Dataset(
    name="ujipenchars2",
    title="UJI Pen Characters (Version 2)",
    authors="F. Prat, M. J. Castro, D. Llorens, A. Marzal, J. M. Vilar",
    licence="CC BY 4.0",
    citation="F. Prat, M. Castro, D. Llorens, A. Marzal, J. Vilar: UJI Pen Characters (Version "
    "2). UCI Machine Learning Repository, 2008. doi:10.24432/C5FG8S",
    home="https://archive.ics.uci.edu/dataset/177",
    content="11,640 inks of 97 characters by 60 writers, each twice: 40 writers for training "
    "(trn), 20 for testing (tst); positions",
    files=(
        DataFile(
            _ARCHIVE,
            None,
            "0881b522911b99d9922820289441b50fd3d307f71cd7f9cc70e86872424a5f90",
            f"https://archive.ics.uci.edu/static/public/177/{_ARCHIVE}",
        ),
    ),
    splits={"trn": (_ARCHIVE,), "tst": (_ARCHIVE,)},
    excerpt=DataFile(
        "ujipenchars2_excerpt.txt",
        1975,
        "45dde0f0866ab9586c0009918296d17b738a8d098e5878ddeca83415b453dcc8",
    ),
    folders=("ujipenchars2_excerpt",),
    read=_read,
    note="Pinned: the authors' archive at UCI, by the sha256 that several public projects "
    "record. We have never had those bytes, and the address could not be tried. What we have "
    "read is the excerpt of 5 inks, which has no address. Writers are UJI_W01, UPV_W17 and so "
    "on; the 1,364 inks of ujipenchars are among these.",
)
