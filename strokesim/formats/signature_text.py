"""Signature text: a count, and one line of numbers per sample.

References: D.-Y. Yeung et al., "SVC2004: First International Signature Verification
Competition", ICBA 2004, and the description of its files; github.com/BDALab/handwriting-sample
for the ``.svc`` of the Brain Diseases Analysis Laboratory, which has the same columns. ::

    2
    2933 5678 31275775 0 1550 710 0
    2933 5678 31275785 1 1480 770 312

- The columns are x, y, time stamp and button, and in most files azimuth, altitude (which
  BDALab calls tilt) and pressure.
- The button says whether the pen was down: 1 is a sample of a stroke, 0 one in the air. A
  pressure above 0 does not make a stroke, nor does a pressure of 0 end one. In SVC2004 a row
  with button 0 is where the pen was lifted, or landed first; in BDALab's files the whole way
  through the air is recorded.
- ``y`` grows upwards and is turned round. The size of a unit is not stated.
- Stamps are milliseconds where all of them are whole numbers, and seconds otherwise: BDALab's
  library turns the one into the other and writes both. Equal stamps and such that step
  backwards are kept.
- Azimuth and altitude are in tenths of a degree, as WinTab gives them: the azimuth runs
  clockwise from the far side of the tablet. They are degrees where no altitude is above 90,
  because no pen writes at 9 degrees from the paper.
- Full pressure is not stated. It is taken for 1, for the 1023 of SVC2004's tablet, or for the
  32767 of BDALab's, the first that no sample is above; ``ink.notes`` says which. Where none
  fits, pressure is kept as recorded and called ``P``.
- The count is wrong in a published file: rows beyond it are kept and counted as a repair.
- SVC2004's ``U5S21.TXT`` is signed with the name of user 5; signatures 21 to 40 are skilled
  forgeries, so the label is ``U5`` and the writer is not known. BDALab's
  ``subject_birth_sex_task_administrator_date.svc`` gives the writer and the task.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePath
from typing import Any

import numpy as np

from strokesim.formats.format import Format
from strokesim.formats.number_rows import parse_rows
from strokesim.formats.pen_runs import split_at_lifts
from strokesim.formats.source import Source, lines_of
from strokesim.ink import Ink

FULL_PRESSURES = (1.0, 1023.0, 32767.0)

_NUMBER = rb"[-+.\deE]+"
_HEAD = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*\d+[ \t]*\r?\n[ \t]*"
    + (_NUMBER + rb"[ \t]+") * 3
    + rb"[01](?:\.0*)?(?:[ \t]+"
    + _NUMBER
    + rb"[ \t]+"
    + _NUMBER
    + rb"[ \t]+"
    + _NUMBER
    + rb")?[ \t]*(?:\r?\n|\Z)"
)
_SVC2004 = re.compile(r"(?P<user>U\d+)S(?P<number>\d+)", re.IGNORECASE)
_N_GENUINE = 20
_MS_PER_SECOND = 1000.0


def _sniff(head: bytes) -> bool:
    return _HEAD.match(head) is not None


def _read(source: Source) -> Iterator[Ink]:
    first, _, rest = source.data.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    line = source.line_at(len(source.data) - len(rest)) if rest else 1
    if not re.fullmatch(rb"\d{1,18}", first.strip()):
        shown = first[:40].decode("utf-8", "backslashreplace")
        raise source.error(f"begins with {shown!r}; needed: the number of samples", 1)
    rows, damaged = parse_rows(source, rest, line, (4, 7))
    announced, found = int(first), len(rows) + damaged
    if found < announced:
        source.skip(f"announces {announced} samples and has {found}; is it cut off?", 1)
    odd = np.flatnonzero((rows[:, 3] != 0) & (rows[:, 3] != 1))
    for row in odd.tolist():
        place = None if damaged else _line_of_row(rest, line, row)
        source.skip(f"sample {row}: the button is {rows[row, 3]:g}; 1 is down, 0 is up", place)
    repairs = {
        "damaged row left out": damaged + len(odd),
        "row beyond the announced number": max(0, found - announced),
        "announced row that is missing": max(0, announced - found),
    }
    if len(odd):
        rows = np.delete(rows, odd, axis=0)
    ink = ink_of_rows(
        rows,
        repairs,
        id=source.stem,
        source=source.name,
        **_from_name(PurePath(source.name).stem),
    )
    if ink is None:
        source.skip("the pen is never down")
    else:
        yield ink


def ink_of_rows(rows: np.ndarray, repairs: dict[str, int], **fields: Any) -> Ink | None:
    """Return samples of a tablet as an ink, or None if the pen is never down.

    Parameters
    ----------
    rows : ndarray of float64, shape (n_samples, 4 or 7)
        x, y, time stamp, button, and azimuth, altitude, pressure, as in the files.
    repairs : dict of str to int
        What was mended; what is 0 is left out.
    **fields
        Other parameters of `Ink`.
    """
    x, y, stamps, button = rows[:, :4].T
    if not button.any():
        return None
    per_second = _MS_PER_SECOND if np.all(stamps == np.rint(stamps)) else 1.0
    columns = {"x": x, "y": 0.0 - y, "t": (stamps - stamps[0]) / per_second}
    notes = dict(fields.pop("notes", {}))
    if rows.shape[1] == 7:
        azimuth, altitude, pressure = rows[:, 4:].T
        full = next(
            (full for full in FULL_PRESSURES if 0 <= pressure.min() <= pressure.max() <= full), None
        )
        columns["P" if full is None else "pressure"] = pressure / (full or 1.0)
        if full is not None:
            notes["full pressure"] = f"{full:g}"
        per_half_turn = 180.0 if altitude.max() <= 90 else 1800.0
        columns["altitude"] = altitude * (math.pi / per_half_turn)
        columns["azimuth"] = azimuth * (math.pi / per_half_turn)
    channels = tuple(columns)
    samples = np.empty((len(rows), len(columns)))
    for name, column in zip(channels, samples.T, strict=True):
        column[:] = columns.pop(name)
    strokes, hover = split_at_lifts(samples, button == 1, channels)
    counted = {what: count for what, count in repairs.items() if count}
    return Ink(strokes, hover=hover, repairs=counted, notes=notes, **fields)


def _line_of_row(text: bytes, first_line: int, row: int) -> int:
    lines = (number for number, line in enumerate(lines_of(text), first_line) if line.strip())
    return next(islice(lines, row, None))


def _from_name(stem: str) -> dict[str, Any]:
    """Return what the name of a file says."""
    if match := _SVC2004.fullmatch(stem):
        user = match["user"].upper()
        genuine = int(match["number"]) <= _N_GENUINE
        writer = user if genuine else None
        return {"label": user, "writer": writer, "notes": {"genuine": "yes" if genuine else "no"}}
    words = stem.split("_")
    if len(words) == 6:
        subject, _, _, task, _, date = words
        return {"writer": subject, "notes": {"task": task, "date": date}}
    return {}


FORMAT = Format(
    name="signature_text",
    title="Signature text (SVC2004, BDALab .svc)",
    suffixes=(".svc", ".txt"),
    channels=("x", "y", "t", "pressure", "altitude", "azimuth", "hover"),
    sniff=_sniff,
    read=_read,
    lenient="damaged rows are left out, and so are announced rows that are missing",
    unsupported="columns in another order; angles of a pen's roll",
)
