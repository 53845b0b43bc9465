"""The table of formats, and which of them a file is."""

from __future__ import annotations

from importlib import import_module
from pathlib import PurePath

from strokesim.errors import FormatError, UnknownNameError
from strokesim.formats.format import Format

_MODULES = (
    "bdalab",
    "character_trajectories",
    "csv_columns",
    "digilets",
    "evdev",
    "gesture",
    "homus",
    "hwrt",
    "iamondb",
    "inkml",
    "inkml_differences",
    "jsonl",
    "kanjivg",
    "omniglot",
    "pendigits",
    "pointer_events",
    "pot",
    "quickdraw",
    "signature_text",
    "tegaki",
    "uim",
    "uji",
    "uji2",
    "unipen",
    "wacom_csv",
    "xournal",
)

FORMATS: dict[str, Format] = {
    module.FORMAT.name: module.FORMAT
    for module in (import_module(f"strokesim.formats.{name}") for name in _MODULES)
}
"""Every format, by name."""

# Endings that files of any kind carry. What has one of them and does not look like ink is
# passed over in a folder; what has an ending of its own, as ``.inkml``, must be ink.
_COMMON_SUFFIXES = frozenset({".csv", ".dat", ".json", ".jsonl", ".svg", ".txt", ".xml"})


def format_named(name: str) -> Format:
    """Return a format of the table.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    try:
        return FORMATS[name]
    except KeyError:
        raise UnknownNameError("format", name, FORMATS) from None


def format_of_suffix(name: str, *, writable: bool = False) -> Format | None:
    """Return the one format that has the suffix of a file name, as `suffix_of` tells it.

    None if no format has it, or several have; ``writable`` passes over those only read.
    """
    known = [format for format in FORMATS.values() if format.write or not writable]
    found = [format for format in known if suffix_of(name) in format.suffixes]
    return found[0] if len(found) == 1 else None


def format_of_file(head: bytes, name: str, *, named: bool) -> Format | None:
    """Tell the format of a file by its content, and by its suffix where that is not enough.

    Parameters
    ----------
    head : bytes
        The first bytes of the file.
    name : str
        Its name.
    named : bool
        Whether it was asked for by name, and therefore must be ink.

    Returns
    -------
    Format or None
        None if it was not asked for by name and is no ink.

    Raises
    ------
    FormatError
        If it looks like several formats, or must be ink and looks like none.
    """
    suffix = suffix_of(name)
    alike = {format.name: format for format in FORMATS.values() if format.sniff(head)}
    for refined in [format.refines for format in alike.values()]:
        alike.pop(refined or "", None)
    if len(alike) == 1:
        return next(iter(alike.values()))
    if alike:
        fitting = [format for format in alike.values() if suffix in format.suffixes]
        if len(fitting) == 1:
            return fitting[0]
        raise FormatError(f"could be {' or '.join(sorted(alike))}; name one with format=", name)
    by_suffix = format_of_suffix(name)
    must_be_ink = named or (by_suffix is not None and suffix not in _COMMON_SUFFIXES)
    if must_be_ink and not head.strip():
        raise FormatError("is empty", name)
    if by_suffix is not None and must_be_ink:
        return by_suffix
    if named:
        raise FormatError(
            f"is no ink in a known format ({', '.join(sorted(FORMATS))}); "
            "if it is one of them all the same, name it with format=",
            name,
        )
    return None


def suffix_of(name: str) -> str:
    """Return the suffix of a file name in lower case, ``.gz`` and ``.bz2`` not counted."""
    return PurePath(name.lower().removesuffix(".gz").removesuffix(".bz2")).suffix
