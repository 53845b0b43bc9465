"""The pool of threads."""

import os
import signal
import subprocess
import sys
import threading
import time
import weakref

import pytest

from strokesim import threads as pool
from strokesim.errors import ArgumentError
from strokesim.threads import falling_slices, heed_stop, run, run_where_worth_it, thread_count


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
    monkeypatch.setattr(pool, "WORTH_HELP", worth)
    done = []
    pool.run_where_worth_it(done.append, count, threads=3)
    assert sorted(done) == list(range(count))


def test_an_error_of_another_thread_is_raised_in_the_calling_one():
    caller = threading.get_ident()
    elsewhere = threading.Event()

    def work(number):
        if threading.get_ident() != caller:
            elsewhere.set()
            raise KeyError("elsewhere")
        elsewhere.wait(10)

    with pytest.raises(KeyError, match="elsewhere"):
        run(work, 100, threads=2)


def test_no_call_is_under_way_when_a_run_has_ended():
    under_way, most = [], []

    def work(number):
        under_way.append(number)
        time.sleep(0.001)
        most.append(len(under_way))
        under_way.remove(number)
        if number == 20:
            raise KeyError(number)

    for _ in range(5):
        with pytest.raises(KeyError):
            run(work, 100, threads=4)
        assert under_way == []
    assert max(most) > 1


def test_threads_are_kept_for_the_next_run():
    used = set()

    def work(_):
        time.sleep(0.002)
        used.add(threading.get_ident())

    run(work, 40, threads=3)
    assert len(used) == 3
    known = {thread.ident for thread in threading.enumerate()}
    run(work, 40, threads=3)
    assert used <= known


def test_what_a_run_worked_on_does_not_outlive_it():
    class Big:
        pass

    big, gone = Big(), threading.Event()
    weakref.finalize(big, gone.set)
    run(lambda _, big=big: time.sleep(0.001), 10, threads=2)
    del big
    assert gone.wait(10)


def test_eight_threads_may_run_at_once_and_work_may_run_work():
    done = [[] for _ in range(8)]

    def work_of(which):
        return lambda number: run(lambda inner: done[which].append((number, inner)), 5, threads=3)

    callers = [
        threading.Thread(target=run, args=(work_of(which), 20), kwargs={"threads": 3})
        for which in range(8)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    everything = [(number, inner) for number in range(20) for inner in range(5)]
    assert [sorted(one) for one in done] == [everything] * 8


@pytest.fixture
def interruptible():
    # A shell lets the commands that it starts in the background ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_a_run_after_the_calls_under_way():
    begun = []

    def work(number):
        begun.append(number)
        if number == 3:
            signal.raise_signal(signal.SIGINT)
        time.sleep(0.001)

    with pytest.raises(KeyboardInterrupt):
        run(work, 10_000, threads=2)
    assert len(begun) < 9_000


def test_a_long_call_of_another_thread_that_heeds_a_stop_is_dropped():
    calling, begun, ended = threading.current_thread(), threading.Event(), []

    def work(number):
        heed_stop()
        if threading.current_thread() is calling:
            assert begun.wait(30)
            raise KeyboardInterrupt
        begun.set()
        latest = time.monotonic() + 30
        while time.monotonic() < latest:
            heed_stop()
        ended.append(number)

    with pytest.raises(KeyboardInterrupt):
        run(work, 2, threads=2)
    assert ended == []
    run(lambda _: heed_stop(), 4, threads=2)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_threads_of_its_own():
    run(lambda _: time.sleep(0.001), 10, threads=3)
    script = """
import os, threading, time
from strokesim.threads import run
def used():
    names = set()
    run(lambda _: (names.add(threading.current_thread().name), time.sleep(0.002))[1], 30, threads=3)
    return len(names)
before = used()
child = os.fork()
if child == 0:
    os._exit(10 * before + used())
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert outcome_of(script) == "33"


def test_the_interpreter_ends_while_threads_wait_and_work():
    script = """
import atexit, threading, time
from strokesim.threads import run
run(lambda _: time.sleep(0.001), 10, threads=3)
atexit.register(lambda: print(run(done.append, 5, threads=9), len(done)))
done, begun = [], threading.Event()
endless = lambda _: (begun.set(), time.sleep(0.005))[1]
threading.Thread(target=run, args=(endless, 10**6), kwargs={"threads": 2}, daemon=True).start()
begun.wait()
"""
    assert outcome_of(script) == "None 5"


def outcome_of(script):
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (process.returncode, process.stderr) == (0, "")
    return process.stdout.strip()


@pytest.mark.parametrize("threads", [1, 2, 7])
@pytest.mark.parametrize("most", [0, 1, 16])
@pytest.mark.parametrize("count", [0, 1, 2, 60, 3498])
def test_slices_cover_a_range_and_none_is_too_long(count, most, threads):
    slices = falling_slices(count, most, threads)
    assert [i for one in slices for i in range(count)[one]] == list(range(count))
    assert all(1 <= one.stop - one.start <= max(most, 1) for one in slices)
    assert threads == 1 or not slices or slices[0] == slice(0, 1)


@pytest.mark.parametrize("how", [run, run_where_worth_it])
@pytest.mark.parametrize("threads", [1, 2])
def test_progress_adds_up_to_what_calls_say_and_comes_to_the_calling_thread(how, threads):
    done, heard = [], set()

    def progress(amount):
        done.append(amount)
        heard.add(threading.current_thread())

    how(lambda number: number % 3, 50, threads=threads, progress=progress)
    assert sum(done) == sum(number % 3 for number in range(50))
    assert 0 not in done
    assert heard == {threading.current_thread()}


@pytest.mark.parametrize("how", [run, run_where_worth_it])
def test_an_interrupt_between_python_and_a_kernel_is_an_interrupt(how):
    def work(number):
        try:
            raise SystemError("on the way in") from KeyboardInterrupt()
        except SystemError as error:
            raise SystemError("returned a result with an exception set") from error

    with pytest.raises(KeyboardInterrupt):
        how(work, 1)
    with pytest.raises(SystemError, match="of its own"):
        how(lambda _: (_ for _ in ()).throw(SystemError("of its own")), 1)
