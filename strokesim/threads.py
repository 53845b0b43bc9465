"""A pool of threads for kernels that release the interpreter lock.

Its threads are started when first needed and then wait for more, because starting one takes longer
than many a search. The calling thread works too, so nothing has to wait for a thread that is
busy with another call, and work may call `run` itself.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import operator
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue

from strokesim.errors import ArgumentError

TELLING = 0.1
"""Seconds between two reports of progress while waiting for other threads."""

WORTH_HELP = 1e-4
"""Seconds of work that pay for waking other threads, which takes about a fifth of that."""


def thread_count(threads: int | None) -> int:
    """Return the number of threads to use.

    Parameters
    ----------
    threads : int or None
        At least 1; None means every core that this process may use.

    Raises
    ------
    ArgumentError
        If ``threads`` is no whole number, or less than 1.
    """
    if threads is None:
        return (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        )
    try:
        count = operator.index(threads)
    except TypeError:
        raise ArgumentError(f"threads={threads!r}; use a whole number, at least 1") from None
    if count < 1:
        raise ArgumentError(f"threads={count}; use at least 1, or None for every core")
    return count


def run(
    work: Callable[[int], int | None],
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
        Called with a number; writes its result where only that number writes, and may return
        how much it has done, for ``progress``.
    count : int
        How many calls.
    threads : int, optional
        See `thread_count`.
    progress : callable, optional
        Called from the calling thread, with how much has been done since: the sum of what calls
        have returned, 1 where they return None.
    """
    job = _Job(work, count)
    helpers = min(thread_count(threads), count) - 1
    if helpers > 0:
        _pool.ask(job, helpers)
    try:
        while job.do_next():
            job.tell(progress)
        while not job.wait(TELLING):
            job.tell(progress)
        job.tell(progress)
    finally:
        job.stop()
    if job.error is not None:
        raise job.error


def run_where_worth_it(
    work: Callable[[int], int | None],
    count: int,
    *,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> None:
    """Do what `run` does, but wake threads only if the first call says that there is much to do.

    Parameters
    ----------
    work, count, threads, progress
        See `run`; the first call should not take longer than the others.
    """
    if count == 0:
        return
    begin = time.perf_counter()
    done = _call(work, 0)
    left = (time.perf_counter() - begin) * (count - 1)
    if progress is not None and done:
        progress(done)
    some = threads if left > WORTH_HELP else 1
    run(lambda number: work(number + 1), count - 1, threads=some, progress=progress)


def _call(work: Callable[[int], int | None], number: int) -> int:
    try:
        done = work(number)
    except SystemError as error:
        # Ctrl-C while a compiled function takes its arguments or hands its result back, which
        # may end several functions so before it is heard.
        cause: BaseException | None = error
        while isinstance(cause, SystemError):
            cause = cause.__cause__
        if isinstance(cause, KeyboardInterrupt):
            raise cause from None
        raise
    return 1 if done is None else done


def falling_slices(count: int, most: int, threads: int) -> list[slice]:
    """Cut a range into slices that threads can share.

    The first is of one, which tells what one costs; then of at most ``most``, and towards the end
    down to a quarter of it, so that all threads end at about the same time.

    Parameters
    ----------
    count : int
        Length of the range.
    most : int
        Longest slice; at least 1 is taken.
    threads : int
        With 1 there is nothing to share.
    """
    slices, start = [], 0
    while start < count:
        if threads == 1:
            size = most
        else:
            size = min(max((count - start) // (2 * threads), most // 4), most) if start else 1
        stop = min(start + max(size, 1), count)
        slices.append(slice(start, stop))
        start = stop
    return slices


class _Dropped(BaseException):
    """Ends a call of which nobody wants the result any more."""


_helping = threading.local()


def heed_stop() -> None:
    """End this call of a `run`'s work if the run has stopped: for work that takes long.

    Raises what only `run` sees, and only in a thread that helps; the calling one hears Ctrl-C.
    """
    job = getattr(_helping, "job", None)
    if job is not None and job.stopped:
        raise _Dropped


class _Job:
    """The calls of one `run`, taken one after the other by whichever thread is free."""

    def __init__(self, work: Callable[[int], int | None], count: int) -> None:
        self._work, self._count = work, count
        # No lock is held anywhere here, since Ctrl-C may come between taking and releasing one.
        # Counts and deques need none; what wakes may be lost, and is waited for only so long.
        self._numbers, self._ended = itertools.count(), deque[int]()
        self._joined, self._left = deque[None](), deque[None]()
        self._leaving: SimpleQueue[None] = SimpleQueue()
        self.stopped = False
        self.error: BaseException | None = None

    def do_next(self) -> bool:
        """Do the next call; tell whether there was one."""
        if self.stopped or (number := next(self._numbers)) >= self._count:
            return False
        self._ended.append(_call(self._work, number))
        return True

    def help(self, pool: _Pool) -> None:
        """Do calls while there are any: what the threads of the pool do."""
        self._joined.append(None)
        _helping.job = self
        try:
            while not pool.closed and self.do_next():
                pass
        except _Dropped:
            pass
        except BaseException as error:
            self.error, self.stopped = error, True
        finally:
            _helping.job = None
            self._left.append(None)
            self._leaving.put(None)

    def tell(self, progress: Callable[[int], object] | None) -> None:
        """Report what has been done since."""
        done = sum(self._ended.popleft() for _ in range(len(self._ended)))
        if done and progress is not None:
            progress(done)

    def wait(self, seconds: float) -> bool:
        """Wait for the calls that others have begun; tell whether they have ended."""
        if self._nobody_helps():
            return True
        with contextlib.suppress(Empty):
            self._leaving.get(timeout=seconds)
        return self._nobody_helps()

    def _nobody_helps(self) -> bool:
        # Who leaves is read first: one who joins meanwhile then counts as still there.
        return len(self._left) == len(self._joined)

    def stop(self) -> None:
        """Begin no more calls, and wait for those under way."""
        self.stopped = True
        while not self.wait(TELLING):
            pass


class _Pool:
    """Threads that wait for jobs. There are as many as any job has asked for."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._growing = threading.Lock()
        self.closed = False

    def ask(self, job: _Job, helpers: int) -> None:
        """Let up to so many threads help with a job as soon as they are free."""
        if len(self._threads) < helpers:
            self._grow(helpers)
        for _ in range(min(helpers, len(self._threads))):
            self._jobs.put(job)

    def close(self) -> None:
        """End all threads, so that none is in a kernel while the interpreter is taken apart."""
        self.closed = True
        with self._growing:
            for _ in self._threads:
                self._jobs.put(None)
            for thread in self._threads:
                thread.join()
            self._threads.clear()

    def _grow(self, count: int) -> None:
        with self._growing:
            while len(self._threads) < count and not self.closed:
                number = len(self._threads)
                thread = threading.Thread(target=self._serve, name=f"strokesim-{number}")
                thread.daemon = True
                try:
                    thread.start()
                except RuntimeError:
                    # The system has none left, or the interpreter is about to end: do without.
                    return
                self._threads.append(thread)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.help(self)
            # The arrays that a job works on must not live until the next one.
            del job


_pool = _Pool()


def _forget() -> None:
    """Begin anew in a forked process, into which threads do not follow."""
    global _pool
    _pool = _Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
atexit.register(lambda: _pool.close())
