"""Where the files of a dataset lie, and whether they are the ones that were checked."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import platformdirs

from strokesim.datasets.dataset import DataFile, Dataset
from strokesim.errors import DatasetError

VARIABLE = "STROKESIM_DATA"
"""Environment variable: a folder with a folder for each dataset that is there."""

EXCERPT = "excerpt"
"""What the split is called that is a dataset's excerpt."""


def folder_for(dataset: Dataset, folder: str | os.PathLike[str] | None) -> Path:
    """Return where fetched files are put: in a folder of the dataset's name."""
    if folder is not None:
        return Path(folder) / dataset.name
    return platformdirs.user_cache_path("strokesim") / "datasets" / dataset.name


def homes(dataset: Dataset, folder: str | os.PathLike[str] | None) -> list[Path]:
    """Return the folders in which a dataset may lie, the first to be looked at first.

    Parameters
    ----------
    dataset : Dataset
        One that comes with the library lies there and nowhere else.
    folder : path-like, optional
        The dataset's folder, or one that holds it. None: below ``$STROKESIM_DATA``, then in
        the user's cache folder.
    """
    if dataset.folder is not None:
        return [dataset.folder]
    names = (dataset.name, *dataset.folders)
    if folder is not None:
        return [*(Path(folder) / name for name in names), Path(folder)]
    variable = os.environ.get(VARIABLE)
    named = [Path(variable) / name for name in names] if variable else []
    return [*named, folder_for(dataset, None)]


def find(
    dataset: Dataset, split: str | None, places: list[Path], *, whole: bool = False
) -> list[Path] | None:
    """Return the files that a split needs, from the first place that has them all.

    Parameters
    ----------
    dataset, split
        What is looked for.
    places : list of Path
        As `homes` gives them.
    whole : bool
        Do not let the excerpt stand in where the whole is nowhere.
    """
    if split != EXCERPT:
        for place in places:
            paths = [place / file.name for file in dataset.files_of(split)]
            if dataset.loose:
                paths += sorted(place.glob(dataset.loose))
            if paths and all(path.is_file() for path in paths):
                return paths
    if dataset.excerpt is not None and split in (None, EXCERPT) and not whole:
        for place in places:
            if (place / dataset.excerpt.name).is_file():
                return [place / dataset.excerpt.name]
    return None


def is_right(dataset: Dataset, path: Path) -> bool:
    """Return whether a file has the checksum of its name; loose files have none to compare.

    Raises
    ------
    DatasetError
        If it cannot be read.
    """
    pinned = _pinned(dataset, path)
    if pinned is None:
        return True
    try:
        if pinned.size not in (None, path.stat().st_size):
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == pinned.sha256
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}") from error


def verify(dataset: Dataset, paths: list[Path]) -> None:
    """Refuse files that are not the ones that were checked.

    Raises
    ------
    DatasetError
        If a file cannot be read or has another checksum; the message names it.
    """
    for path in paths:
        if not is_right(dataset, path):
            raise DatasetError(
                f"{path} is not the file that was checked for {dataset.name}: its size or its "
                "sha256 differ; remove it and fetch it again, or read it with read_inks as it is"
            )


def missing(dataset: Dataset, split: str | None, places: list[Path]) -> DatasetError:
    """Return, for raising, the error that tells what was looked for, where, and how to get it."""
    wanted = [file.name for file in dataset.files_of(split)] if split != EXCERPT else []
    if not wanted and dataset.excerpt is not None:
        wanted = [*([dataset.loose] if dataset.loose else []), dataset.excerpt.name]
    if len(wanted) > 3:
        wanted = [wanted[0], "...", wanted[-1]]
    looked = " and ".join(str(place) for place in places)
    how = "fetch it" if dataset.files else f"get it from {dataset.home}"
    return DatasetError(
        f"{dataset.name} is not on this machine: {', '.join(wanted)} not found in {looked}; {how}, "
        f"or name the folder that has it (--from, folder=, ${VARIABLE})"
    )


def _pinned(dataset: Dataset, path: Path) -> DataFile | None:
    pinned = {file.name: file for file in (*dataset.files, dataset.excerpt) if file is not None}
    return pinned.get(path.name)
