"""Letters by one writer, as pen tip velocities at 200 Hz (UCI 175)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from strokesim.datasets.dataset import DataFile, Dataset
from strokesim.formats import read_inks
from strokesim.ink import Ink

_ARCHIVE = "character+trajectories.zip"


def _read(paths: list[Path], split: str | None) -> Iterator[Ink]:
    (path,) = paths
    member = path / "mixoutALL_shifted.mat" if path.name == _ARCHIVE else path
    for ink in read_inks(member, format="character_trajectories"):
        # The letters are small ones, as the archive says; the excerpt writes them in capitals.
        yield replace(ink, label=(ink.label or "").lower(), writer="w01")


DATASET = Dataset(
    name="character_trajectories",
    title="Character Trajectories",
    authors="B. H. Williams",
    licence="CC BY 4.0",
    citation="B. H. Williams: Character Trajectories. UCI Machine Learning Repository, 2006. "
    "doi:10.24432/C58G7V",
    home="https://archive.ics.uci.edu/dataset/175",
    content="2,858 inks of 20 letters written in one stroke, by 1 writer; positions, time "
    "(200 Hz), pressure",
    files=(
        DataFile(
            _ARCHIVE,
            7915950,
            "5d2db017ef0d8cf0e65ed060c9e90399f78eb9f1e3cb63e22ca8c3ef4ba67d52",
            f"https://archive.ics.uci.edu/static/public/175/{_ARCHIVE}",
        ),
    ),
    excerpt=DataFile(
        "uciCT_100_xvel_yvel_force.csv",
        509597,
        "32b223e3667a8972fbc270c6a2ede2b1d2138c14b5009c6b78b6a13e9834955b",
    ),
    read=_read,
    note="Pinned: the author's archive at UCI, by the sha256 that several public projects record. "
    "We have never had those bytes, and the address could not be tried. What we have read is the "
    "excerpt of 100 inks, 5 per letter, which has no address. The recordings were smoothed, "
    "differentiated and normalised before they were published; ours are integrated again.",
)
