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


def damaged(data, kind, begin, end, token):
    """Return a file with one damage, of five kinds, at the bytes from begin to end."""
    return [
        data[:begin],
        data[:begin] + data[end:],
        data[:begin] + token + data[begin:],
        data[:begin] + token + data[end:],
        data[:end] + data[begin:end] * 2 + data[end:],
    ][kind]


@st.composite
def mutated(draw, *originals):
    """One of the originals with a few cuts, copies, exchanged bytes and tokens put in."""
    data = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(data)))
        end = draw(st.integers(begin, min(len(data), begin + 40)))
        token = draw(st.sampled_from(TOKENS) | st.binary(max_size=3))
        data = damaged(data, draw(st.integers(0, 4)), begin, end, token)
    return data


def read_or_refused(file, format):
    """Read bytes or a path as a format, strictly and leniently; only FormatError may come out."""
    strict, lenient = (taken_or_refused(file, format, lenient) for lenient in (False, True))
    assert agree(strict, lenient)
    return lenient


def taken_or_refused(file, format, lenient, *, keep=True):
    """Return the inks of bytes or of a path, or None if they are refused.

    Of inks that are not to be kept, how many there are.
    """
    skipped = []
    source = io.BytesIO(file) if isinstance(file, bytes) else file
    inks = read_inks(source, format=format, lenient=lenient, skipped=skipped)
    try:
        return list(inks) if keep else sum(1 for _ in inks)
    except FormatError as error:
        assert str(error)
        assert not lenient or not skipped
        return None


def agree(strict, lenient):
    """Tell whether what is whole was read alike; a lenient reader never has less."""
    return strict is None or strict == lenient
