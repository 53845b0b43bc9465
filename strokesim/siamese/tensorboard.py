"""The metrics of a training for TensorBoard, beside those in JSON lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from strokesim.errors import MissingExtraError


@contextmanager
def board(folder: Path) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Yield what writes the numbers of a line of the metrics as event files.

    They are called as in the line, those of the validation ``validation/one_shot_error``. What
    a run that was cut off has written of later steps than the first line's is hidden.

    Parameters
    ----------
    folder : Path
        Made with the first line.

    Raises
    ------
    MissingExtraError
        If tensorboard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "event files need tensorboard, which is not installed; pip install "
            "'strokesim[tensorboard]', or leave them out: metrics.jsonl holds the same numbers"
        ) from error
    writers: list[SummaryWriter] = []

    def write(facts: Mapping[str, Any]) -> None:
        if not writers:
            writers.append(SummaryWriter(str(folder), purge_step=facts["step"]))
        for name, value in _numbers(facts):
            if name != "step":
                writers[0].add_scalar(name, value, facts["step"])

    try:
        yield write
    finally:
        for writer in writers:
            writer.close()


def _numbers(facts: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}/{inner}", number) for inner, number in _numbers(value))
        elif isinstance(value, (int, float)):
            yield name, value
