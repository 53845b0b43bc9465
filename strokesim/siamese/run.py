"""A training run, from its first batch to its last."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from torch import nn

from strokesim.errors import ArgumentError, TrainingError
from strokesim.learned import Origin
from strokesim.learned.checkpoint import NAME as ENCODER
from strokesim.siamese.checkpoint import make_folder, open_encoder, save_encoder
from strokesim.siamese.devices import is_out_of_memory
from strokesim.siamese.embedding import Encoder
from strokesim.siamese.encoders import EncoderSettings
from strokesim.siamese.examples import NONE, Augment, Examples
from strokesim.siamese.interrupts import Interrupt, postponed
from strokesim.siamese.objective import Objective, mean_distances
from strokesim.siamese.processes import Processes
from strokesim.siamese.resuming import NAME as STATE
from strokesim.siamese.resuming import Metrics, Progress, load_state, save_state
from strokesim.siamese.settings import TrainingSettings
from strokesim.siamese.validation import score

COLLAPSED_AFTER = 50
"""Steps in a row that make a collapse: a moment of nearness is none."""


def _described(augment: Augment | None) -> dict[str, Any] | str | None:
    """Return the settings of what a method belongs to, or the name of a function."""
    owner = getattr(augment, "__self__", None)
    if owner is not None and hasattr(owner, "to_dict"):
        settings: dict[str, Any] = owner.to_dict()
        return settings
    return (
        None if augment is None else str(getattr(augment, "__qualname__", type(augment).__name__))
    )


class Run:
    """A training run: what it learns from, the networks, and how far it is."""

    def __init__(
        self,
        examples: Examples,
        held: Examples | None,
        shape: EncoderSettings,
        settings: TrainingSettings,
        start: Encoder | None,
        augment: Augment | None,
        threads: int | None,
        processes: Processes,
        device: torch.device,
    ) -> None:
        self.examples, self.held, self.settings = examples, held, settings
        self.start, self.processes = start, processes
        try:
            self.objective = Objective(
                examples, shape, settings, augment, threads, processes, device, start
            )
            self.batch = processes.wrapped(self.objective)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise TrainingError(
                f"out of memory for a tower of {shape.layers} layers, {shape.width} wide; use "
                f"fewer layers or a smaller width"
            ) from error
        self.tower = self.objective.tower
        self.optimiser = torch.optim.AdamW(
            self.objective.parameters(), lr=settings.rate(0), weight_decay=settings.weight_decay
        )
        self.at, self.doing = Progress(), "batch"
        self.saved: int | None = None
        known = (examples.names[c] for c in np.unique(examples.classes) if c != NONE)
        self.origin = Origin(
            classes=tuple(sorted({*known, *(() if start is None else start.origin.classes)})),
            data=examples.fingerprint(),
            training=settings.to_dict(),
            augmentation=_described(augment),
        )
        # The order in which a difference is told: another seed holds back other data as well.
        self.facts = {
            "start": None if start is None else start.fingerprint,
            "encoder": shape.to_dict(),
            "settings": settings.to_dict(),
            "spec": None if examples.spec is None else examples.spec.to_dict(),
            "augmentation": self.origin.augmentation,
            "validation data": None if held is None else held.fingerprint(),
            "data": self.origin.data,
        }

    def finish(
        self,
        folder: Path,
        resume: bool,
        progress: Callable[[int], object] | None,
        reports: list[Callable[[dict[str, Any]], object]],
    ) -> Encoder:
        """Train to the end and return the best encoder."""
        first = self.processes.first
        make_folder(folder)
        resume = self.processes.of_the_first(resume)
        if resume:
            self.at = load_state(folder, self.objective, self.optimiser, self.facts)
            self.saved = self.at.step
        # A run may have been cut off between its first state and the encoder that it starts from.
        begins = self.at.step == 0
        if first:
            reports = [Metrics(folder, -1 if begins else self.at.step).write, *reports]

        def tell(facts: dict[str, Any]) -> None:
            if first:
                for report in reports:
                    report(facts)

        def done(steps: int) -> None:
            if first and progress is not None:
                progress(steps)

        with self._memory(folder):
            facts = self._beginning() if first and begins else {}
            if not resume:
                self._save(folder)
            if facts:
                tell(facts)
                if self.start is not None and "validation" in facts:
                    self._judge(folder, facts["validation"])
            done(self.at.step)
            with postponed() as interrupt:
                self._learn(folder, interrupt, tell, done)
        found = open_encoder(folder)
        self.processes.wait()
        if first:
            (folder / STATE).unlink(missing_ok=True)
        return found

    def _learn(
        self,
        folder: Path,
        interrupt: Interrupt,
        tell: Callable[[dict[str, Any]], object],
        done: Callable[[int], object],
    ) -> None:
        """Take steps until all are done, validation no longer improves, or somebody stops it."""
        settings = self.settings
        while self.at.step < settings.steps and self.at.waited < settings.patience:
            tell(self._advance(folder))
            last = self.at.step == settings.steps
            if last or self.at.step % settings.evaluate_every == 0:
                if self.processes.first:
                    tell(self._evaluate(folder))
                self.at = Progress(**self.processes.of_the_first(asdict(self.at)))
            stop = self.processes.any(interrupt.asked)
            if stop or self.at.step % settings.checkpoint_every == 0:
                self._save(folder)
            done(1)
            if stop:
                self.processes.wait()
                raise KeyboardInterrupt

    def _save(self, folder: Path) -> None:
        self.doing = "writing"
        if self.processes.first:
            save_state(folder, self.objective, self.optimiser, self.at, self.facts)
        self.saved = self.at.step

    def _beginning(self) -> dict[str, Any]:
        """Return what there is to learn from, and how well an encoder does before it."""
        facts: dict[str, Any] = {"step": 0, "samples": len(self.examples)}
        if self.objective.sampler is not None:
            facts |= {
                "classes": len(self.objective.sampler.classes),
                "classes_of_one_sample": self.objective.sampler.n_alone,
                "unlabelled": self.objective.sampler.n_unlabelled,
            }
        if self.start is not None:
            facts["start"] = self.start.fingerprint
        facts["writers"] = len(set(self.examples.writers.tolist()) - {NONE})
        if self.held is not None:
            facts["validation_samples"] = len(self.held)
            facts["validation_classes"] = [self.held.names[c] for c in np.unique(self.held.classes)]
            if self.start is not None:
                known = set(self.start.origin.classes).intersection(facts["validation_classes"])
                facts["validation_classes_known"] = len(known)
            facts["validation"] = self._score(self.held)
        return facts

    def _score(self, held: Examples) -> dict[str, float]:
        self.doing = "looking"
        points = Encoder(self.tower, None).embed(held.sequences)
        found = score(points, held)
        if not found.n_trials:
            raise ArgumentError(
                "the validation data has no character that is written twice beside another one; "
                "give more, or validation=None"
            )
        return found._asdict()

    def _evaluate(self, folder: Path) -> dict[str, Any]:
        """Look at the validation data, if there are any; else keep the encoder as it is."""
        facts: dict[str, Any] = {"step": self.at.step}
        if self.held is not None:
            facts["validation"] = self._score(self.held)
            self._judge(folder, facts["validation"])
        else:
            self._keep(folder, replace(self.origin, metrics={"step": self.at.step}))
        return facts

    def _judge(self, folder: Path, found: dict[str, float]) -> None:
        """Keep the encoder where validation finds it the best so far."""
        rates = [found["one_shot_error"], found["equal_error_rate"]]
        self.at.waited += 1
        if self.at.best and rates >= self.at.best:
            return
        self.at.best, self.at.waited = rates, 0
        metrics = {"step": self.at.step, **found}
        self._keep(folder, replace(self.origin, metrics=metrics, threshold=found["threshold"]))

    def _keep(self, folder: Path, origin: Origin) -> None:
        self.doing = "writing"
        save_encoder(Encoder(self.tower, self.examples.spec, origin), folder)

    def _advance(self, folder: Path) -> dict[str, Any]:
        """Take one step, and return what it looked like."""
        step, settings = self.at.step, self.settings
        rate = settings.rate(step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.doing = "batch"
        self.objective.train()
        points, labels, cost = self.batch(step)
        self.optimiser.zero_grad()
        cost.backward()
        norm = float(nn.utils.clip_grad_norm_(self.objective.parameters(), settings.clip))
        loss = float(cost.detach())
        if not math.isfinite(norm) or not math.isfinite(loss):
            self._stop(
                folder,
                f"the loss is {loss:g} and its gradient {norm:g} long; lower the learning rate, or "
                f"look at these inks: {self._named()}",
                again=True,
            )
        self.optimiser.step()
        self.at.step += 1
        facts = {"step": self.at.step, "loss": loss, "gradient": norm, "rate": rate}
        facts |= mean_distances(points.detach(), labels)
        low = facts.get("different", math.inf) < settings.collapse_below
        self.at.low = self.at.low + 1 if low else 0
        if self.at.low >= COLLAPSED_AFTER:
            self._stop(
                folder,
                f"the embedding has collapsed: for {COLLAPSED_AFTER} steps, samples of different "
                f"classes were less than {settings.collapse_below:g} apart on average; use a "
                "lower learning rate, a larger margin, or miner='all' for longer",
                again=True,
            )
        return facts

    def _named(self) -> str:
        names = [self.examples.ids[index] for index in self.objective.indices]
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        return ", ".join(names[:8]) + more

    def _stop(self, folder: Path, why: str, *, again: bool) -> NoReturn:
        """Say why training cannot go on, and from where it can.

        ``again`` tells that the same would happen to the same settings.
        """
        place = "in batch" if self.doing == "batch" else "after step"
        kept = "nothing was kept"
        if self.saved is not None:
            same = "come to the same again" if again else "go on from there with resume=True"
            others = "begin anew in a new folder"
            if (folder / ENCODER).exists():
                others = f"go on from the best encoder so far by start={folder} and a new folder"
            kept = (
                f"the state of step {self.saved} is in {folder}: the same settings {same}; with "
                f"others, {others}"
            )
        raise TrainingError(f"training stopped {place} {self.at.step}: {why}; {kept}")

    @contextmanager
    def _memory(self, folder: Path) -> Iterator[None]:
        """Say in our words that memory ran out."""
        try:
            yield
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            indices = self.objective.indices
            longest = int(self.examples.sequences.lengths[indices].max()) if indices else 0
            held = 0 if self.held is None else len(self.held)
            why = {
                "batch": f"for {len(indices)} sequences of up to {longest} steps; use fewer "
                "classes_per_batch, fewer steps per ink, or a smaller tower",
                "looking": f"while looking at {held:,} validation inks; give fewer",
                "writing": "while writing the checkpoint; use a smaller tower",
            }[self.doing]
            self._stop(folder, f"out of memory {why}", again=False)
