"""UIM, through Wacom's library where it is installed."""

import importlib.util
import sys

import numpy as np
import pytest
from damaged_files import TOKENS, read_or_refused
from hypothesis import given, settings
from hypothesis import strategies as st

from strokesim.errors import FormatError
from strokesim.formats import read_ink

INSTALLED = importlib.util.find_spec("uim") is not None
needs_library = pytest.mark.skipif(
    not INSTALLED, reason="universal-ink-library is not installed: pip install 'strokesim[uim]'"
)
EMPTY = b"RIFF\x04\0\0\0UINK"


def test_without_the_library_the_error_says_what_to_install(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "uim"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uim", None)
    (tmp_path / "a.uim").write_bytes(EMPTY)
    with pytest.raises(FormatError, match=r"a\.uim: .*pip install 'strokesim\[uim\]'"):
        read_ink(tmp_path / "a.uim")


def test_what_does_not_begin_as_uim_does_is_refused(tmp_path):
    (tmp_path / "a.uim").write_bytes(b"RIFF\x04\0\0\0WAVE")
    with pytest.raises(FormatError, match="does not begin with RIFF and UINK"):
        read_ink(tmp_path / "a.uim")


@needs_library
@pytest.mark.parametrize("data", [EMPTY, EMPTY + b"HEAD", EMPTY + b"HEAD\x08\0\0\0\x09\x09\x09"])
def test_a_file_that_was_cut_off_or_is_of_a_later_version_is_refused(tmp_path, data):
    (tmp_path / "a.uim").write_bytes(data)
    with pytest.raises(FormatError, match=r"a\.uim: is damaged or of an unknown version"):
        read_ink(tmp_path / "a.uim")


@needs_library
@pytest.mark.data
def test_the_published_file_has_every_stroke_in_metres_and_seconds(data):
    ink = read_ink(data / "wacom" / "hello_world_31.uim")
    assert (len(ink.strokes), ink.n_samples, ink.mm_per_unit) == (623, 15208, 1000)
    assert ink.channels == ("x", "y", "t", "pressure", "altitude", "azimuth")
    first = ink.strokes[0]
    assert np.allclose(first.samples[1, :4], [0.07831667, 0.05761302, 0.104, 0.51])
    assert ink.strokes[-1]["t"][-1] == pytest.approx(2221.098, abs=1e-3)
    assert not ink.repairs


@needs_library
@pytest.mark.data
@pytest.mark.slow
@settings(max_examples=12)
@given(places=st.lists(st.floats(0, 1), min_size=1, max_size=3), token=st.sampled_from(TOKENS))
def test_damaged_files_are_read_or_refused(data, places, token):
    content = bytearray((data / "wacom" / "hello_world_31.uim").read_bytes())
    for place in places:
        begin = int(place * len(content))
        content[begin : begin + len(token)] = token
    if places[0] < 0.2:
        del content[int(places[-1] * len(content)) :]
    read_or_refused(bytes(content), "uim")
