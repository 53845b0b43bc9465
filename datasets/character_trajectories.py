"""Letters by one writer, as pen tip velocities at 200 Hz (UCI 175).

``mixoutALL_shifted.mat`` holds ``mixout``, a cell array of matrices (3, n_samples) of the
velocities of x, y and tip force, and the struct ``consts``, whose ``charlabels`` numbers the
letters in ``key`` from 1.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from strokesim.datasets.dataset import DataFile, Dataset
from strokesim.formats import read_inks
from strokesim.formats.character_trajectories import integrated
from strokesim.formats.source import Source
from strokesim.ink import Ink

_ARCHIVE, _MEMBER = "character+trajectories.zip", "mixoutALL_shifted.mat"


def _read(paths: list[Path], split: str | None) -> Iterator[Ink]:
    (path,) = paths
    if path.name == _ARCHIVE:
        source = Source(b"", f"{path}/{_MEMBER}", _MEMBER)
        inks = integrated(_recordings(path, source), source)
    else:
        inks = read_inks(path, format="character_trajectories")
    for ink in inks:
        # The letters are small ones, as the archive says; the excerpt writes them in capitals.
        yield replace(ink, label=(ink.label or "").lower(), writer="w01")


def _recordings(archive: Path, source: Source) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield number, label and velocities (n_samples, 3) of each character of the archive.

    Not a format that `read_inks` knows: SciPy's reader can crash on a damaged file, and this
    archive is loaded only if its checksum is right.
    """
    from scipy.io import loadmat

    try:
        with zipfile.ZipFile(archive) as members:
            file: Any = io.BytesIO(members.read(_MEMBER))  # SciPy's stubs ask for a path
        content = loadmat(file, variable_names=("mixout", "consts"))
        constants = content["consts"][0, 0]
        keys = [str(key.item()) for key in constants["key"].flat]
        labels = [keys[int(number) - 1] for number in constants["charlabels"].flat]
        matrices = [np.asarray(matrix, dtype=np.float64).T for matrix in content["mixout"].flat]
    except (zipfile.BadZipFile, KeyError, IndexError, TypeError, ValueError) as error:
        raise source.error(f"is not laid out as its author describes it: {error!r}") from error
    if len(labels) != len(matrices) or {matrix.shape[1:] for matrix in matrices} != {(3,)}:
        raise source.error("has not one label and one matrix (3, n_samples) per character")
    yield from zip(map(str, range(len(labels))), labels, matrices, strict=True)


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
