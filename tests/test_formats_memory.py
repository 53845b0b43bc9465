"""Damaged and odd files take memory in proportion to their size, whatever stands in them."""

import tracemalloc

import pytest
from damaged_files import taken_or_refused

SIZE = 2_000_000
"""Bytes of the part that is repeated."""
FREE = 4 << 20
"""Bytes that may be taken whatever the size, as in benchmarks/fuzz.py."""

ROW = b"\n1" + b",1" * 9999

# Head, part and tail of a file: one for each way in which a part took much more than its size.
REPEATED = {
    "a header of commas": ("csv", b"x,y", b",", b"\n1,2\n"),
    "a row of cells": ("csv", b"x,y\n", b",ab", b"\n1,2\n"),
    "rows of many cells": ("csv", b"x,y" + b",%d" * 9998 % (*range(9998),), ROW, b""),
    "a list of a column": ("bdalab", b'{"x":[', b"1,", b'1],"y":[1]}'),
    "points without a time": ("hwrt", b'[[{"x":1,"y":1,"time":1}', b',{"x":3.5,"y":876}', b"]]"),
    "a line of samples": ("digilets", b"0.1 0.2 0.0 1 0.0 ", b"0 ", b"\n1 0\n"),
    "a row of numbers": ("omniglot", b"START\n1,2,3\n", b"-6,", b"\nBREAK"),
    "a row of short numbers": ("omniglot", b"START\n1,2,3\n", b"1,", b"1\nBREAK"),
    "marks without samples": ("omniglot", b"START\n1,2,3\nBREAK\n", b"BREAK\n", b"BREAK"),
    "a stroke of numbers": ("quickdraw", b'[{"word":"a","drawing":[[[', b"0,", b"0],[1]]]}]"),
    "short components": (
        "unipen",
        b'.SEGMENT A 0-1 ? "a"\n.PEN_DOWN\n1 2\n',
        b".PEN_UP\n6\n",
        b"",
    ),
    "short components of two kinds": (
        "unipen",
        b".COORD X Y\n.PEN_DOWN\n1 2\n",
        b".COORD X Y P\n.PEN_UP\n1 2\n.COORD X Y\n.PEN_UP\n1 2\n3 4\n5 6\n",
        b"",
    ),
    "words of a segment": ("unipen", b".PEN_DOWN\n1 2\n.SEGMENT A ", b"0-1 ", b'? "a"\n'),
    "a label": ("unipen", b'.PEN_DOWN\n1 2\n.SEGMENT A 0 ? "a', b'"\n', b'"\n'),
    "a component": ("uji", b".COMMENT Class [A]\n.PEN_DOWN\n", b"5 ", b"DOWN\n"),
    "a row among samples": ("signature_text", b"2\n1 2 3 1\n", b"1 ", b"\n1 2 3 1\n"),
    "names of columns": ("wacom_csv", b"idx,SPLINE_X,SPLINE_Y", b",P", b"\n0,1,2\n"),
    "a point": ("inkml", b"<ink><trace>1", b"-1", b"</trace></ink>"),
    "a point of signs": ("inkml", b"<ink><trace>1 2,3 4", b"-", b",5 6</trace></ink>"),
    "positions": (
        "xournal",
        b"<xournal><page><layer><stroke width='1'>",
        b"64 5 ",
        b"</stroke></layer></page></xournal>",
    ),
    "short strings": ("jsonl", b'{"strokesim_ink":1,"channels":["x"', b',"ty"', b"]}"),
    "a declaration in lines": (
        "kanjivg",
        b"<!DOCTYPE svg [\n",
        b"x\n",
        b"]><svg xmlns:kvg='u'><path d='M1 2 3 4'/></svg>",
    ),
}


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize("case", REPEATED)
def test_a_part_that_is_repeated_takes_no_more_than_ten_times_the_file(tmp_path, case, lenient):
    format, head, part, tail = REPEATED[case]
    path = tmp_path / "file"
    path.write_bytes(head + part * (SIZE // len(part)) + tail)
    # What is imported and kept by the first reading is not the file's.
    taken_or_refused(path, format, lenient)
    tracemalloc.start()
    taken_or_refused(path, format, lenient)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 10 * path.stat().st_size + FREE
