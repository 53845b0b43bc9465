"""The table of published datasets, and how they are fetched and loaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from strokesim.datasets import (
    character_trajectories,
    demo,
    omniglot,
    pendigits,
    quickdraw,
    ujipenchars,
    ujipenchars2,
)
from strokesim.datasets.dataset import Dataset
from strokesim.datasets.finding import EXCERPT, find, folder_for, homes, is_right, missing, verify
from strokesim.errors import ArgumentError, DatasetError, OutputError, UnknownNameError
from strokesim.ink import Ink
from strokesim.replacing import replacing

DATASETS: dict[str, Dataset] = {
    module.DATASET.name: module.DATASET
    for module in (
        demo,
        pendigits,
        ujipenchars,
        ujipenchars2,
        omniglot,
        character_trajectories,
        quickdraw,
    )
}
"""Every dataset, by name."""

LOCK_TIMEOUT = 600.0
"""Seconds to wait for another process that fetches the same dataset."""


def load_dataset(
    name: str, split: str | None = None, *, folder: str | os.PathLike[str] | None = None
) -> list[Ink]:
    """Load the inks of a published dataset.

    Its files are looked for in ``$STROKESIM_DATA`` and then in the user's cache folder, and
    fetched into the cache if they are in neither. Where there is an excerpt only, it is loaded
    in place of the whole, unless a split is asked for. Checksums are compared every time.

    Parameters
    ----------
    name : str
        A name in `DATASETS`.
    split : str, optional
        A name in ``DATASETS[name].splits``, or "excerpt" where there is one. None loads every
        ink, and each once.
    folder : path-like, optional
        Take the files from here, and never fetch them: the dataset's folder, or one in which
        it has a folder of its name.

    Raises
    ------
    UnknownNameError
        If there is no such dataset or split.
    DatasetError
        If its files are not there and cannot be fetched, or are not those that were checked.

    Examples
    --------
    >>> inks = load_dataset("pendigits", split="train")  # doctest: +SKIP
    >>> len(inks)  # doctest: +SKIP
    7494
    """
    dataset = dataset_named(name)
    _check_split(dataset, split)
    places = homes(dataset, folder)
    paths = find(dataset, split, places)
    if paths is None and folder is None and split != EXCERPT:
        fetch(name)
        paths = find(dataset, split, places)
    if paths is None:
        raise missing(dataset, split, places)
    verify(dataset, paths)
    return list(dataset.read(paths, None if split == EXCERPT else split))


def dataset_folder(name: str, *, folder: str | os.PathLike[str] | None = None) -> Path:
    """Return where the files of a dataset lie, or would be put.

    Parameters
    ----------
    name : str
        A name in `DATASETS`.
    folder : path-like, optional
        Look here only, as `load_dataset` does.

    Raises
    ------
    UnknownNameError
        If there is no such dataset.
    """
    dataset = dataset_named(name)
    paths = find(dataset, None, homes(dataset, folder))
    return paths[0].parent if paths else folder_for(dataset, folder)


def fetch(
    name: str,
    *,
    folder: str | os.PathLike[str] | None = None,
    source: str | os.PathLike[str] | None = None,
    progress: Callable[[int], object] | None = None,
) -> Path:
    """Bring the files of a dataset onto this machine, and return their folder.

    Files that are there and right are left as they are; a download that broke off goes on
    where it stopped. Processes that fetch the same dataset wait for each other.

    Parameters
    ----------
    name : str
        A name in `DATASETS`.
    folder : path-like, optional
        Where the dataset gets a folder of its name; by default the user's cache folder.
    source : path-like, optional
        Copy the files from here instead: the dataset's folder, or one in which it has a
        folder of its name. An excerpt is copied where the whole is not there.
    progress : callable, optional
        Called with the number of bytes that came since the last call; `Dataset.size` in all.

    Raises
    ------
    UnknownNameError
        If there is no such dataset.
    DatasetError
        If a file cannot be reached or found, or is not the one that was checked.
    OutputError
        If the folder cannot be written.
    """
    dataset, report = dataset_named(name), progress or (lambda _: None)
    places = homes(dataset, folder)
    if source is None or dataset.folder is not None:
        there = find(dataset, None, places, whole=True)
        if there is not None and all(is_right(dataset, path) for path in there):
            report(dataset.size)
            return there[0].parent
        if not dataset.files:
            raise missing(dataset, None, places)
        given = []
    else:
        given = find(dataset, None, homes(dataset, source)) or []
        if not given:
            raise missing(dataset, None, homes(dataset, source))
        verify(dataset, given)
    target = folder_for(dataset, folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        with FileLock(target / ".lock", timeout=LOCK_TIMEOUT):
            if given:
                _copy(given, target, report)
            else:
                _download(dataset, target, report)
    except Timeout as error:
        raise DatasetError(
            f"another process has been fetching {name} for {LOCK_TIMEOUT:.0f} s; "
            f"if there is none, remove {target / '.lock'}"
        ) from error
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    return target


def dataset_named(name: str) -> Dataset:
    """Return a dataset of the table.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    try:
        return DATASETS[name]
    except KeyError:
        raise UnknownNameError("dataset", name, DATASETS) from None


def _check_split(dataset: Dataset, split: str | None) -> None:
    known = [*dataset.splits, *([EXCERPT] if dataset.excerpt else [])]
    if split is None or split in known:
        return
    if not known:
        raise ArgumentError(f"split={split!r}: {dataset.name} has none; leave it out")
    raise UnknownNameError(f"split of {dataset.name}", split, known)


def _download(dataset: Dataset, target: Path, report: Callable[[int], object]) -> None:
    # Here, because it loads an HTTP stack that nothing else needs.
    from strokesim.datasets.download import download

    for file in dataset.files:
        path = target / file.name
        if path.is_file() and is_right(dataset, path):
            report(path.stat().st_size)
        else:
            download(file, target, report)


def _copy(paths: list[Path], target: Path, report: Callable[[int], object]) -> None:
    for path in paths:
        with path.open("rb") as given, replacing(target / path.name) as file:
            shutil.copyfileobj(given, file)
        report((target / path.name).stat().st_size)
