"""Files that were damaged on the way, and what a reader may do with them."""

import io

from hypothesis import strategies as st

from strokesim.errors import FormatError
from strokesim.formats import read_inks

# What damage and malice put into files: no numbers, huge ones, ends of things, nesting.
TOKENS = [
    b"\0", b"\n", b"\r\n", b" ", b",", b";", b"-", b".", b"1e400", b"-1e400", b"nan", b"NaN",
    b"inf", b"1000000000", b"9007199254740993", b"0", b"-1", b"\xff\xff", b"\xff\xff\0\0",
    b"\xef\xbb\xbf", b"null", b"true", b"{}", b"[]", b'"', b"[[[[", b"}", b"]", b"\x80", b"_1",
    b"<", b">", b"&x;", b"<!DOCTYPE a [", b"]>", b"]]>", b"<a>" * 300,
]  # fmt: skip


@st.composite
def mutated(draw, *originals):
    """One of the originals with a few cuts, copies, exchanged bytes and tokens put in."""
    data = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(data)))
        end = draw(st.integers(begin, min(len(data), begin + 40)))
        token = draw(st.sampled_from(TOKENS) | st.binary(max_size=3))
        data = draw(
            st.sampled_from(
                [
                    data[:begin],
                    data[:begin] + data[end:],
                    data[:begin] + token + data[begin:],
                    data[:begin] + token + data[end:],
                    data[:end] + data[begin:end] * 2 + data[end:],
                ]
            )
        )
    return data


def read_or_refused(data, format):
    """Read bytes as a format, strictly and leniently; only FormatError may come out."""
    found = {}
    for lenient in (False, True):
        skipped = []
        try:
            found[lenient] = list(
                read_inks(io.BytesIO(data), format=format, lenient=lenient, skipped=skipped)
            )
        except FormatError as error:
            assert str(error)
            found[lenient] = None
            assert not lenient or not skipped
    # What is whole is read alike; a lenient reader never has less.
    if found[False] is not None:
        assert found[True] == found[False]
    return found[True]
