"""Appends that are killed, that meet each other and readers, and that find the disk full."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter

import numpy as np
import pytest

from strokesim.corpus import Corpus
from strokesim.errors import OutputError

# Every append is labelled "who/number/size" on each of its entries, so that what is there tells
# which appends are there, whether whole, and whether in order.
APPENDER = """
import sys
from strokesim.corpus import Corpus

def batch(who, number):
    size = 1 + 37 * number % 60
    label = f"{who}/{number}/{size}"
    return Corpus.from_arrays([[[number, row]] * 40 for row in range(size)], labels=[label] * size)

corpus = Corpus.open(sys.argv[1])
who, first, end = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
print("ready", flush=True)
for number in range(first, end):
    corpus.append(batch(who, number))
    print(number, flush=True)
"""


def appender(folder, who, first, end):
    command = [sys.executable, "-c", APPENDER, str(folder), who, str(first), str(end)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def appends_in(corpus):
    """Return the numbers of the appends of each appender, having checked that all are whole."""
    numbers = {}
    row = 0
    while row < len(corpus):
        label = corpus.labels[row]
        who, number, size = label.split("/")
        assert list(corpus.labels[row : row + int(size)]) == [label] * int(size)
        for i in range(int(size)):
            assert (corpus[row + i].sequence == [int(number), i]).all()
        numbers.setdefault(who, []).append(int(number))
        row += int(size)
    return numbers


def test_a_check_of_appends_sees_a_torn_one():
    arrays = [[[3, row]] * 2 for row in range(2)]
    assert appends_in(Corpus.from_arrays(arrays, labels=["a/3/2"] * 2)) == {"a": [3]}
    for labels, torn in ((["a/3/3"] * 2, arrays), (["a/3/2"] * 2, arrays[::-1])):
        with pytest.raises(AssertionError):
            appends_in(Corpus.from_arrays(torn, labels=labels))


@pytest.mark.slow
def test_a_kill_at_any_moment_of_an_append_loses_nothing_committed_and_leaves_nothing_half(
    tmp_path,
):
    rng = random.Random(2)
    folder = Corpus.from_arrays([]).save(tmp_path / "corpus").path
    there = killed_inside = 0
    for _ in range(24):
        child = appender(folder, "a", there, there + 1000)
        for _ in range(rng.randrange(1, 4)):
            before = child.stdout.readline()
        time.sleep(rng.uniform(0, 0.03))
        child.kill()
        with child.stdout:
            lines = [before, *child.stdout.read().splitlines()]
        assert child.wait() == -signal.SIGKILL
        corpus = Corpus.open(folder)
        corpus.verify()
        numbers = appends_in(corpus).get("a", [])
        assert numbers == list(range(len(numbers)))
        # One append may have been committed and not yet reported.
        reported = there if lines[-1] == "ready\n" else int(lines[-1]) + 1
        assert len(numbers) in {reported, reported + 1}
        killed_inside += len(files_in(folder)) > 1 + len(corpus.shards)
        there = len(numbers)
    assert there > 24 and killed_inside > 0
    one = Corpus.from_arrays([[[there, 0]] * 40], labels=[f"a/{there}/1"])
    corpus.append(one)
    assert appends_in(Corpus.open(folder)) == {"a": list(range(there + 1))}
    assert_only_the_corpus_is_in(folder)


def files_in(folder):
    return {path.name for path in folder.iterdir()} - {".lock"}


def assert_only_the_corpus_is_in(folder):
    names = files_in(folder)
    assert len(names) == 1 + len(Corpus.open(folder).shards) and "manifest.json" in names


# Forks children that are killed just before their first, second, third... file operation.
KILLED_BEFORE = """
import os, shutil, signal, sys
from strokesim.corpus import Corpus

EVENTS = {"open", "os.rename", "os.remove", "os.chmod", "os.mkdir", "os.rmdir"}
folder, work = sys.argv[1], sys.argv[2]
one = Corpus.from_arrays([[[1, 1]]], labels=["new"])

