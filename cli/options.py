"""Options and arguments that several commands share."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

import click

from strokesim.cli.show import tell
from strokesim.errors import FormatError, StrokesimError, UnknownNameError
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


def speaking(**others: str) -> Callable[[Command], Command]:
    """Return a decorator for a command whose errors name options: ``--steps 0``, not ``steps=0``.

    ``others`` names options for arguments of the library that are called otherwise.
    """

    def decorate(function: Command) -> Command:
        @functools.wraps(function)
        def spoken_to(*given: Any, **options: Any) -> Any:
            try:
                return function(*given, **options)
            except StrokesimError as error:
                known = {
                    str(parameter.name): parameter.opts[0]
                    for parameter in click.get_current_context().command.params
                    if isinstance(parameter, click.Option)
                }
                error.args = (spoken(str(error), known | others),)
                raise

        return cast(Command, spoken_to)

    return decorate


def spoken(message: str, options: Mapping[str, str]) -> str:
    """Return a message with options for arguments.

    Parameters
    ----------
    message : str
    options : mapping
        Of the name of an argument to its option.
    """

    def option(found: re.Match[str]) -> str:
        name, value = found.groups()
        if value.startswith("("):
            value = ":".join(part.strip() for part in value[1:-1].split(","))
        plain = {"None": "0", "True": ""}.get(value, value.strip("'"))
        return f"{options[name]} {plain}".rstrip()

    # A spec and a path may hold such words too, but not behind a space.
    begin, names = r"(?<![^\s(])", "|".join(options)
    message = re.sub(rf"{begin}({names})=(\([^)]*\)|'[^']*'|[^\s,;:()]*)", option, message)
    message = re.sub(r"\bor None\b", "or leave it out", message)
    bare = "|".join(name for name in options if "_" in name)
    return re.sub(rf"{begin}({bare or '(?!)'})(?!\w)", lambda name: options[name[1]], message)
