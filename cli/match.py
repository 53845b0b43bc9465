"""``strokesim match``: the nearest entries of a corpus for each query ink."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from typing import cast

import click

from strokesim.cli.options import format_option, lenient_option, read, speaking, threads_option
from strokesim.cli.show import drawing_of, is_right, matched, matches_text, progress, tell
from strokesim.corpus import Corpus
from strokesim.distances import DISTANCES
from strokesim.errors import ArgumentError
from strokesim.features import FeatureSpec
from strokesim.features.embedded import EmbeddingSpec
from strokesim.formats.format import Format
from strokesim.ink import Ink
from strokesim.learned import Encoder, Together, open_encoder
from strokesim.prototype_search import PrototypeIndex
from strokesim.search import Index, Match


class NearPrototypes:
    """The entries of each query's nearest prototypes, and how many of all were looked at."""

    def __init__(self, index: PrototypeIndex, count: int) -> None:
        self.index, self.count = index, count
        self.exact = count == index.n_prototypes
        self._n_queries, self._looked_at = 0, 0.0

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
        found = self.index.search(
            queries, k, prototypes=self.count, cutoff=cutoff, threads=threads, progress=progress
        )
        self._n_queries += len(queries)
        self._looked_at += len(queries) * found.searched
        return found.matches

    @property
    def searched(self) -> float:
        """Share of the corpus that was looked at, mean over the queries."""
        return self._looked_at / self._n_queries if self._n_queries else 0.0


