"""InkML, written shorter: as differences of samples.

Reading is that of `strokesim.formats.inkml`, which tells these files by itself.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from strokesim.formats import inkml
from strokesim.formats.inkml.writing import write_inkml

FORMAT = replace(
    inkml.FORMAT,
    name="inkml_differences",
    title="InkML, difference-encoded",
    # A file is found out to be InkML, however it was written; this is for writing.
    suffixes=(),
    sniff=lambda head: False,
    write=partial(write_inkml, differences=True),
)
