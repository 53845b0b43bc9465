"""``strokesim demo``: five unseen inks against the embedded corpus, by two metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import numpy as np

from strokesim.cli.options import seed_option, threads_option
from strokesim.cli.show import is_right, matched, matches_text, progress
from strokesim.corpus import Corpus
from strokesim.datasets.catalog import load_dataset
from strokesim.drawing import DrawnMatch, MatchRow, svg_of_matches, write_svg
from strokesim.features import FeatureSpec
from strokesim.ink import Ink
from strokesim.learned import open_encoder
from strokesim.learned.opening import DEFAULT
from strokesim.search import Index, Match

SHOWN, NEAREST = 5, 5
DTW, LEARNED = "DTW", "the learned metric"
_SHORT = {DTW: "DTW", LEARNED: "learned"}

Answer = tuple[Ink, list[Match]]


@click.command()
@seed_option("Which five inks are drawn by lot.")
@threads_option
@click.option(
    "-o",
    "--output",
    default="strokesim-demo.svg",
    show_default=True,
    metavar="FILE.svg",
    help="Where the drawn sheet goes.",
)
def command(seed: int, threads: int | None, output: str) -> None:
    """Match five unseen inks against the embedded corpus.

    The corpus is synthetic: characters by invented writers. The five inks are drawn by lot
    from writers that it does not hold. DTW and the encoder that comes with strokesim answer side
    by side; = marks a match with the ink's own label.

    \b
    Example:
      strokesim demo --seed 3
    """
    enrolled, unseen = load_dataset("demo", "train"), load_dataset("demo", "test")
    lot = np.random.default_rng(seed).choice(len(unseen), SHOWN, replace=False)
    with progress("inks", 2 * len(unseen)) as bar:
        indexes = {
            DTW: Index(Corpus.from_inks(enrolled, FeatureSpec(), threads=threads)),
            LEARNED: _learned_index(enrolled, threads),
        }
        answers = {
            name: list(matched(unseen, index, NEAREST, threads=threads, bar=bar.update))
            for name, index in indexes.items()
        }
    rows = (
        _row(name, found[number], enrolled) for number in lot for name, found in answers.items()
    )
    write_svg(svg_of_matches(rows, size=80), output)
    n_writers = len({ink.writer for ink in enrolled})
    click.echo(
        f"{SHOWN} inks against {len(enrolled):,} entries by {n_writers} other writers "
        "(synthetic pen); = marks the same label\n"
    )
    for number in lot:
        for name, found in answers.items():
            ink, matches = found[number]
            verdict = "right" if is_right(ink, matches) else "wrong"
            about = f"by {name}: {verdict}"
            click.echo(matches_text(ink, matches, enrolled.__getitem__, about))
        click.echo()
    click.echo(_summary(answers, lot))
    click.echo(f"\ndrawn strokes: {Path(output).resolve()}")


def _learned_index(enrolled: list[Ink], threads: int | None) -> Index:
    encoder = open_encoder(DEFAULT)
    assert encoder.spec is not None
    return Index(Corpus.from_inks(enrolled, encoder.spec, threads=threads), encoder)


def _row(name: str, answer: Answer, enrolled: list[Ink]) -> MatchRow:
    ink, matches = answer
    drawn = [DrawnMatch(enrolled[match.index], match.distance, match.label) for match in matches]
    query = ink if name == DTW else None
    return MatchRow(query, drawn, ink.label, ink.writer or "", _SHORT[name])


def _summary(answers: Mapping[str, Sequence[Answer]], lot: np.ndarray) -> str:
    """Return who is right on how many of the inks shown and of all, and who alone."""
    dtw, learned = (np.array([is_right(*one) for one in answers[name]]) for name in answers)
    lines = [f"{'nearest entry has the right label':35}  these {SHOWN}  all {len(dtw)}"]
    for words, right in [
        (f"by {DTW}", dtw),
        (f"by {LEARNED}", learned),
        ("by both", dtw & learned),
        (f"by {DTW} alone", dtw & ~learned),
        (f"by {LEARNED} alone", learned & ~dtw),
        ("by neither", ~(dtw | learned)),
    ]:
        line = f"{words:35}  {right[lot].sum():7}  {right.sum():7}"
        if words in (f"by {DTW}", f"by {LEARNED}"):
            line += f"  ({100 * np.mean(~right):.1f} % wrong)"
        lines.append(line)
    return "\n".join(lines)
