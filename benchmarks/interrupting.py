"""How soon Ctrl-C ends long work: python benchmarks/interrupting.py [NAME ...].

Each work runs in a process of its own, which gets SIGINT one second after it has begun and has to
end with KeyboardInterrupt. Noted are the time until the process is gone, its processor time since
the signal (what counts where others use the machine; of all threads), and the most memory it had.
Last, one warping path of 20,000 x 20,000 steps runs to its end. Writes results/interrupting.md,
unless works are named.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from machine import RESULTS, describe
from scaling import strokes

from strokesim import cdist, dtw, dtw_path
from strokesim.distances import DISTANCES, cloud, euclidean_shifted
from strokesim.ragged import Ragged

LONG = 20_000
MILLION = 1_000_000
BEGUN, INTERRUPTED = "begun", 3
Work = Callable[[], object]


def walks(count: int, length: int, seed: int = 0, shorter: int = 0) -> list[np.ndarray]:
    """Return random walks of 3 features, the last ``shorter`` steps shorter than the first."""
    rng = np.random.default_rng(seed)
    lengths = np.linspace(length, length - shorter, count).astype(int)
    return [rng.normal(size=(n, 3)).cumsum(axis=0).astype(np.float32) for n in lengths]


def matrix(distance: str, dtype: type, threads: int, shorter: int = 0) -> Callable[[int], Work]:
    def prepare(length: int) -> Work:
        sequences = walks(50, length, shorter=shorter * length // LONG)
        return lambda: cdist(sequences, distance=distance, dtype=dtype, threads=threads)

    return prepare


def pair(
    function: Callable[..., object], share: float = 1, times: int = 1
) -> Callable[[int], Work]:
    def prepare(length: int) -> Work:
        (a,) = walks(1, times * length)
        (b,) = walks(1, int(share * times * length), seed=1)
        return lambda: function(a, b)

    return prepare


def search(distance: str, threads: int, n_queries: int, million: bool) -> Callable[[int], Work]:
    def prepare(length: int) -> Work:
        if million:
            candidates = strokes(MILLION * length // LONG, 1)
        else:
            candidates = Ragged.from_arrays(walks(50, length, shorter=length // 2))
        searcher = DISTANCES[distance].prepare(candidates)
        queries = walks(n_queries, length, seed=1, shorter=0 if n_queries == 1 else length // 4)
        return lambda: searcher.nearest_of_all(queries, 1, np.inf, threads)

    return prepare


WORKS: dict[str, tuple[str, Callable[[int], Work]]] = {
    "cdist": ("cdist, dtw, 50 of 20,000 steps", matrix("dtw", np.float64, 2)),
    "cdist-single": ("the same in float32, one thread", matrix("dtw", np.float32, 1)),
    "cdist-cloud": ("cdist, cloud, 50 of 20,000", matrix("cloud", np.float64, 2)),
    "cdist-shifted": (
        "cdist, euclidean_shifted, 50 of 10,000 to 20,000",
        matrix("euclidean_shifted", np.float64, 2, LONG // 2),
    ),
    "path": ("dtw_path, 20,000 x 20,000", pair(dtw_path)),
    "dtw": ("dtw, 60,000 x 60,000", pair(dtw, times=3)),
    "cloud": ("cloud, 100,000 x 100,000", pair(cloud, times=5)),
    "shifted": ("euclidean_shifted, 100,000 x 50,000", pair(euclidean_shifted, 0.5, times=5)),
    "search": ("20 queries of 20,000 to 15,000, dtw, 50 of 10,000 to 20,000",
               search("dtw", 2, 20, False)),
    "search-cloud": ("the same, cloud", search("cloud", 2, 20, False)),
    "search-shifted": ("the same, euclidean_shifted", search("euclidean_shifted", 2, 20, False)),
    "million": ("one query of 20,000 on 1,000,000 strokes, dtw", search("dtw", 2, 1, True)),
    "million-cloud": ("the same, cloud", search("cloud", 2, 1, True)),
    "million-shifted": ("the same, euclidean_shifted", search("euclidean_shifted", 2, 1, True)),
}  # fmt: skip


def child(name: str) -> None:
    """Do a work, once small for what has to be compiled or read first."""
    prepare = WORKS[name][1]
    prepare(200)()
    work = prepare(LONG)
    print(BEGUN, flush=True)
    begin = time.perf_counter()
    try:
        work()
    except KeyboardInterrupt:
        # The ordinary way out: what is still running on other threads has to end first.
        sys.exit(INTERRUPTED)
    print(f"{time.perf_counter() - begin:.2f}", flush=True)


def processor_seconds(process: int) -> float:
    """Return the processor time that a process has used."""
    with open(f"/proc/{process}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(name: str, interrupt: bool) -> tuple[str, str, str, str]:
    """Return how it ended, seconds and processor seconds until then, and the memory."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--work", name], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == BEGUN
    begin, used = time.perf_counter(), processor_seconds(process.pid)
    if interrupt:
        time.sleep(1)
        begin, used = time.perf_counter(), processor_seconds(process.pid)
        # Not `send_signal`, which would collect a process that has ended, and its usage with it.
        os.kill(process.pid, signal.SIGINT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - begin
    ends = {INTERRUPTED: "interrupted", 0: "done"}
    ended = ends.get(process.returncode, f"ended with {process.returncode}")
    busy = max(usage.ru_utime + usage.ru_stime - used, 0)
    return ended, f"{took:.2f} s", f"{busy:.2f} s", f"{usage.ru_maxrss / 1024:,.0f} MB"


def main() -> None:
    if sys.argv[1:2] == ["--work"]:
        child(sys.argv[2])
        return
    names = sys.argv[1:] or list(WORKS)
    lines = [
        "# How soon Ctrl-C ends long work", "",
        "Written by `python benchmarks/interrupting.py`. SIGINT one second after the work has "
        "begun. Processor time is that of all threads since the signal, the interpreter's own end "
        "included; memory is the most that the process had.", "",
        describe("numpy", "numba"), "",
        "| work | end | seconds after the signal | processor time since | memory |",
        "|---|---|---|---|---|",
    ]  # fmt: skip
    otherwise = []
    for name in names:
        measured = measure(name, True)
        lines.append(f"| {WORKS[name][0]} | {' | '.join(measured)} |")
        print(lines[-1], flush=True)
        if measured[0] != "interrupted":
            otherwise.append(name)
    if not sys.argv[1:]:
        ended, took, busy, memory = measure("path", False)
        lines += ["", f"Left alone, {WORKS['path'][0]} is {ended} after {took}, {busy} of "
                  f"processor time, with {memory}."]  # fmt: skip
        lines += ["", f"Processes that wanted to run at the end: {os.getloadavg()[0]:.1f}."]
        print("\n".join(lines[-3:]))
        (RESULTS / "interrupting.md").write_text("\n".join(lines) + "\n")
    if otherwise:
        sys.exit(f"not interrupted: {', '.join(otherwise)}")


if __name__ == "__main__":
    main()
