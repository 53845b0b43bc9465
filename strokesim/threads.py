"""A pool of threads for kernels that release the interpreter lock."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

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
        Called with 1 after each call has ended, from the calling thread.
    """
    workers = min(thread_count(threads), max(count, 1))
    if workers == 1:
        for number in range(count):
            work(number)
            if progress is not None:
                progress(1)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="strokesim")
    try:
        for done in as_completed([pool.submit(work, number) for number in range(count)]):
            done.result()
            if progress is not None:
                progress(1)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


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
