"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import click

from strokesim.cli.show import tell
from strokesim.errors import FormatError
from strokesim.formats import FORMATS, read_inks
from strokesim.ink import Ink

Command = TypeVar("Command", bound=Callable[..., Any])

format_option = click.option(
    "--format",
    metavar="NAME",
    help=f"Format of the ink files, when it is not to be found out: {', '.join(sorted(FORMATS))}.",
)
lenient_option = click.option(
    "--lenient", is_flag=True, help="Save what can be saved of damaged files and count the rest."
)
threads_option = click.option(
    "--threads", type=int, metavar="N", help="Threads to use; every core when left out."
)


def seed_option(help: str) -> Callable[[Command], Command]:
    """Return the option that chooses what chance brings."""
    return click.option(
        "--seed", type=click.IntRange(min=0), metavar="N", default=0, show_default=True, help=help
    )


def read(paths: Sequence[str], *, format: str | None, lenient: bool) -> Iterator[Ink]:
    """Yield the inks of the files; what a lenient reader leaves out is told at the end."""
    skipped: list[FormatError] = []
    yield from read_inks(*paths, format=format, lenient=lenient, skipped=skipped)
    for error in skipped[:10]:
        tell(f"left out: {error}")
    if more := sum(error.count for error in skipped[10:]):
        tell(f"left out: {more:,} more")
