"""Ctrl-C that waits until what must not be half done is done."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Interrupt:
    """Whether somebody asked to stop; see `postponed`."""

    asked = False


@contextlib.contextmanager
def postponed() -> Iterator[Interrupt]:
    """Note the first Ctrl-C instead of raising it; the second is raised at once.

    Only the main thread receives signals: in another one nothing is changed, and nothing noted.
    """
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    before = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: FrameType | None) -> None:
        if interrupt.asked:
            raise KeyboardInterrupt
        interrupt.asked = True

    signal.signal(signal.SIGINT, note)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)
