"""Ink formats: reading and writing."""

from strokesim.formats.format import Format
from strokesim.formats.reading import read_ink, read_inks
from strokesim.formats.table import FORMATS
from strokesim.formats.writing import write_ink

__all__ = ["FORMATS", "Format", "read_ink", "read_inks", "write_ink"]
