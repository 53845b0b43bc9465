"""What was tried for letters, each on the validation writers of learning_letters.py alone.

python benchmarks/learning_letters_tries.py [--tries WORDS ...] [--seeds N] [--steps N]

The writers of `learning_letters.VALIDATION` are held back, and encoders trained on the other
eight: by the recipe first, then with one thing changed. What they wrote is asked, the inks of the
eight are the corpus, and the share of wrong nearest ones is printed for each seed with the mean.
A try of 600 steps takes one core three to ten minutes; encoders that are in --models are not
trained again, so name another folder with other --steps.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from learning_letters import RECIPE, VALIDATION, inks, without
from learning_nearest import Recipe, labels_of

from strokesim import FeatureSpec, cdist, load_dataset
from strokesim.augmentation import Augmentation, turned_classes
from strokesim.ink import Ink
from strokesim.siamese import EncoderSettings, TrainingSettings, open_encoder, train


@dataclass(frozen=True)
class Try:
    """A recipe, what becomes of the inks to learn from, and classes that are added to them."""

    title: str
    recipe: Recipe
    labels: Callable[[list[Ink]], list[Ink]] = list
    expand: Callable[[list[Ink]], Iterable[Ink]] | None = None


def with_capitals(known: list[Ink]) -> list[Ink]:
    """Return the inks with the labels that the data set has: a and A, o and 0 are two classes."""
    written = {
        (ink.writer, ink.id): str(ink.label)
        for ink in load_dataset("ujipenchars")
        if str(ink.label).isascii() and str(ink.label).isalnum()
    }
    return [replace(ink, label=written[ink.writer, ink.id]) for ink in known]


def tries() -> list[Try]:
    """Return the recipe, every change to it, and those to it without the height on the page."""
    one = replace(RECIPE, n_encoders=1)
    unplaced = replace(one, spec=_spec("x,y,0.5*cos,0.5*sin;steps=32"))
    rows = [Try("the recipe, one encoder", one), Try("the recipe, three encoders", RECIPE)]

    def add(title: str, recipe: Recipe = one, **changed: Any) -> None:
        own = {name: changed.pop(name) for name in ("labels", "expand") if name in changed}
        rows.append(Try(title, replace(recipe, **changed), **own))

    def shaped(recipe: Recipe = one, **changed: Any) -> EncoderSettings:
        return replace(recipe.shape, **changed)

    def trained(**changed: Any) -> TrainingSettings:
        return replace(one.settings, **changed)

    add("without the height on the page", unplaced)
    add("cross-entropy", settings=trained(loss="cross-entropy"))
    add("gru-attention, 3 of 64, mean-max", shape=EncoderSettings(patch=1))
    add("gru-attention, patches of 4", shape=EncoderSettings())
    add("patches of 2", shape=shaped(patch=2))
    add("1,200 steps", settings=trained(steps=1200))
    add("96 wide", shape=shaped(width=96))
    add(
        "steps in the air as well",
        spec=_spec("x,y,0.5*cos,0.5*sin,pen_up,page_y;steps=32;along=path"),
    )
    add("more features", spec=_spec("x,y,0.5*cos,0.5*sin,0.5*cos2,0.5*sin2,pen_up,page_y;steps=32"))
    add("turned characters as classes", expand=turned_classes)
    for title, changed in {
        "cross-entropy": {"settings": trained(loss="cross-entropy")},
        "800 steps": {"settings": trained(steps=800)},
        "400 steps": {"settings": trained(steps=400)},
        "batches of 18 classes": {"settings": trained(classes_per_batch=18)},
        "max pooling": {"shape": shaped(pooling="max")},
        "attention pooling": {"shape": shaped(pooling="attention")},
        "dropout 0.1": {"shape": shaped(dropout=0.1)},
        "other order and direction": {"augmentation": Augmentation()},
        "augmentation half as strong again": {"augmentation": one.augmentation.scaled(1.5)},
        "capitals as classes of their own": {"labels": with_capitals},
    }.items():
        add(f"without the height on the page, {title}", unplaced, **changed)
    return rows


def _spec(text: str) -> FeatureSpec:
    return FeatureSpec.parse(text)


def error_of(tried: Try, seed: int, steps: int | None, folder: Path) -> float:
    """Train, or open what was trained, and return the share of the nearest inks that is wrong."""
    fold = without(VALIDATION, "validation")
    distances: Any = 0.0
    for number in range(tried.recipe.n_encoders):
        place = folder / f"{tried.title.replace(' ', '-')}-{seed}-{number}"
        if (place / "encoder.json").exists():
            encoder = open_encoder(place)
        else:
            settings = tried.recipe.settings
            settings = replace(
                settings, steps=steps or settings.steps,
                seed=tried.recipe.n_encoders * seed + number,
            )  # fmt: skip
            encoder = train(
                tried.labels(fold.known), place, spec=tried.recipe.spec,
                encoder=tried.recipe.shape, settings=settings, validation=None,
                augment=tried.recipe.augmentation.augment, expand=tried.expand, threads=1,
            )  # fmt: skip
        known, asked = (encoder.transform_all(part) for part in (fold.known, fold.asked))
        # Squares of distances add up where the embeddings of several encoders lie side by side.
        distances = distances + cdist(asked, known, distance="euclidean") ** 2
    nearest = labels_of(fold.known)[np.argmin(distances, axis=1)]
    return float((nearest != labels_of(fold.asked)).mean())


def main() -> None:
    rows = tries()
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="tries:\n" + "\n".join(f"  {row.title}" for row in rows),
    )
    parser.add_argument(
        "--tries", nargs="+", metavar="WORDS", help="those whose title holds one of these; else all"
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, help="fewer are for a quick try")
    parser.add_argument("--models", type=Path, default=Path("build/learning/letters-tries"))
    given = parser.parse_args()
    chosen = [row for row in rows if any(words in row.title for words in given.tries or [""])]
    if not chosen or given.seeds < 1:
        parser.error("no try has such a title, or no seed; --help lists the tries")
    torch.set_num_threads(1)
    given.models.mkdir(parents=True, exist_ok=True)
    asked = sum(ink.writer in VALIDATION for ink in inks())
    print(f"{asked} questions by the validation writers {', '.join(VALIDATION)}\n")
    print("| tried | error, mean | each seed |\n|---|---|---|")
    for row in chosen:
        errors = [error_of(row, seed, given.steps, given.models) for seed in range(given.seeds)]
        each = ", ".join(f"{100 * error:.1f}" for error in errors)
        print(f"| {row.title} | {100 * np.mean(errors):.1f} % | {each} |", flush=True)


if __name__ == "__main__":
    main()
