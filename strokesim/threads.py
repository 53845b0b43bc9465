"""A pool of threads for kernels that release the interpreter lock."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from strokesim.errors import ArgumentError


def thread_count(threads: int | None) -> int:
    """Return the number of threads to use.

    Parameters
    ----------
    threads : int or None
        At least 1; None means every core that this process may use.

    Raises
    ------
    ArgumentError
        If ``threads`` is less than 1.
    """
    if threads is None:
        return (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        )
    if threads < 1:
        raise ArgumentError(f"threads={threads}; use at least 1, or None for every core")
    return int(threads)


def run(
    work: Callable[[int], None],
    count: int,
    *,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> None:
    """Call ``work(0)`` to ``work(count - 1)``, each once, on a pool of threads.

    The first exception is raised again after the calls under way have ended; calls not yet
    begun are dropped, so Ctrl-C ends a long run after one call of ``work`` at the most.

    Parameters
    ----------
    work : callable
        Called with a number; writes its result where only that number writes.
    count : int
        How many calls.
    threads : int, optional
        See `thread_count`.
    progress : callable, optional
        Called from the calling thread, with the number of calls that have ended since.
    """
    workers = min(thread_count(threads), max(count, 1))
    if workers == 1:
        for number in range(count):
            work(number)
            if progress is not None:
                progress(1)
        return
    # One long call a worker: a future for each number would wake the calling thread each time,
    # which on two cores takes a tenth of them.
    numbers, ended, stopping = itertools.count(), deque[int](), threading.Event()

    def toil() -> None:
        # The next number of a count, and the end of a deque, are taken without a lock.
        while not stopping.is_set() and (number := next(numbers)) < count:
            work(number)
            ended.append(number)

    pool = ThreadPoolExecutor(workers, thread_name_prefix="strokesim")
    try:
        waiting = {pool.submit(toil) for _ in range(workers)}
        told = 0
        while waiting:
            pause = None if progress is None else TELLING
            done, waiting = wait(waiting, timeout=pause, return_when=FIRST_COMPLETED)
            if progress is not None and (new := len(ended) - told):
                told += new
                progress(new)
            for future in done:
                future.result()
    finally:
        stopping.set()
        pool.shutdown(wait=True)


TELLING = 0.1
"""Seconds between two reports of progress."""

WORTH_A_POOL = 0.01
"""Seconds of work that pay for starting threads, which takes about a tenth of that."""


def run_where_worth_it(
    work: Callable[[int], None], count: int, *, threads: int | None = None
) -> None:
    """Do what `run` does, but start threads only if the first call says that there is much to do.

    Parameters
    ----------
    work, count, threads
        See `run`; the calls should take about equally long.
    """
    if count == 0:
        return
    begin = time.perf_counter()
    work(0)
    left = (time.perf_counter() - begin) * (count - 1)
    run(lambda number: work(number + 1), count - 1, threads=threads if left > WORTH_A_POOL else 1)
