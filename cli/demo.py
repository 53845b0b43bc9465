"""``strokesim demo``: five unseen inks against the embedded corpus."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import numpy as np

from strokesim.cli.options import seed_option
from strokesim.cli.show import is_right, matched, matches_text, progress
from strokesim.corpus import Corpus
from strokesim.datasets.catalog import load_dataset
from strokesim.drawing import DrawnMatch, MatchRow, svg_of_matches, write_svg
from strokesim.ink import Ink
from strokesim.learned import open_encoder
from strokesim.learned.opening import DEFAULT
from strokesim.search import Index, Match

SHOWN, NEAREST = 5, 5


@click.command()
@seed_option("Which five inks are drawn by lot.")
@click.option(
    "-o",
    "--output",
    default="strokesim-demo.svg",
    show_default=True,
    metavar="FILE.svg",
    help="Where the drawn sheet goes.",
)
def command(seed: int, output: str) -> None:
    """Match five unseen inks against the embedded corpus.

    The corpus is synthetic: characters by invented writers. The five inks are drawn by lot
    from writers that it does not hold; = marks a match with the ink's own label. Beside DTW, the
    encoder that comes with strokesim answers for all unseen inks.

    \b
    Example:
      strokesim demo --seed 3
    """
    enrolled, unseen = load_dataset("demo", "train"), load_dataset("demo", "test")
    with tempfile.TemporaryDirectory() as folder, progress("inks", 2 * len(unseen)) as bar:
        Corpus.build(Path(folder) / "corpus", enrolled)
        corpus = Corpus.open(Path(folder) / "corpus")
        answers = list(matched(unseen, Index(corpus), NEAREST, bar=bar.update))
        encoder = open_encoder(DEFAULT)
        assert encoder.spec is not None
        learned = Index(Corpus.from_inks(enrolled, encoder.spec), encoder)
        others = list(matched(unseen, learned, NEAREST, bar=bar.update))
        lot = np.random.default_rng(seed).choice(len(answers), SHOWN, replace=False)
        drawn = [answers[number] for number in lot]
        n_entries, n_writers = len(corpus), len(set(corpus.writers))
    write_svg(svg_of_matches(_row(ink, found, enrolled) for ink, found in drawn), output)
    click.echo(
        f"{SHOWN} inks against {n_entries:,} entries by {n_writers} other writers "
        "(synthetic pen, DTW); = marks the same label\n"
    )
    for ink, found in drawn:
        click.echo(matches_text(ink, found, enrolled.__getitem__) + "\n")
    n_right = sum(is_right(*answer) for answer in drawn)
    click.echo(f"{n_right} of these {SHOWN} are right: the nearest entry has the same label")
    for name, found in (("DTW", answers), ("the learned metric", others)):
        n_all = sum(is_right(*answer) for answer in found)
        click.echo(
            f"{n_all} of all {len(found)} unseen inks are right by {name} "
            f"({100 * (len(found) - n_all) / len(found):.1f} % wrong)"
        )
    click.echo(f"drawn strokes: {Path(output).resolve()}")


def _row(ink: Ink, matches: list[Match], enrolled: list[Ink]) -> MatchRow:
    drawn = [
        DrawnMatch(enrolled[match.index], match.distance, match.label, match.writer)
        for match in matches
    ]
    return MatchRow(ink, drawn, ink.label, ink.writer or "")
