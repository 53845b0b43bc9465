"""The pool of threads."""

import threading
import time

import pytest

from strokesim import threads as pool
from strokesim.errors import ArgumentError
from strokesim.threads import run, thread_count


@pytest.mark.parametrize("threads", [1, 2, 5, None])
def test_every_number_is_worked_on_once(threads):
    done = []
    counted = []
    run(done.append, 40, threads=threads, progress=counted.append)
    assert sorted(done) == list(range(40))
    assert sum(counted) == 40


def test_nothing_to_do_is_done():
    run(pytest.fail, 0)


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_ends_the_run_and_drops_what_has_not_begun(threads):
    begun = []

    def work(number):
        begun.append(number)
        if number == 3:
            raise KeyError(number)
        time.sleep(0.001)

    with pytest.raises(KeyError):
        run(work, 10_000, threads=threads)
    assert len(begun) < 9_000


def test_progress_is_told_in_the_calling_thread():
    tellers = set()
    run(lambda _: None, 8, threads=2, progress=lambda _: tellers.add(threading.get_ident()))
    assert tellers == {threading.get_ident()}


def test_counts_below_one_are_refused():
    for threads in (0, -1):
        with pytest.raises(ArgumentError, match=f"threads={threads}; use at least 1"):
            thread_count(threads)
    assert thread_count(None) >= 1


@pytest.mark.parametrize("worth", [0.0, 1e9])
@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_work_is_done_once_whether_it_is_worth_threads_or_not(worth, count, monkeypatch):
    monkeypatch.setattr(pool, "WORTH_A_POOL", worth)
    done = []
    pool.run_where_worth_it(done.append, count, threads=3)
    assert sorted(done) == list(range(count))
