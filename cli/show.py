"""How matches and progress look in a terminal, shared by the commands."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Protocol, TypeVar

import click
from tqdm import tqdm

from strokesim.corpus import Corpus
from strokesim.ink import Ink
from strokesim.polylines import Drawing, polylines_of_features
from strokesim.search import Match
from strokesim.svg import readable
from strokesim.terminal import beside, braille_fits, draw_text

Item = TypeVar("Item")

# An ink and five matches beside each other fit into 80 columns.
CELL_WIDTH, CELL_HEIGHT, GAP = 11, 4, 2


def progress(unit: str, total: int | None = None) -> tqdm[Any]:
    """Return a bar on standard error that appears after a second, in a terminal only."""
    return tqdm(total=total, unit=f" {unit}", delay=1, disable=None, leave=False, file=sys.stderr)


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of ``size`` items, the last one shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def counted(items: Iterable[Item], bar: tqdm[Any]) -> Iterator[Item]:
    """Yield the items and count each on the bar."""
    for item in items:
        yield item
        bar.update(1)


def drawing_of(corpus: Corpus, number: int) -> Drawing | None:
    """Return what an entry of a corpus looks like, or None where its features do not tell."""
    spec = corpus.spec
    if spec is None or not {"x", "y"} <= set(spec.names):
        return None
    return polylines_of_features(corpus[number].sequence, spec.names, weights=spec.weights)


class Searching(Protocol):
    """What finds matches: an `Index`, or what stands for one."""

    def search(
        self,
        queries: list[Ink],
        k: int,
        *,
        cutoff: float | None,
        threads: int | None,
        progress: Callable[[int], object],
    ) -> list[list[Match]]:
        """Return the matches of each ink."""


def matched(
    inks: Iterable[Ink],
    index: Searching,
    k: int,
    *,
    cutoff: float | None = None,
    threads: int | None = None,
    bar: Callable[[int], object],
) -> Iterator[tuple[Ink, list[Match]]]:
    """Yield each ink with its matches, searching a few hundred inks at a time."""
    for batch in batched(inks, 256):
        yield from zip(
            batch,
            index.search(batch, k, cutoff=cutoff, threads=threads, progress=bar),
            strict=True,
        )


def is_right(ink: Ink, matches: Sequence[Match]) -> bool:
    """Return whether the nearest entry has the label of the ink."""
    return bool(matches) and matches[0].label == ink.label


def matches_text(
    ink: Ink,
    matches: Sequence[Match],
    drawing: Callable[[int], Drawing | None] | None,
    about: str = "",
) -> str:
    """Return an ink and its matches side by side, words above each drawing.

    Above a match stand the ends of its label and of its writer's name, which tell more than how
    they begin, and its distance; "=" marks the label of the ink itself. ``drawing`` tells what the
    entry of an index looks like; None leaves drawings out. ``about`` stands behind the id of the
    ink.
    """
    blocks = [_block("query", "" if ink.label is None else f"label {ink.label}", "")]
    if drawing is not None:
        blocks[0] += "\n" + _drawn(ink)
    for match in matches:
        label = "" if match.label is None else match.label
        same = ink.label is not None and match.label == ink.label
        block = _block(f"{label} =" if same else label, f"{match.distance:.4g}", match.writer or "")
        drawn = None if drawing is None else drawing(match.index)
        blocks.append(block if drawn is None else f"{block}\n{_drawn(drawn)}")
    if not matches:
        blocks.append("no entry is that near")
    query, *others = blocks
    rows = _rows(others, taken=1)
    margins = [query] + [""] * (len(rows) - 1)
    lines = [
        beside([f"{margin:{CELL_WIDTH}}", *row], gap=GAP)
        for margin, row in zip(margins, rows, strict=True)
    ]
    heading = readable(ink.id or "ink") + (f" {about}" if about else "")
    return "\n".join([heading, *lines])


def inks_text(inks: Sequence[Ink]) -> str:
    """Return inks side by side, the label above each drawing."""
    blocks = [f"{_block(ink.label or '')}\n{_drawn(ink)}" for ink in inks]
    return "\n".join(beside(row, gap=GAP) for row in _rows(blocks))


def _rows(blocks: list[str], taken: int = 0) -> list[list[str]]:
    """Share blocks out to rows that the terminal does not break; elsewhere there is one row.

    ``taken`` blocks of every row stand there already; each row holds one at least.
    """
    fitting = len(blocks)
    if sys.stdout.isatty():
        fitting = (shutil.get_terminal_size().columns + GAP) // (CELL_WIDTH + GAP) - taken
    return list(batched(blocks, max(fitting, 1)))


def _block(*lines: str) -> str:
    """Put lines below each other; of one that is too long the end is kept."""
    texts = map(readable, lines)
    shown = (text if len(text) <= CELL_WIDTH else "~" + text[1 - CELL_WIDTH :] for text in texts)
    return "\n".join(f"{text:{CELL_WIDTH}}" for text in shown)


def _drawn(drawing: Drawing) -> str:
    plain = not braille_fits(getattr(sys.stdout, "encoding", None))
    return draw_text(drawing, CELL_WIDTH, CELL_HEIGHT, ascii=plain)


def tell(words: str) -> None:
    """Write talk to standard error, so that results can be piped; above a bar that is shown."""
    with tqdm.external_write_mode(sys.stderr):
        click.echo(words, err=True)
