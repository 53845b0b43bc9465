"""Whole small files of every format, for damaging: those that the tests of the readers use."""

import gzip
import io
import json
import struct

import test_formats_bdalab as bdalab
import test_formats_character_trajectories as character_trajectories
import test_formats_digilets as digilets
import test_formats_evdev as evdev
import test_formats_gesture as gesture
import test_formats_homus as homus
import test_formats_hwrt as hwrt
import test_formats_iamondb as iamondb
import test_formats_inkml_fuzz as inkml
import test_formats_kanjivg as kanjivg
import test_formats_omniglot as omniglot
import test_formats_pendigits as pendigits
import test_formats_pointer_events as pointer_events
import test_formats_pot as pot
import test_formats_quickdraw as quickdraw
import test_formats_signature_text as signature_text
import test_formats_tegaki as tegaki
import test_formats_uim as uim
import test_formats_uji2 as uji2
import test_formats_unipen as unipen
import test_formats_wacom_csv as wacom_csv
import test_formats_xournal as xournal

from strokesim.formats import FORMATS
from strokesim.ink import Hover, Ink, Stroke

# A tree of every declaration that reaches far: includes, hierarchy, segments of components.
PART = b".COORD X Y T P\n.POINTS_PER_SECOND 100\n.HIERARCHY PAGE WORD CHARACTER\n"
TREE = b"""\
.VERSION 1.0
.INCLUDE part.doc
.START_SET a
.WRITER_ID "w\\@1"
.SEGMENT PAGE 0-3 OK "ab"
.SEGMENT WORD 0:1-2:0 ? "a"
.SEGMENT CHARACTER 3 GOOD "\\""
.DT 10
.PEN_DOWN
1 2 0 3
2 3 10 3
.PEN_UP
.PEN_UP
4 5 20 0
.PEN_DOWN
0 0 0 0
.PEN_DOWN
7 8 30 9
.START_SET b
.SEGMENT CHARACTER
.PEN_DOWN
1 1 0 0
"""

WRITTEN = (
    Ink.from_arrays(
        [[[1, 2, 0, 0.5], [3, 4, 0.25, 1]], [[0, -3, 0.5, 0]]],
        ("x", "y", "t", "pressure"),
        label="a",
        writer="w",
        mm_per_unit=0.5,
        hover=[Hover(1, Stroke([[1, 2], [3, 4]]))],
    ),
    Ink.from_arrays([[[5, 6], [7, 8], [7, 8]]], label='"b"'),
)


def _written(name):
    """Return the file that the library itself writes, if it writes the format."""
    write = FORMATS[name].write
    if write is None:
        return ()
    file = io.BytesIO()
    write(WRITTEN, file)
    return (file.getvalue(),)


WHOLE = {
    "bdalab": tuple(json.dumps(one).encode() for one in (bdalab.TABLET, bdalab.POINTER)),
    "character_trajectories": (
        f"{character_trajectories.HEADER}\n"
        f"{character_trajectories.csv(character_trajectories.padded(character_trajectories.WRITTEN))}"
        f"{character_trajectories.csv(character_trajectories.WRITTEN, 1, 'B')}".encode(),
    ),
    "csv": (b"ink,label,x,y,t,pen\n0,a,1,2,0,1\n0,a,2,3,1.5,1\n1,b,2,3,0,1\n1,b,2,3,1,0\n",),
    "digilets": (digilets.CHARACTER * 2,),
    "evdev": (
        evdev.capture(
            [
                evdev.ABS,
                *evdev.events(*evdev.STROKE, evdev.DROPPED, evdev.REPORT, *evdev.STROKE),
            ]
        ),
    ),
    "gesture": (gesture.MULTISTROKE.encode(), gesture.UNISTROKE.encode()),
    "homus": (homus.SYMBOL,),
    "hwrt": (json.dumps(hwrt.STROKES).encode(),),
    "iamondb": (iamondb.PAGE.encode("latin-1"),),
    "inkml": (inkml.WHOLE,),
    "inkml_differences": (inkml.WHOLE,),
    "jsonl": (),
    "kanjivg": (f"{kanjivg.DECLARATION}{kanjivg.SVG}".encode(), kanjivg.COLLECTION.encode()),
    "omniglot": (omniglot.DRAWING.encode(),),
    "pendigits": (pendigits.LINE + b"\n" + pendigits.LINE,),
    "pointer_events": (pointer_events.capture(pointer_events.TWO_STROKES),),
    "pot": (pot.record() * 2, pot.record(tag=struct.pack(">I", 0xB0A1)) * 2),
    "quickdraw": (quickdraw.LINES, quickdraw.ARRAY),
    "signature_text": (signature_text.FOUR, signature_text.SEVEN),
    "tegaki": (tegaki.CHARACTER.encode(), gzip.compress(tegaki.CHARACTER.encode(), mtime=0)),
    "uim": (uim.EMPTY,),
    "uji": (
        b'.VERSION 1.0\n.COMMENT Class [A]\n.SEGMENT CHARACTER 0-1 ? "A"\n'
        b".PEN_DOWN\n1 2\n3 4\n.PEN_UP\n.DT 100\n.PEN_DOWN\n5 6\n.PEN_UP\n",
    ),
    "uji2": ((uji2.WORD + uji2.OTHER).encode(),),
    "unipen": (TREE, unipen.SEGMENTED.encode(), PART),
    "wacom_csv": (wacom_csv.PLAIN,),
    "xournal": (
        xournal.NOTEBOOK.encode(),
        gzip.compress(xournal.NOTEBOOK.encode(), mtime=0),
    ),
}
"""Files of each format, by its name: strict reading takes every one of them, but for UIM's."""

for _name, _files in WHOLE.items():
    WHOLE[_name] = _files + _written(_name)
