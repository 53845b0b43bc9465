"""``strokesim embed``: what a trained encoder makes of ink."""

from __future__ import annotations

import json
from typing import cast

import click

from strokesim.cli.options import format_option, lenient_option, read, speaking, threads_option
from strokesim.cli.show import batched, progress, tell
from strokesim.corpus import Corpus
from strokesim.features import FeatureSpec
from strokesim.formats.format import Format
from strokesim.learned import open_encoder


@click.command()
@click.argument("model")
@click.argument("ink", nargs=-1, required=True)
@click.option("-o", "--output", metavar="CORPUS", help="Write a corpus instead of JSON lines.")
@click.option(
    "--per-step", is_flag=True, help="A point for every patch of steps of an ink, not one for all."
)
@format_option
@lenient_option
@threads_option
@speaking()
def command(
    model: str,
    ink: tuple[str, ...],
    output: str | None,
    per_step: bool,
    format: str | Format | None,
    lenient: bool,
    threads: int | None,
) -> None:
    """Show what the encoder MODEL makes of the inks in the files INK.

    MODEL is the folder of a training, what `strokesim export` wrote, or default.
    One line of JSON per ink; its embedding is a list of steps, one step unless --per-step. A
    corpus of embeddings is searched by `match --model` with the same MODEL, and needs not be
    embedded again each time; by dtw over the steps where it has a point for each.

    \b
    Example:
      strokesim embed default new.jsonl | jq .embedding[0]
      strokesim embed letters new.jsonl --per-step -o learned
    """
    encoder = open_encoder(model)
    if per_step:
        encoder = encoder.per_step()
    inks = read(ink, format=format, lenient=lenient)
    with progress("inks") as bar:
        if output is not None:
            # Ink becomes sequences by an encoder as it does by a spec.
            spec = cast(FeatureSpec, encoder)
            corpus = Corpus.from_inks(inks, spec, threads=threads, progress=bar.update)
            corpus.save(output)
            how = ", by dtw over the steps" if per_step else ""
            tell(
                f"{output}: {len(corpus):,} entries of {encoder.n_features} coordinates; "
                f"strokesim match --corpus {output} --model {model} searches it{how}"
            )
            return
        for batch in batched(inks, 256):
            found = encoder.transform_all(batch, threads=threads, progress=bar.update)
            for given, points in zip(batch, found, strict=True):
                facts = {"id": given.id, "label": given.label, "writer": given.writer}
                click.echo(json.dumps(facts | {"embedding": points.tolist()}))
