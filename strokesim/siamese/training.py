"""The training loop: inks and settings in, an `Encoder` in a folder out."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from torch import nn

from strokesim.corpus import Corpus
from strokesim.errors import ArgumentError, OutputError, TrainingError
from strokesim.features import FeatureSpec
from strokesim.ink import Ink
from strokesim.learned import Origin
from strokesim.learned.checkpoint import NAME as ENCODER
from strokesim.siamese.checkpoint import make_folder, open_encoder, save_encoder
from strokesim.siamese.devices import find_device
from strokesim.siamese.embedding import Encoder
from strokesim.siamese.encoders import EncoderSettings
from strokesim.siamese.examples import NONE, Augment, Examples, examples_of, hold_back
from strokesim.siamese.interrupts import postponed
from strokesim.siamese.losses import LOSSES
from strokesim.siamese.objective import Objective, mean_distances
from strokesim.siamese.processes import Processes, joined, restarted
from strokesim.siamese.resuming import NAME as STATE
from strokesim.siamese.resuming import Metrics, Progress, load_state, read_state, save_state
from strokesim.siamese.settings import TrainingSettings
from strokesim.siamese.tensorboard import board
from strokesim.siamese.validation import score

COLLAPSED_AFTER = 50
"""Steps in a row that make a collapse: a moment of nearness is none."""


def train(
    data: Corpus | Iterable[Ink],
    folder: str | os.PathLike[str],
    *,
    spec: FeatureSpec | None = None,
    encoder: EncoderSettings | None = None,
    settings: TrainingSettings | None = None,
    validation: float | Corpus | Iterable[Ink] | None = 0.2,
    augment: Augment | None = None,
    expand: Callable[[list[Ink]], Iterable[Ink]] | None = None,
    resume: bool = False,
    device: str | None = None,
    tensorboard: bool = False,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
    report: Callable[[dict[str, Any]], object] | None = None,
) -> Encoder:
    """Train an encoder, and return the one that did best on the validation data.

    The folder gets the best encoder so far, the state from which an interrupted run goes on,
    and ``metrics.jsonl``. Ctrl-C ends after the batch under way and a checkpoint. The same data,
    settings and seed give the same numbers on the same machine and number of torch's threads,
    however often the run was interrupted and resumed.

    Under torchrun, its processes train together, on one batch at a time (see
    `strokesim.siamese.processes`); the first writes, and all must see the folder. Those that
    torchrun starts again resume.

    Parameters
    ----------
    data : Corpus or iterable of Ink
        What to learn from. Ink without label is left out, unless the settings say how to learn
        from it.
    folder : path-like
        New, or empty, or with ``resume`` that of an unfinished run.
    spec : FeatureSpec, optional
        What turns ink into features; by default `examples.SPEC`, or that of the corpus.
    encoder : EncoderSettings, optional
    settings : TrainingSettings, optional
    validation : float, Corpus, iterable of Ink, or None
        A share of the data to hold back, as ``settings.hold_back`` says; or data by writers that
        are not in ``data``; None trains all steps, and keeps the last encoder.
    augment : callable, optional
        ``augment(ink, rng) -> Ink``, called for every ink of every batch, never in validation.
    expand : callable, optional
        ``expand(inks) -> inks`` adds inks of more classes to those that are trained on, after
        others were held back.
    resume : bool
        Go on with the run in the folder.
    device : str, optional
        As torch names it, "cpu" or "cuda:1"; None is a GPU where there is one, else the CPU.
    tensorboard : bool
        Write the metrics as event files too, into the folder ``tensorboard`` within the other.
    threads : int, optional
        For features; None means every core.
    progress : callable, optional
        Called with the number of steps done since the last call.
    report : callable, optional
        Called with every line of the metrics, a dict.

    Raises
    ------
    ArgumentError
        If there is too little to learn from, settings contradict the data, or a run is resumed
        with other data or settings.
    SpecError
        If a corpus was made by another spec.
    TrainingError
        If a loss is NaN, the embedding collapses, or memory runs out; the last checkpoint stays.
    ModelError
        If there is nothing to resume.
    OutputError
        If the folder cannot be written.
    MissingExtraError
        If event files are asked for and tensorboard is not installed.
    KeyboardInterrupt
        After Ctrl-C, when the checkpoint is complete.
    """
    settings = TrainingSettings() if settings is None else settings
    examples = examples_of(data, spec, threads=threads)
    examples, held = _divided(examples, validation, settings, threads)
    if expand is not None:
        if examples.inks is None:
            raise ArgumentError("a corpus of features cannot be expanded; give ink")
        examples = examples_of(expand(list(examples.inks)), examples.spec, threads=threads)
    shape, place = encoder or EncoderSettings(), Path(folder)
    with joined() as processes, ExitStack() as stack:
        where = find_device(device, processes.count)
        # The caller's random numbers go on as if nothing had been drawn here.
        stack.enter_context(torch.random.fork_rng([where] if where.type == "cuda" else []))
        reports = [] if report is None else [report]
        if tensorboard and processes.first:
            reports.append(stack.enter_context(board(place / "tensorboard")))
        run = _Run(examples, held, shape, settings, augment, threads, processes, where)
        return run.finish(place, resume, progress, reports)


def _divided(
    examples: Examples,
    validation: float | Corpus | Iterable[Ink] | None,
    settings: TrainingSettings,
    threads: int | None,
) -> tuple[Examples, Examples | None]:
    """Return what to train on and what to validate on, if anything."""
    labelled = (examples.classes != NONE).any()
    if validation is None or (not labelled and LOSSES[settings.loss].needs_views):
        return examples, None
    if isinstance(validation, (int, float)):
        if not labelled:
            return examples, None
        rng = np.random.default_rng([settings.seed, 0])
        chosen, kept = hold_back(examples, validation, rng, by=settings.hold_back)
        return examples.take(chosen), examples.take(kept)
    held = examples_of(validation, examples.spec, threads=threads)
    if shared := sorted(set(held.writer_names) & set(examples.writer_names)):
        raise ArgumentError(
            f"writer {shared[0]!r} is in the training and in the validation data; validation "
            "by writers that training knows promises too much"
        )
    return examples, held.take(np.flatnonzero(held.classes != NONE))


def _described(augment: Augment | None) -> dict[str, Any] | str | None:
    """Return the settings of what a method belongs to, or the name of a function."""
    owner = getattr(augment, "__self__", None)
    if owner is not None and hasattr(owner, "to_dict"):
        settings: dict[str, Any] = owner.to_dict()
        return settings
    return (
        None if augment is None else str(getattr(augment, "__qualname__", type(augment).__name__))
    )


class _Run:
    """A training run: what it learns from, the networks, and how far it is."""

    def __init__(
        self,
        examples: Examples,
        held: Examples | None,
        shape: EncoderSettings,
        settings: TrainingSettings,
        augment: Augment | None,
        threads: int | None,
        processes: Processes,
        device: torch.device,
    ) -> None:
        self.examples, self.held, self.settings = examples, held, settings
        self.processes = processes
        self.objective = Objective(examples, shape, settings, augment, threads, processes, device)
        self.batch = processes.wrapped(self.objective)
        self.tower = self.objective.tower
        self.optimiser = torch.optim.AdamW(
            self.objective.parameters(), lr=settings.rate(0), weight_decay=settings.weight_decay
        )
        self.at = Progress()
        self.origin = Origin(
            classes=tuple(examples.names[c] for c in np.unique(examples.classes) if c != NONE),
            data=examples.fingerprint(),
            training=settings.to_dict(),
            augmentation=_described(augment),
        )
        # The order in which a difference is told: another seed holds back other data as well.
        self.facts = {
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
        resume = self.processes.of_the_first(first and self._resumes(folder, resume))
        if resume:
            self.at = load_state(folder, self.objective, self.optimiser, self.facts)
        if first:
            reports = [Metrics(folder, self.at.step if resume else -1).write, *reports]

        def tell(facts: dict[str, Any]) -> None:
            if first:
                for report in reports:
                    report(facts)

        def done(steps: int) -> None:
            if first and progress is not None:
                progress(steps)

        if first and not resume:
            tell(self._beginning())
            self._save(folder)
        done(self.at.step)
        settings = self.settings
        with postponed() as interrupt:
            while self.at.step < settings.steps and self.at.waited < settings.patience:
                tell(self._advance(folder))
                last = self.at.step == settings.steps
                if last or self.at.step % settings.evaluate_every == 0:
                    if first:
                        tell(self._evaluate(folder))
                    self.at = Progress(**self.processes.of_the_first(asdict(self.at)))
                stop = self.processes.any(interrupt.asked)
                if first and (stop or self.at.step % settings.checkpoint_every == 0):
                    self._save(folder)
                done(1)
                if stop:
                    self.processes.wait()
                    raise KeyboardInterrupt
        found = open_encoder(folder)
        self.processes.wait()
        if first:
            (folder / STATE).unlink(missing_ok=True)
        return found

    def _resumes(self, folder: Path, resume: bool) -> bool:
        """Return whether to go on with what the folder holds."""
        if restarted():
            resume = (folder / STATE).exists()
        if not resume and any((folder / name).exists() for name in (STATE, ENCODER)):
            raise OutputError(
                f"{folder} holds a training already; resume it, or name another folder"
            )
        return resume

    def _save(self, folder: Path) -> None:
        save_state(folder, self.objective, self.optimiser, self.at, self.facts)

    def _beginning(self) -> dict[str, Any]:
        """Return what there is to learn from, and how well an untrained encoder does."""
        facts: dict[str, Any] = {"step": 0, "samples": len(self.examples)}
        if self.objective.sampler is not None:
            facts |= {
                "classes": len(self.objective.sampler.classes),
                "classes_of_one_sample": self.objective.sampler.n_alone,
                "unlabelled": self.objective.sampler.n_unlabelled,
            }
        facts["writers"] = len(set(self.examples.writers.tolist()) - {NONE})
        if self.held is not None:
            facts["validation_samples"] = len(self.held)
            facts["validation_classes"] = [self.held.names[c] for c in np.unique(self.held.classes)]
            facts["validation"] = self._score(self.held)
        return facts

    def _score(self, held: Examples) -> dict[str, float]:
        points = Encoder(self.tower, None).embed(held.sequences)
        found = score(points, held)
        if not found.n_trials:
            raise ArgumentError(
                "the validation data has no character that is written twice beside another one; "
                "give more, or validation=None"
            )
        return found._asdict()

    def _evaluate(self, folder: Path) -> dict[str, Any]:
        """Look at the validation data; keep the encoder where it is the best so far."""
        facts: dict[str, Any] = {"step": self.at.step}
        if self.held is not None:
            found = self._score(self.held)
            facts["validation"] = found
            rates = [found["one_shot_error"], found["equal_error_rate"]]
            self.at.waited += 1
            if self.at.best and rates >= self.at.best:
                return facts
            self.at.best, self.at.waited = rates, 0
            metrics = {"step": self.at.step, **found}
            origin = replace(self.origin, metrics=metrics, threshold=found["threshold"])
        else:
            origin = replace(self.origin, metrics={"step": self.at.step})
        save_encoder(Encoder(self.tower, self.examples.spec, origin), folder)
        return facts

    def _advance(self, folder: Path) -> dict[str, Any]:
        """Take one step, and return what it looked like."""
        step, settings = self.at.step, self.settings
        rate = settings.rate(step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.objective.train()
        with self._memory():
            points, labels, cost = self.batch(step)
            self.optimiser.zero_grad()
            cost.backward()
            norm = float(nn.utils.clip_grad_norm_(self.objective.parameters(), settings.clip))
        loss = float(cost.detach())
        if not math.isfinite(norm) or not math.isfinite(loss):
            self._stop(
                folder,
                f"the loss is {loss:g} and its gradient {norm:g} long; lower the "
                "learning rate or look at these inks: " + self._named(),
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
            )
        return facts

    def _named(self) -> str:
        names = [self.examples.ids[index] for index in self.objective.indices]
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        return ", ".join(names[:8]) + more

    def _stop(self, folder: Path, why: str) -> NoReturn:
        state, _ = read_state(folder)
        raise TrainingError(
            f"training stopped in batch {self.at.step}: {why}; the state of step "
            f"{state['progress']['step']} is in {folder}"
        )

    @contextmanager
    def _memory(self) -> Iterator[None]:
        """Say in our words that memory ran out."""
        try:
            yield
        except (MemoryError, RuntimeError) as error:
            words = str(error).lower()
            if not isinstance(error, MemoryError) and not any(
                phrase in words for phrase in ("out of memory", "allocate memory", "enough memory")
            ):
                raise
            indices = self.objective.indices
            longest = int(self.examples.sequences.lengths[indices].max()) if indices else 0
            raise TrainingError(
                f"out of memory in batch {self.at.step}, {len(indices)} sequences of up to "
                f"{longest} steps; use fewer classes_per_batch or fewer steps per ink"
            ) from error
