"""``strokesim convert``: inks in another format."""

from __future__ import annotations

import click

from strokesim.cli.options import format_option, lenient_option, read
from strokesim.cli.show import counted, progress, tell
from strokesim.formats import FORMATS, write_ink
from strokesim.formats.format import Format

WRITABLE = ", ".join(sorted(name for name, form in FORMATS.items() if form.write is not None))


@click.command()
@click.argument("ink", nargs=-1, required=True)
@click.argument("target")
@click.option("--to", metavar="NAME", help=f"Format to write, else by suffix: {WRITABLE}.")
@format_option
@lenient_option
def command(
    ink: tuple[str, ...], target: str, to: str | None, format: str | Format | None, lenient: bool
) -> None:
    """Write inks in another format.

    INK are files, folders or members of archives; TARGET is one file, named for its format,
    or - for standard output.

    \b
    Example:
      strokesim convert pendigits-orig.tes digits.jsonl
      strokesim convert notes.inkml - --to csv | head
    """
    with progress("inks") as bar:
        inks = read(ink, format=format, lenient=lenient)
        number = write_ink(counted(inks, bar), target, format=to)
    tell(f"{target}: {number:,} inks")
