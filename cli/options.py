"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import click

from strokesim.cli.show import tell
from strokesim.errors import FormatError, UnknownNameError
from strokesim.formats import FORMATS, read_inks
from strokesim.formats.format import Format
from strokesim.formats.unipen import unipen_format
from strokesim.ink import Ink

Command = TypeVar("Command", bound=Callable[..., Any])


def chosen_format(
    context: click.Context, parameter: click.Parameter, text: str | None
) -> str | Format | None:
    """Return what ``--format`` names; with settings behind a semicolon, UNIPEN as they say."""
    if text is None or ";" not in text:
        return text
    name, *settings = text.split(";")
    said = dict(setting.partition("=")[::2] for setting in settings)
    if name != "unipen" or not said.keys() <= _UNIPEN_SETTINGS:
        raise click.BadParameter(
            f"{text!r}; unipen alone has settings: {', '.join(sorted(_UNIPEN_SETTINGS))}"
        )
    try:
        return unipen_format(**said)
    except UnknownNameError as error:
        raise click.BadParameter(str(error)) from None


_UNIPEN_SETTINGS = frozenset({"level", "root", "time_unit"})

format_option = click.option(
    "--format",
    metavar="NAME",
    callback=chosen_format,
    help=f"Format of the ink files, when it is not to be found out: {', '.join(sorted(FORMATS))}. "
    "UNIPEN takes settings: unipen;level=WORD;time_unit=us;root=FOLDER.",
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


def read(paths: Sequence[str], *, format: str | Format | None, lenient: bool) -> Iterator[Ink]:
    """Yield the inks of the files; what a lenient reader leaves out is told at the end."""
    skipped: list[FormatError] = []
    yield from read_inks(*paths, format=format, lenient=lenient, skipped=skipped)
    for error in skipped[:10]:
        tell(f"left out: {error}")
    if more := sum(error.count for error in skipped[10:]):
        tell(f"left out: {more:,} more")
