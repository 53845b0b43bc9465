"""Files are written whole or not at all."""

import os
import stat

import pytest

from strokesim.errors import OutputError
from strokesim.replacing import replacing


def test_a_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "out"
    with replacing(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["out"]


def test_who_reads_the_old_file_goes_on_reading_it(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        with replacing(path) as file:
            file.write(b"new")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new"


def test_the_bytes_are_on_disk_before_the_name_leads_to_them(tmp_path, monkeypatch):
    path, synced = tmp_path / "out", []
    sync = os.fsync

    def watched(handle):
        sync(handle)
        folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        synced.append("the name" if folder else (os.fstat(handle).st_size, path.exists()))

    monkeypatch.setattr(os, "fsync", watched)
    with replacing(path) as file:
        file.write(b"new")
    assert synced == [(3, False), "the name"]


def test_a_failing_block_leaves_what_was_there(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    with pytest.raises(KeyError), replacing(path) as file:
        file.write(b"half")
        raise KeyError
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out"]


def test_a_full_disk_is_one_clear_error(tmp_path):
    with (
        pytest.raises(OutputError, match=r"cannot write .*out: No space left"),
        replacing(tmp_path / "out"),
    ):
        raise OSError(28, "No space left on device")
    assert os.listdir(tmp_path) == []


def test_a_missing_folder_and_a_folder_in_the_way_are_errors(tmp_path):
    with pytest.raises(OutputError, match="No such file"), replacing(tmp_path / "no" / "out"):
        pass
    with pytest.raises(OutputError, match="it is a folder"), replacing(tmp_path):
        pass


def test_a_link_stays_a_link_and_a_device_a_device(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    with replacing(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
    os.mkfifo(tmp_path / "pipe")
    refused = pytest.raises(OutputError, match="pipe: it is no ordinary file")
    with refused, replacing(tmp_path / "pipe"):
        pass
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_rights_are_those_of_an_ordinary_file(tmp_path):
    with replacing(tmp_path / "out"):
        pass
    (tmp_path / "ordinary").touch()
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("out", "ordinary")}
    assert len(modes) == 1
