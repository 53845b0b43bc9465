"""``strokesim inspect``: what is in ink files."""

from __future__ import annotations

import json
import os
from collections import Counter

import click
import numpy as np

from strokesim.cli.options import format_option, lenient_option, read
from strokesim.cli.show import counted, inks_text, progress
from strokesim.formats.format import Format
from strokesim.ink import Ink


@click.command()
@click.argument("file", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON per file.")
@click.option("--draw/--no-draw", default=True, help="Draw the first inks with characters.")
@format_option
@lenient_option
def command(
    file: tuple[str, ...], as_json: bool, draw: bool, format: str | Format | None, lenient: bool
) -> None:
    """Show what is in ink files.

    For each FILE: how many inks, which channels at which rate, what was repaired, a drawing.

    \b
    Example:
      strokesim inspect notes.inkml
      strokesim inspect strokes_background_small1.zip/Greek --json
    """
    for path in file:
        with progress("inks") as bar:
            inks = list(counted(read([path], format=format, lenient=lenient), bar))
        facts = facts_of(inks)
        if as_json:
            # A name that is not UTF-8 has characters that no other program takes.
            name = os.fsencode(path).decode("utf-8", "replace")
            click.echo(json.dumps({"file": name, **facts}))
            continue
        click.echo(path)
        for name, fact in facts.items():
            if fact not in (None, 0, [], {}):
                click.echo(f"  {name:20}{_words(fact)}")
        if draw and inks:
            click.echo(inks_text(inks[:6]) + "\n")


def facts_of(inks: list[Ink]) -> dict[str, object]:
    """Return counts, channels, rate and repairs of inks."""
    repairs: Counter[str] = Counter()
    for ink in inks:
        repairs.update(ink.repairs)
    steps = [np.diff(stroke["t"]) for ink in inks if "t" in ink.channels for stroke in ink.strokes]
    seconds = np.concatenate(steps) if steps else np.empty(0)
    seconds = seconds[seconds > 0]
    return {
        "inks": len(inks),
        "strokes": sum(len(ink.strokes) for ink in inks),
        "samples": sum(ink.n_samples for ink in inks),
        "hover samples": sum(len(part.path) for ink in inks for part in ink.hover),
        "labels": len({ink.label for ink in inks} - {None}),
        "writers": len({ink.writer for ink in inks} - {None}),
        "channels": sorted({channel for ink in inks for channel in ink.channels}),
        "samples per second": round(1 / float(np.median(seconds)), 1) if len(seconds) else None,
        "mm per unit": sorted({ink.mm_per_unit for ink in inks if ink.mm_per_unit is not None}),
        "repairs": dict(repairs),
    }


def _words(fact: object) -> str:
    if isinstance(fact, dict):
        return ", ".join(f"{name}: {count:,}" for name, count in fact.items())
    if isinstance(fact, list):
        return ", ".join(f"{part:.6g}" if isinstance(part, float) else str(part) for part in fact)
    return f"{fact:,}"
