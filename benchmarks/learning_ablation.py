"""What each part of the default training is worth, on validation alphabets.

python benchmarks/learning_ablation.py [--steps N] [--models FOLDER] [--table]

The alphabets of `oneshot.VALIDATION` are held back from small1, and the other three trained on:
the defaults first, then with one thing changed at a time, all for as many steps, far fewer than
the figures of learning.md took. No test alphabet is looked at. What is stored in
results/learning/ablation.json is not done again; the table goes into results/learning_ablation.md.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from learning_omniglot import (
    CLOUD,
    EQUAL,
    MEAN,
    embedded,
    rates_of,
    validation_alphabets,
    with_cloud,
)
from learning_runs import FOLDER
from machine import RESULTS, describe
from oneshot import VALIDATION

from strokesim import FeatureSpec, cdist, load_dataset
from strokesim.augmentation import Augmentation, invented_classes, turned_classes
from strokesim.ink import Ink
from strokesim.siamese import Encoder, EncoderSettings, TrainingSettings, grouped, train
from strokesim.siamese.examples import SPEC, alphabet_of

STEPS = 200
Expand = Callable[[list[Ink]], Iterable[Ink]]


@dataclass(frozen=True)
class Setup:
    """A way to train; the defaults are those of the library."""

    part: str = "as it is"
    change: str = "the defaults"
    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    settings: TrainingSettings = field(default_factory=TrainingSettings)
    augmentation: Augmentation = field(default_factory=Augmentation)
    expand: Expand | None = turned_classes
    spec: FeatureSpec = SPEC
    labels: Callable[[list[Ink]], list[Ink]] = list

    @property
    def title(self) -> str:
        """What names it in the stored results."""
        return f"{self.part}: {self.change}"


def with_invented(inks: list[Ink]) -> Iterable[Ink]:
    """Add 200 glyphs that no alphabet has, by 20 synthetic writers, to the turned characters."""
    yield from turned_classes(inks)
    yield from invented_classes(200, 20, np.random.default_rng(5))


def setups() -> list[Setup]:
    """Return the defaults and every change to them."""
    plain = Setup()
    rows = [plain]

    def add(part: str, change: str, **changed: Any) -> None:
        rows.append(replace(plain, part=part, change=change, **changed))

    add("as it is", "another seed", settings=TrainingSettings(seed=1))
    gru = EncoderSettings(network="gru", width=64, layers=2, pooling="mean", patch=1)
    add("network", "gru, 2 of 64, mean", encoder=gru)
    for patch, width, steps in ((1, 48, 40), (2, 48, 64), (4, 48, 64), (8, 64, 64), (6, 64, 96)):
        add(
            "patches", f"{patch} steps a patch, {width} wide, {steps} steps",
            encoder=EncoderSettings(patch=patch, width=width), spec=replace(SPEC, steps=steps),
        )  # fmt: skip
    add("sampling", "same_alphabet=0", settings=TrainingSettings(same_alphabet=0.0))
    add("classes", "as written, none turned", expand=None)
    add("labels", "none, NT-Xent", settings=TrainingSettings(loss="nt-xent"))
    add("labels", "none, groups by order-free distance", labels=grouped)
    for temperature in (0.2, 0.05):
        settings = TrainingSettings(temperature=temperature)
        add("loss", f"temperature {temperature}", settings=settings)
    add("loss", "linear", settings=TrainingSettings(loss="linear"))
    batch_hard = TrainingSettings(loss="triplet", miner="hard", mine_after=50)
    add("loss", "triplet, batch-hard after 50 steps", settings=batch_hard)
    add("pooling", "mean", encoder=replace(plain.encoder, pooling="mean"))
    add("augmentation", "none", augmentation=Augmentation.none())
    never = replace(Augmentation(), reordered=0.0, reversed=0.0)
    add("augmentation", "order and direction kept", augmentation=never)
    for text in ("x,y", "x,y,cos,sin,pen_up", "x,y,cos2,sin2,pen_up"):
        add("features", f"`{text}`", spec=replace(FeatureSpec.parse(text), steps=SPEC.steps))
    for steps in (32, 96):
        add("features", f"{steps} steps", spec=replace(SPEC, steps=steps))
    add("classes", "200 invented ones too", expand=with_invented)
    for amount in (0.5, 1.5):
        add("augmentation", f"{amount} times", augmentation=Augmentation().scaled(amount))
    for classes, samples in ((32, 8), (128, 2)):
        settings = TrainingSettings(classes_per_batch=classes, samples_per_class=samples)
        add("sampling", f"{classes} classes of {samples}", settings=settings)
    for loss in ("squared", "triplet", "n-pair", "cross-entropy"):
        add("loss", loss, settings=TrainingSettings(loss=loss))
    for pooling in ("max", "attention"):
        add("pooling", pooling, encoder=replace(plain.encoder, pooling=pooling))
    add("network", "lstm, 2 of 64, mean", encoder=replace(gru, network="lstm"))
    add("network", "tcn, 4 of 96, mean", encoder=replace(gru, network="tcn", width=96, layers=4))
    return rows


def carried_out(setup: Setup, steps: int, folder: Path) -> tuple[Encoder, dict[str, float]]:
    """Train, and return the encoder and what it does with the alphabets held back."""
    inks = list(load_dataset("omniglot", "small1"))
    held = [ink for ink in inks if alphabet_of(str(ink.label)) in VALIDATION]
    kept = [ink for ink in inks if alphabet_of(str(ink.label)) not in VALIDATION]
    begun = time.process_time()
    encoder = train(
        setup.labels(kept), folder, spec=setup.spec, encoder=setup.encoder, validation=held,
        settings=replace(setup.settings, steps=steps, evaluate_every=steps, checkpoint_every=steps),
        augment=setup.augmentation.augment, expand=setup.expand, threads=1,
    )  # fmt: skip
    found = dict(encoder.origin.metrics)
    return encoder, {**found, "cpu": time.process_time() - begun}


def row(number: int, steps: int, folder: Path) -> tuple[dict[str, float], list[str]]:
    """Return what one change gives, and what the first encoder gives in other uses."""
    torch.set_num_threads(1)
    encoder, found = carried_out(setups()[number], steps, folder)
    return found, [] if number else beside(encoder)


def beside(encoder: Encoder) -> list[str]:
    """Return what other uses of one encoder give, on the validation alphabets."""
    asked = validation_alphabets()
    lines = ["| distance | one-shot error, 20-way | equal error rate |", "|---|---|---|"]
    learned = embedded(asked, encoder)
    steps = [encoder.per_step().transform_all(alphabet.inks) for alphabet in asked]
    tables = {
        f"embedding + {weight:g} * order-free (`{CLOUD}`)": with_cloud(asked, learned, weight)
        for weight in (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
    }
    for name in ("cloud", "dtw"):
        tables[f"points of all steps, {name}"] = [cdist(each, distance=name) for each in steps]
    for title, distances in tables.items():
        rates = rates_of(asked, distances)
        lines.append(f"| {title} | {rates[MEAN]} | {rates[EQUAL]} |")
    return lines


def page(stored: dict[str, Any]) -> str:
    """Return the table of what there is."""
    lines = [
        "# What each part of the training is worth",
        "",
        f"Written by `python benchmarks/learning_ablation.py`. {stored['machine']}.",
        "",
        f"Trained on Greek, Korean and Latin of small1 for {stored['steps']} steps each, one seed, "
        f"tested on the validation alphabets {' and '.join(VALIDATION)}: every drawer's characters "
        "against one of each by every other drawer. These runs are short; what needs "
        "long training shows less here. The second row tells how much chance alone changes. "
        f"{len(stored['rows'])} of {len(setups())} rows are measured.",
        "",
        "| part | changed to | one-shot error | equal error rate | processor time, s |",
        "|---|---|---|---|---|",
    ]
    for title, found in stored["rows"].items():
        part, _, change = title.partition(": ")
        lines.append(
            f"| {part} | {change} | {100 * found['one_shot_error']:.2f} % | "
            f"{100 * found['equal_error_rate']:.2f} % | {found['cpu']:.0f} |"
        )
    if stored["beside"]:
        lines += ["", "The encoder of the first row in other uses, by 400 episodes per alphabet:"]
        lines += ["", *stored["beside"]]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--models", type=Path, default=Path("build/learning/ablation"))
    parser.add_argument("--table", action="store_true", help="only write the table")
    given = parser.parse_args()
    path = FOLDER / "ablation.json"
    stored: dict[str, Any] = {"steps": given.steps, "rows": {}, "beside": []}
    if path.exists():
        stored = json.loads(path.read_text())
    stored["machine"] = describe("numpy", "numba", "torch")
    given.models.mkdir(parents=True, exist_ok=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    titles = [setup.title for setup in setups()]
    missing = (
        [] if given.table else [n for n in range(len(titles)) if titles[n] not in stored["rows"]]
    )
    # A process that was forked from one in which torch has threads may wait for ever.
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        waited = {
            pool.submit(row, number, stored["steps"], given.models / str(number)): number
            for number in missing
        }
        for done in as_completed(waited):
            number = waited[done]
            stored["rows"][titles[number]], lines = done.result()
            stored["beside"] = lines or stored["beside"]
            print(titles[number], stored["rows"][titles[number]], *lines, sep="\n", flush=True)
            path.write_text(json.dumps(stored, indent=1) + "\n")
    known = {title: stored["rows"][title] for title in titles if title in stored["rows"]}
    (RESULTS / "learning_ablation.md").write_text(page({**stored, "rows": known}))


if __name__ == "__main__":
    main()
