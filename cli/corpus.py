"""``strokesim corpus``: build, extend, check and export a corpus."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import click
import numpy as np

from strokesim.cli.options import format_option, lenient_option, read, speaking, threads_option
from strokesim.cli.show import progress, tell
from strokesim.corpus import Corpus
from strokesim.errors import ArgumentError
from strokesim.features import FeatureSpec
from strokesim.formats.format import Format
from strokesim.learned import open_encoder


@click.group()
def command() -> None:
    """Build, extend, check and export a corpus.

    \b
    Example:
      strokesim corpus build digits pendigits-orig.tra
      strokesim corpus info digits
    """


@command.command()
@click.argument("folder", metavar="CORPUS")
@click.argument("ink", nargs=-1, required=True)
@click.option(
    "--spec",
    metavar="SPEC",
    help="Features of a step, weights and resampling, such as 'x,y,0.5*cos,0.5*sin;steps=32'.",
)
@click.option("--model", metavar="MODEL", help="Take the features that an encoder reads instead.")
@format_option
@lenient_option
@threads_option
@speaking()
def build(
    folder: str,
    ink: tuple[str, ...],
    spec: str | None,
    model: str | None,
    format: str | Format | None,
    lenient: bool,
    threads: int | None,
) -> None:
    """Make the folder CORPUS of the inks in the files INK.

    \b
    Example:
      strokesim corpus build digits pendigits-orig.tra
      strokesim corpus build letters ink.zip --spec 'x,y,pen_up;steps=64'
      strokesim corpus build learned ink.zip --model default
    """
    chosen = FeatureSpec() if spec is None else FeatureSpec.parse(spec)
    if model is not None:
        chosen = _spec_of(model, spec)
    with progress("inks") as bar:
        inks = read(ink, format=format, lenient=lenient)
        corpus = Corpus.build(folder, inks, chosen, threads=threads, progress=bar.update)
    tell(f"{folder}: {len(corpus):,} entries")


def _spec_of(model: str, spec: str | None) -> FeatureSpec:
    if spec is not None:
        raise ArgumentError("--model brings its own features; leave out --spec")
    found = open_encoder(model).spec
    if found is None:
        raise ArgumentError(f"{model} was trained on arrays and has no features to turn ink into")
    return found


@command.command()
@click.argument("folder", metavar="CORPUS")
@click.argument("ink", nargs=-1, required=True)
@format_option
@lenient_option
@threads_option
@speaking()
def append(
    folder: str,
    ink: tuple[str, ...],
    format: str | Format | None,
    lenient: bool,
    threads: int | None,
) -> None:
    """Add the inks in the files INK to CORPUS, all or none.

    \b
    Example:
      strokesim corpus append digits more.inkml
    """
    corpus = Corpus.open(folder)
    with progress("inks") as bar:
        inks = read(ink, format=format, lenient=lenient)
        added = corpus.append(inks, threads=threads, progress=bar.update)
    tell(f"{folder}: {added:,} entries added, {len(corpus):,} in all")


@command.command()
@click.argument("folder", metavar="CORPUS")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
def info(folder: str, as_json: bool) -> None:
    """Show what CORPUS holds.

    \b
    Example:
      strokesim corpus info digits
    """
    corpus = Corpus.open(folder)
    lengths = np.concatenate([np.empty(0, int), *(shard.lengths for shard in corpus.shards)])
    labels = Counter(label for label in corpus.labels if label is not None)
    facts = {
        "entries": len(corpus),
        "labels": len(labels),
        "writers": len({writer for writer in corpus.writers if writer is not None}),
        "features": corpus.n_features,
        "steps": f"{lengths.min()} to {lengths.max()}" if len(lengths) else "none",
        "shards": len(corpus.shards),
        "spec": None if corpus.spec is None else corpus.spec.to_dict(),
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    # As --spec takes it; for machines, as it is stored.
    for name, fact in (facts | {"spec": corpus.spec}).items():
        click.echo(f"{name:9}{fact}")


@command.command()
@click.argument("folder", metavar="CORPUS")
def verify(folder: str) -> None:
    """Check every byte of CORPUS against its checksums.

    \b
    Example:
      strokesim corpus verify digits
    """
    corpus = Corpus.open(folder)
    with progress("entries", len(corpus)) as bar:
        corpus.verify(progress=bar.update)
    click.echo(f"{folder}: {len(corpus):,} entries in {len(corpus.shards)} shards are whole")


@command.command()
@click.argument("folder", metavar="CORPUS")
@click.argument("file", metavar="FILE.parquet")
def export(folder: str, file: str) -> None:
    """Write CORPUS as one Parquet file.

    \b
    Example:
      strokesim corpus export digits digits.parquet
    """
    corpus = Corpus.open(folder)
    with progress("entries", len(corpus)) as bar:
        corpus.to_parquet(file, progress=bar.update)
    tell(f"{file}: {len(corpus):,} entries")


@command.command("import")
@click.argument("file", metavar="FILE.parquet")
@click.argument("folder", metavar="CORPUS")
def import_(file: str, folder: str) -> None:
    """Make the folder CORPUS of a Parquet file that `export` wrote.

    \b
    Example:
      strokesim corpus import digits.parquet digits
    """
    corpus = Corpus.from_parquet(Path(file))
    corpus.save(folder)
    tell(f"{folder}: {len(corpus):,} entries")
