"""What the library knows about one ink format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from strokesim.formats.source import Source
from strokesim.ink import Ink


@dataclass(frozen=True, slots=True)
class Format:
    """One way in which ink is written down.

    Parameters
    ----------
    name : str
        What ``format=`` and ``--format`` call it.
    title : str
        What people call it, for tables in the documentation.
    suffixes : tuple of str
        File name endings, lower case, with the dot. The first is the usual one.
    channels : tuple of str
        What an ink of this format can hold, by the names it has in `Ink`.
    sniff : callable
        ``sniff(head) -> bool``: whether the first bytes of a file look like this format.
        Never raises.
    read : callable
        ``read(source) -> iterator of Ink``: every ink of one file, in the order of the file.
        Raises `FormatError`, or leaves out what is damaged where ``source.lenient`` is set.
    write : callable, optional
        ``write(inks, file)``: writes inks to an open binary file. None where the format is
        only read.
    refines : str, optional
        The format that this one is a dialect of: a file that looks like both is of this one.
    lenient : str
        What is left out or mended where reading is lenient, for the documentation.
    unsupported : str
        What the format can hold and is not read, for the documentation.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    channels: tuple[str, ...]
    sniff: Callable[[bytes], bool]
    read: Callable[[Source], Iterator[Ink]]
    write: Callable[[Iterable[Ink], BinaryIO], None] | None = None
    refines: str | None = None
    lenient: str = "damaged files are left out"
    unsupported: str = "nothing that is known"