for moment in range(1000):
    shutil.rmtree(folder, ignore_errors=True)
    for extra in [[[[0, 0]]] * 4, [[[0, 0]]]]:
        old = Corpus.from_arrays(extra, labels=["old"] * len(extra))
        if work == "append":
            old.save(folder) if not os.path.exists(folder) else Corpus.open(folder).append(old)
    child = os.fork()
    if child == 0:
        left = moment

        def count(event, arguments):
            global left
            if event in EVENTS:
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left -= 1

        sys.addaudithook(count)
        Corpus.open(folder).append(one) if work == "append" else one.save(folder)
        os._exit(0)
    killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
    try:
        labels = list(Corpus.open(folder).labels)
        Corpus.open(folder).verify()
    except Exception as error:
        labels = [type(error).__name__]
    if work == "append":
        Corpus.open(folder).append(one)
    elif labels != ["new"]:
        one.save(folder)
    after = Corpus.open(folder)
    files = sorted(set(os.listdir(folder)) - {".lock"})
    whole = len(files) == 1 + len(after.shards) and after.verify().entries == len(after)
    print("|".join(labels), len(after), whole)
    if not killed:
        break
"""


def outcomes(folder, work):
    command = [sys.executable, "-c", KILLED_BEFORE, str(folder), work]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [line.split() for line in done.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_an_append_killed_before_any_of_its_file_operations_is_there_or_not(tmp_path):
    seen = outcomes(tmp_path / "corpus", "append")
    assert len(seen) > 10
    absent, present = "|".join(["old"] * 5), "|".join(["old"] * 5 + ["new"])
    states = [labels for labels, _, _ in seen]
    turn = states.index(present)
    assert turn > 5 and set(states[:turn]) == {absent} and set(states[turn:]) == {present}
    for labels, count, whole in seen:
        assert int(count) == len(labels.split("|")) + 1 and whole == "True"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_build_killed_before_any_of_its_file_operations_is_there_or_not(tmp_path):
    seen = outcomes(tmp_path / "corpus", "build")
    states = [labels for labels, _, _ in seen]
    turn = states.index("new")
    assert turn > 5 and set(states[:turn]) == {"CorpusError"} and set(states[turn:]) == {"new"}
    assert all((count, whole) == ("1", "True") for _, count, whole in seen)


@pytest.mark.slow
def test_two_appenders_at_once_lose_nothing_while_a_reader_sees_only_whole_appends(tmp_path):
    folder = Corpus.from_arrays([]).save(tmp_path / "corpus").path
    children = [appender(folder, who, 0, 25) for who in "ab"]
    before = []
    reads = 0
    while any(child.poll() is None for child in children):
        corpus = Corpus.open(folder)
        appends_in(corpus)
        labels = list(corpus.labels)
        assert labels[: len(before)] == before
        before, reads = labels, reads + 1
    for child in children:
        with child.stdout:
            assert child.stdout.read().split() == ["ready", *map(str, range(25))]
        assert child.returncode == 0
    assert reads > 2
    corpus = Corpus.open(folder)
    assert appends_in(corpus) == {"a": list(range(25)), "b": list(range(25))}
    assert corpus.verify().entries == len(corpus)
    assert_only_the_corpus_is_in(folder)


def test_threads_may_append_to_one_corpus(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    corpus = Corpus.from_arrays([]).save(tmp_path / "corpus")
    ones = [Corpus.from_arrays([[[number, 0]]], labels=[str(number)]) for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(corpus.append, ones)) == [1] * 8
    assert Counter(Corpus.open(corpus.path).labels) == Counter(map(str, range(8)))


def test_a_reader_starts_over_when_shards_are_joined_under_its_hands(tmp_path, monkeypatch):
    from strokesim import shards

    one = Corpus.from_arrays([[[1.0]]], labels=["x"])
    corpus = one.save(tmp_path / "corpus")
    map_shard, joins = shards.map_shard, []

    def late(folder, file, n_features):
        if not joins:
            joins.append(file.name)
            corpus.append(one)
            assert not (folder / file.name).exists()
        return map_shard(folder, file, n_features)

    monkeypatch.setattr("strokesim.corpus.map_shard", late)
    assert list(Corpus.open(tmp_path / "corpus").labels) == ["x", "x"]


def test_files_of_others_in_the_folder_are_left_alone(tmp_path):
    corpus = Corpus.from_arrays([[[1.0]]]).save(tmp_path / "corpus")
    others = {"notes.txt", "1.arrow", "manifest.json.bak", ".hidden"}
    leftovers = {"00000009.arrow", ".00000009.arrow.x1y2", ".manifest.json.x1y2"}
    for name in others | leftovers:
        (corpus.path / name).write_text("")
    assert len(Corpus.open(corpus.path)) == 1
    corpus.append(Corpus.from_arrays([[[2.0]]]))
    assert files_in(corpus.path) == others | {"manifest.json", "00000002.arrow"}


def assert_full_disk_changes_nothing(corpus, new_folder):
    before = {path.name: path.read_bytes() for path in corpus.path.iterdir()}
    large = Corpus.from_arrays(np.random.default_rng(2).normal(size=(200, 500, 4)))
    full = r"cannot write .*: (File too large|No space left)"
    with pytest.raises(OutputError, match=full):
        corpus.append(large)
    assert {path.name: path.read_bytes() for path in corpus.path.iterdir()} == before
    assert len(corpus) == Corpus.open(corpus.path).verify().entries == 3
    with pytest.raises(OutputError, match=full):
        large.save(new_folder)
    assert not new_folder.exists()
    with pytest.raises(OutputError, match=full):
        large.to_parquet(new_folder)
    assert [path.name for path in new_folder.parent.iterdir()] == [corpus.path.name]
    assert corpus.append(Corpus.from_arrays([np.ones((1, 4))])) == 1


def three_entries(folder):
    return Corpus.from_arrays(np.random.default_rng(1).normal(size=(3, 2, 4))).save(folder)


def test_files_that_cannot_grow_leave_nothing_half_written(tmp_path):
    corpus = three_entries(tmp_path / "corpus")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        assert_full_disk_changes_nothing(corpus, tmp_path / "new")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_nothing_half_written(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "strokesim-test", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no program to mount a small disk with")
    if mounted.returncode:
        pytest.skip("mounting a small disk is not permitted here")
    try:
        assert_full_disk_changes_nothing(three_entries(disk / "corpus"), disk / "new")
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_disk_that_fails_to_sync_changes_nothing(tmp_path, monkeypatch):
    corpus = three_entries(tmp_path / "corpus")
    before = {path.name: path.read_bytes() for path in corpus.path.iterdir()}
    more = corpus.subset(range(3))
    fsync, refused = os.fsync, 0
    for failing in range(8):
        synced = []

        def fail_once(handle, failing=failing, synced=synced):
            synced.append(handle)
            if len(synced) == failing + 1:
                raise OSError(5, "Input/output error")
            fsync(handle)

        monkeypatch.setattr("os.fsync", fail_once)
        try:
            corpus.append(more)
        except OutputError as error:
            assert "corpus" in str(error) and "Input/output error" in str(error)
            assert {path.name: path.read_bytes() for path in corpus.path.iterdir()} == before
            refused += 1
        else:
            before = {path.name: path.read_bytes() for path in corpus.path.iterdir()}
    assert len(Corpus.open(corpus.path)) == 3 + 3 * (8 - refused)
    assert refused == 2


def test_a_folder_that_may_not_be_written_is_an_output_error(tmp_path):
    corpus = three_entries(tmp_path / "corpus")
    (corpus.path / ".lock").unlink()
    (corpus.path / ".lock").mkdir()
    with pytest.raises(OutputError, match=r"cannot write into .*corpus: "):
        corpus.append(corpus)
