"""``strokesim train``: an encoder from labelled ink."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from strokesim.augmentation import Augmentation, turned_classes
from strokesim.cli.options import (
    format_option,
    lenient_option,
    read,
    speaking,
    threads_option,
)
from strokesim.cli.show import progress, tell
from strokesim.errors import ArgumentError
from strokesim.features import FeatureSpec
from strokesim.formats.format import Format
from strokesim.siamese import (
    LOSSES,
    MINERS,
    EncoderSettings,
    TrainingSettings,
    grouped,
    open_encoder,
    train,
)
from strokesim.siamese.devices import PRECISIONS
from strokesim.siamese.encoders import NETWORKS
from strokesim.siamese.examples import SPEC, alphabet_of
from strokesim.siamese.pooling import POOLINGS
from strokesim.siamese.processes import is_first
from strokesim.siamese.resuming import NAME as STATE
from strokesim.siamese.resuming import goes_on
from strokesim.siamese.settings import HOLD_BACK

SHAPE, SETTINGS = EncoderSettings(), TrainingSettings()


def setting(name: str, default: object, help: str, **options: Any) -> Any:
    """Return an option whose default is that of the library."""
    return click.option(
        f"--{name.replace('_', '-')}", default=default, show_default=True, help=help, **options
    )


def choice(name: str, default: str, known: Any) -> Any:
    """Return an option that takes a name of a table."""
    return setting(name, default, f"One of {', '.join(sorted(known))}.", metavar="NAME")


def scheduled(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:
    """Return one number, or the first and the last of two with a colon between them."""
    if text is None:
        return None
    try:
        numbers = tuple(float(part) for part in text.split(":"))
    except ValueError:
        raise click.BadParameter(f"{text!r}; give a number, or two such as 0.5:1") from None
    return numbers[0] if len(numbers) == 1 else numbers


def given(context: click.Context, name: str) -> bool:
    """Return whether the user gave an option, and not its default stands in."""
    return context.get_parameter_source(name) is not ParameterSource.DEFAULT


@click.command()
@click.argument("folder", metavar="MODEL")
@click.argument("ink", nargs=-1, required=True)
@click.option(
    "--from",
    "start",
    metavar="FOLDER",
    help="Begin with the weights of an encoder, `default` for the one that comes along; it brings "
    "features and shape.",
)
@setting("spec", str(SPEC), "Features of a step, as in `corpus build`.", metavar="SPEC")
@choice("network", SHAPE.network, NETWORKS)
@choice("pooling", SHAPE.pooling, POOLINGS)
@setting("width", SHAPE.width, "Units of a layer, in each direction.")
@setting("layers", SHAPE.layers, "Layers of the network.")
@setting("patch", SHAPE.patch, "Steps that the network takes as one.")
@setting("dim", SHAPE.dim, "Coordinates of an embedding.")
@setting("dropout", SHAPE.dropout, "Share of the outputs of a layer that training leaves out.")
@choice("loss", SETTINGS.loss, LOSSES)
@choice("miner", SETTINGS.miner, MINERS)
@click.option("--margin", callback=scheduled, metavar="A[:B]", help="From A to B, or A throughout.")
@click.option("--temperature", callback=scheduled, metavar="A[:B]", help="Likewise.")
@setting("classes_per_batch", SETTINGS.classes_per_batch, "Classes in a batch.")
@setting("samples_per_class", SETTINGS.samples_per_class, "Samples of each.")
@setting("same_alphabet", SETTINGS.same_alphabet, "Share of batches of one alphabet.")
@click.option("--similar-length", is_flag=True, help="Batches of classes of similar length.")
@setting("mine_after", SETTINGS.mine_after, "Batches before the miner chooses.")
@setting("unlabelled_weight", SETTINGS.unlabelled_weight, "Of nt-xent on ink without label.")
@setting("steps", SETTINGS.steps, "Batches at the most.")
@setting("learning_rate", SETTINGS.learning_rate, "Its peak.")
@setting("warm_up", SETTINGS.warm_up, "Batches in which the rate grows to its peak.")
@setting("weight_decay", SETTINGS.weight_decay, "Of AdamW.")
@setting("clip", SETTINGS.clip, "Largest norm of a gradient; inf never clips.")
@setting("collapse_below", SETTINGS.collapse_below, "Distance of classes that is a collapse.")
@setting("evaluate_every", SETTINGS.evaluate_every, "Batches between looks at what is held back.")
@setting("patience", SETTINGS.patience, "Looks without improvement that end the training.")
@setting("checkpoint_every", SETTINGS.checkpoint_every, "Batches between checkpoints.")
@setting("seed", SETTINGS.seed, "The same seed, the same encoder.")
@click.option(
    "--validation",
    "held",
    multiple=True,
    metavar="INK",
    help="Ink of other writers to stop by, instead of a part of INK.",
)
@setting("share", 0.2, "Part of INK to hold back and stop by; 0 trains on all of it.")
@choice("hold_back", SETTINGS.hold_back, HOLD_BACK)
@setting("augment", 1.0, "How strongly ink is varied, 1 as is usual, 0 not at all.")
@setting("movement", 0.0, "How strongly sub-movements vary, 1 as people's do; takes time.")
@click.option(
    "--groups-of",
    "per_group",
    type=int,
    metavar="N",
    help="Let groups of about N inks that look alike stand for classes; labels and writers are not "
    "looked at, and nothing is held back unless --share says so.",
)
@click.option("--turned", is_flag=True, help="Train on turned and mirrored characters as well.")
@choice("precision", SETTINGS.precision, PRECISIONS)
@click.option("--device", metavar="NAME", help="cpu or cuda; a GPU where there is one.")
@click.option("--tensorboard", is_flag=True, help="Write event files into MODEL too.")
@click.option("--resume", is_flag=True, help="Go on with a training that was cut off.")
@format_option
@lenient_option
@threads_option
@click.pass_context
@speaking(validation="--share", amount="--augment", expand="--turned")
def command(
    context: click.Context,
    folder: str,
    ink: tuple[str, ...],
    start: str | None,
    spec: str,
    held: tuple[str, ...],
    share: float,
    augment: float,
    movement: float,
    per_group: int | None,
    turned: bool,
    device: str | None,
    tensorboard: bool,
    resume: bool,
    format: str | Format | None,
    lenient: bool,
    threads: int | None,
    **settings: Any,
) -> None:
    """Train an encoder on the labelled ink in the files INK.

    MODEL becomes a folder for `match --model`. Classes and writers that training never sees
    decide when it stops; Ctrl-C stops it after the batch under way, and --resume goes on with the
    same options. Under torchrun, several processes share every batch, and those that it starts
    again resume.

    \b
    Example:
      strokesim train letters strokes_background_small1.zip --turned
      strokesim train mine my-letters.jsonl --from default --learning-rate 0.001 --steps 300
      strokesim train bare strokes_background_small1.zip --groups-of 7 --turned --steps 600
      torchrun --nproc-per-node 2 -m strokesim train letters strokes_background_small1.zip
      strokesim train digits pendigits-orig.tra --hold-back writers --loss linear --margin 0.5:1
    """
    goes_on(Path(folder), resume)
    began = None if start is None else open_encoder(start)
    shape = SHAPE if began is None else began.tower.settings
    asked = {name: settings.pop(name) for name in SHAPE.to_dict() if name in settings}
    shape = replace(shape, **{name: asked[name] for name in asked if given(context, name)})
    features = FeatureSpec.parse(spec) if began is None or given(context, "spec") else None
    if not 0 <= share < 1:
        raise ArgumentError(f"--share {share:g}; use a part from 0 to below 1")
    chosen = TrainingSettings(**settings)
    varied = replace(Augmentation().scaled(augment), movement=movement)
    changes = varied != Augmentation.none()
    if not changes and (LOSSES[chosen.loss].needs_views or chosen.unlabelled_weight):
        raise ArgumentError(
            "--augment 0 leaves ink as it is, and learning without labels compares two variations "
            "of each; give --augment above 0"
        )
    inks = list(read(ink, format=format, lenient=lenient))
    others = list(read(held, format=format, lenient=lenient)) if held else None
    if per_group is not None:
        with progress("inks", len(inks)) as bar:
            inks = grouped(inks, per_group, threads=threads, progress=bar.update)
        tell(f"without labels: {len(inks):,} inks in {len({ink.label for ink in inks}):,} groups")
        share = share if given(context, "share") else 0.0
    done = 0
    with progress("steps", chosen.steps) as bar:
        bar.disable = bar.disable or not is_first()

        def advance(steps: int) -> None:
            nonlocal done
            done += steps
            bar.update(steps)

        def report(facts: dict[str, Any]) -> None:
            if "loss" in facts:
                shown = ("loss", "same", "different")
                bar.set_postfix({name: facts[name] for name in shown if name in facts}, False)
            if "validation_classes" in facts:
                names = facts["validation_classes"]
                groups = sorted({alphabet_of(name) or name for name in names})
                tell(f"held back: {facts['validation_samples']:,} inks of {', '.join(groups)}")
            if known := facts.get("validation_classes_known"):
                tell(
                    f"{known:,} of {len(facts['validation_classes']):,} classes held back are "
                    f"known to {start}: new ones are told apart less well than these"
                )
            if "validation" in facts:
                tell(f"step {facts['step']:,}: {_words(facts['validation'])}")
            if facts.get("classes_of_one_sample"):
                tell(f"left out: {facts['classes_of_one_sample']:,} classes of one sample each")
            if facts.get("unlabelled"):
                tell(f"without label: {facts['unlabelled']:,} inks")

        try:
            encoder = train(
                inks,
                folder,
                spec=features,
                encoder=shape,
                settings=chosen,
                start=began,
                validation=others if others is not None else share or None,
                augment=varied.augment if changes else None,
                expand=turned_classes if turned else None,
                resume=resume,
                device=device,
                tensorboard=tensorboard,
                threads=threads,
                progress=advance,
                report=report,
            )
        except KeyboardInterrupt:
            if is_first():
                begun = (Path(folder) / STATE).exists()
                more = "with --resume goes on from here" if begun else "begins anew"
                tell(f"{folder}: stopped; the same command {more}")
            sys.exit(1)
    if not is_first():
        return
    metrics = encoder.origin.metrics
    kept = int(metrics["step"])
    if kept < done:
        stopped = f"stopped after step {done:,}: " if done < chosen.steps else ""
        same = " and what is kept is the encoder it began with" if kept == 0 else ""
        tell(f"{stopped}nothing better since step {kept:,}{same}")
    click.echo(f"{folder}: {_words(metrics)}")


def _words(found: dict[str, float]) -> str:
    if "one_shot_error" not in found:
        return f"trained for {found['step']:,} steps"
    return (
        f"{100 * found['one_shot_error']:.2f} % wrong among the classes held back, equal error "
        f"{100 * found['equal_error_rate']:.2f} % at distance {found['threshold']:.3f}"
    )