@click.command()
@click.argument("query", nargs=-1, required=True)
@click.option("--corpus", "folder", required=True, metavar="CORPUS", help="What to search.")
@click.option("-k", default=5, show_default=True, metavar="K", help="Matches per query.")
@click.option(
    "--distance",
    metavar="NAME",
    help=f"One of {', '.join(sorted(DISTANCES))}; dtw when left out.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    help="Search by what was learned instead: the folder of a training, what `strokesim export` "
    "wrote, or default. Several, of the same features, are asked together.",
)
@click.option(
    "--radius",
    type=int,
    metavar="STEPS",
    help="Sakoe-Chiba radius of dtw; leave it out for free paths.",
)
@click.option(
    "--prototypes",
    type=click.IntRange(min=1),
    metavar="P",
    help="Look only at the entries of the P nearest prototypes: not exact, and says so.",
)
@click.option("--cutoff", type=float, metavar="D", help="Show no match farther away than D.")
@click.option(
    "--reject",
    is_flag=True,
    help="Show no match beyond the threshold of the model: an ink without one is none of them.",
)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON per query ink.")
@click.option("--draw/--no-draw", default=True, help="Draw query and matches with characters.")
@format_option
@lenient_option
@threads_option
@speaking()
def command(
    query: tuple[str, ...],
    folder: str,
    k: int,
    distance: str | None,
    models: tuple[str, ...],
    radius: int | None,
    prototypes: int | None,
    cutoff: float | None,
    reject: bool,
    as_json: bool,
    draw: bool,
    format: str | Format | None,
    lenient: bool,
    threads: int | None,
) -> None:
    """Find the nearest entries of a corpus for each query ink.

    QUERY is a file, a folder, a member of a zip archive, or - for standard input. Under the
    label of each match stand its distance and its writer; = marks the query's own label.
    Ends with 1 when no query has a match.

    The model default comes with strokesim and needs nothing else; `corpus build --model` makes a
    corpus for a model. What `embed --per-step` wrote is searched by dtw, or another --distance,
    over what the same --model makes of each step.

    Prototypes are averages of similar entries of a label. They are made once, which takes a
    while, and kept in CORPUS until it changes; docs/distances.md says when they pay.

    \b
    Example:
      strokesim match pendigits-orig.tes --corpus digits -k 3 --radius 4
      strokesim match strokes.inkml --corpus digits --json | jq .matches[0].label
      strokesim match new.jsonl --corpus letters --model learned --reject
      strokesim match new.jsonl --corpus steps --model learned --radius 2
      strokesim match new.jsonl --corpus letters --model learned-0 --model learned-1
    """
    corpus = Corpus.open(folder)
    index: Index | NearPrototypes
    encoder = _encoder_of(models)
    model = " and ".join(models)
    if encoder is None:
        if reject:
            raise ArgumentError("--reject takes the threshold of a --model; else give a --cutoff")
        name = distance or "dtw"
        if prototypes is None:
            index = Index(corpus, name, radius=radius)
        else:
            with progress("entries divided", len(corpus)) as bar:
                divided = PrototypeIndex(
                    corpus, name, radius=radius, keep=True, threads=threads, progress=bar.update
                )
            index = NearPrototypes(divided, prototypes)
    elif corpus.spec == (steps := encoder.per_step()):
        if reject or prototypes is not None:
            raise ArgumentError(
                f"{folder} has a point per step, which dtw compares; leave out --reject and "
                "--prototypes, --cutoff says how far is too far"
            )
        name = distance or "dtw"
        index = Index(corpus, name, radius=radius)
        # Ink becomes sequences by an encoder as it does by a spec.
        index.spec = cast(FeatureSpec, steps)
        name = f"{name} over what {model} makes of each step"
    elif isinstance(corpus.spec, EmbeddingSpec) and corpus.spec != encoder:
        raise _made_by_another(folder, corpus.spec, models)
    elif distance is not None or radius is not None or prototypes is not None:
        raise ArgumentError(
            "--model brings its own distance; leave out --distance, --radius and --prototypes"
        )
    else:
        name = model
        if reject:
            cutoff = _threshold(encoder, model, cutoff)
        index = Index(corpus, encoder)
    exact = not isinstance(index, NearPrototypes) or index.exact
    drawing = partial(drawing_of, corpus) if draw else None
    n_inks = n_found = n_labelled = n_right = 0
    with progress("inks") as bar:
        bar.disable = bar.disable or sys.stdout.isatty()
        inks = read(query, format=format, lenient=lenient)
        for ink, matches in matched(inks, index, k, cutoff=cutoff, threads=threads, bar=bar.update):
            n_inks += 1
            n_found += bool(matches)
            n_labelled += ink.label is not None
            n_right += ink.label is not None and is_right(ink, matches)
            if as_json:
                found = [match._asdict() for match in matches]
                facts = {"query": ink.id, "label": ink.label, "exact": exact, "matches": found}
                click.echo(json.dumps(facts))
            else:
                click.echo(matches_text(ink, matches, drawing) + "\n")
    tell(f"{n_inks:,} inks matched against {len(corpus):,} entries by {name}")
    if isinstance(index, NearPrototypes) and not index.exact:
        tell(
            f"not exact: searched {100 * index.searched:.3g} % of {len(corpus):,} entries, those "
            f"of {index.count} of {index.index.n_prototypes} prototypes"
        )
    if n_labelled:
        wrong = 100 * (n_labelled - n_right) / n_labelled
        tell(f"{n_right:,} of {n_labelled:,} nearest labels are right ({wrong:.2f} % wrong)")
    if reject:
        tell(f"{n_inks - n_found:,} are none of them: nothing within {cutoff:.3f}")
    if not n_found:
        sys.exit(1)


def _encoder_of(models: tuple[str, ...]) -> Encoder | None:
    """Return the encoder that is named, or those that are named together."""
    opened = [open_encoder(model) for model in models]
    return Together(opened) if len(opened) > 1 else next(iter(opened), None)


def _made_by_another(folder: str, spec: EmbeddingSpec, models: tuple[str, ...]) -> ArgumentError:
    """Return what to raise where a corpus holds what another encoder made of ink."""
    if len(models) == 1:
        each = " --per-step" if spec.is_per_step else ""
        way = f"`strokesim embed {models[0]} INK{each} -o CORPUS`"
    else:
        way = f"`strokesim corpus build CORPUS INK --model {models[0]}`"
    return ArgumentError(
        f"{folder} holds {spec}, another one than {' and '.join(models)}; name that one, or make "
        f"a corpus by {way}"
    )


def _threshold(encoder: Encoder, model: str, cutoff: float | None) -> float:
    if cutoff is not None:
        raise ArgumentError(
            f"--reject and --cutoff {cutoff:g} both say how far is too far; give one"
        )
    if encoder.threshold is None:
        raise ArgumentError(
            f"{model} has no threshold: none was calibrated on ink held back from its training; "
            "give a --cutoff"
        )
    return encoder.threshold
