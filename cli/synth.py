"""``strokesim synth``: synthetic pen ink."""

from __future__ import annotations

import click
import numpy as np

from strokesim.cli.options import seed_option, speaking
from strokesim.cli.show import counted, progress, tell
from strokesim.formats import write_ink
from strokesim.synthesis import LABELS, synthesise_corpus


@click.command()
@click.argument("target")
@click.option("--labels", metavar="TEXT", help="Characters to write; 0-9, A-Z, a-z if left out.")
@click.option("--writers", default=20, show_default=True, help="How many people write.")
@click.option("--samples", default=1, show_default=True, help="How often each writes a label.")
@seed_option("The same seed, the same ink.")
@click.option("--to", metavar="NAME", help="Format, else by the suffix of TARGET.")
@speaking()
def command(
    target: str, labels: str | None, writers: int, samples: int, seed: int, to: str | None
) -> None:
    """Write synthetic pen ink.

    Invented people write the labels by a model of human movement; TARGET gets all their inks.

    \b
    Example:
      strokesim synth digits.jsonl --labels 0123456789 --writers 20
      strokesim synth new.inkml --labels abc --writers 3 --seed 1
    """
    chosen = list(LABELS if labels is None else labels)
    inks = synthesise_corpus(chosen, writers, np.random.default_rng(seed), samples=samples)
    with progress("inks", len(chosen) * writers * samples) as bar:
        number = write_ink(counted(inks, bar), target, format=to)
    tell(f"{target}: {number:,} inks of {writers:,} writers")
