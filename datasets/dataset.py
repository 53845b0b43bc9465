"""What the library knows about one published dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from strokesim.ink import Ink

RAW_GITHUB = "https://raw.githubusercontent.com"
"""Serves a file of a public repository as it was at a commit, which pins its bytes."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of a dataset, pinned by its bytes.

    Parameters
    ----------
    name : str
        Its name in the dataset's folder.
    size : int, optional
        In bytes; None where we were not told.
    sha256 : str
        Of its bytes, 64 hexadecimal digits.
    url : str, optional
        Where it is fetched from; None where there is no address that we know.
    """

    name: str
    size: int | None
    sha256: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A published set of recordings: where it comes from, and how it becomes ink.

    Parameters
    ----------
    name : str
        What `load_dataset` and the command line call it; also the name of its folder.
    title, authors, licence, citation, home : str
        As its authors give them; ``home`` is the address of its page.
    content : str
        How many inks, writers and classes there are, and what was recorded.
    read : callable
        ``read(paths, split) -> inks``: the inks of a split, or all where split is None.
    files : tuple of DataFile
        The whole dataset.
    splits : mapping of str to tuple of str
        For each split the names of the files that it needs. Empty where its authors
        published none.
    loose : str
        Instead of ``files``, a pattern for the names of files that cannot be pinned because
        their publisher may change them. They are read as they lie in the folder.
    excerpt : DataFile, optional
        A small part of the dataset in a file of its own, which is loaded where the whole
        is not there.
    folders : tuple of str
        Other names that its folder may have.
    folder : Path, optional
        Where it lies if it comes with the library.
    note : str
        What one has to know before one relies on it; what is pinned and what is not.
    """

    name: str
    title: str
    authors: str
    licence: str
    citation: str
    home: str
    content: str
    read: Callable[[list[Path], str | None], Iterable[Ink]]
    files: tuple[DataFile, ...] = ()
    splits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    loose: str = ""
    excerpt: DataFile | None = None
    folders: tuple[str, ...] = ()
    folder: Path | None = None
    note: str = ""

    @property
    def size(self) -> int:
        """How many bytes fetching it brings, files of unknown size not counted."""
        return sum(file.size or 0 for file in self.files)

    def files_of(self, split: str | None) -> tuple[DataFile, ...]:
        """Return the files that a split needs, or all where split is None."""
        if split is None:
            return self.files
        return tuple(file for file in self.files if file.name in self.splits[split])
