"""``strokesim convert``: inks in another format."""

from __future__ import annotations

import click

from strokesim.cli.options import format_option, lenient_option, read
from strokesim.cli.show import progress, tell
from strokesim.formats import FORMATS, write_ink

WRITABLE = ", ".join(sorted(name for name, form in FORMATS.items() if form.write is not None))


@click.command()
@click.argument("ink", nargs=-1, required=True)
@click.argument("target")
@click.option("--to", metavar="NAME", help=f"Format to write, else by suffix: {WRITABLE}.")
@format_option
@lenient_option
def command(
    ink: tuple[str, ...], target: str, to: str | None, format: str | None, lenient: bool
) -> None:
    """Write the inks in the files INK to TARGET in another format.

    \b
    Example:
      strokesim convert pendigits-orig.tes digits.jsonl
      strokesim convert notes.inkml notes.csv --lenient
    """
    with progress("inks") as bar:
        inks = read(ink, format=format, lenient=lenient)
        number = write_ink(_counted(inks, bar), target, format=to)
    tell(f"{target}: {number:,} inks")


def _counted(inks, bar):  # type: ignore[no-untyped-def]
    for ink in inks:
        bar.update(1)
        yield ink
