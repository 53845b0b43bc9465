"""The training loop: inks and settings in, an `Encoder` in a folder out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch

from strokesim.corpus import Corpus
from strokesim.features import FeatureSpec
from strokesim.ink import Ink
from strokesim.siamese.checking import check_kinds
from strokesim.siamese.devices import find_device
from strokesim.siamese.embedding import Encoder
from strokesim.siamese.encoders import EncoderSettings
from strokesim.siamese.examples import Augment
from strokesim.siamese.preparing import prepared
from strokesim.siamese.processes import joined
from strokesim.siamese.resuming import goes_on
from strokesim.siamese.run import Run
from strokesim.siamese.settings import TrainingSettings
from strokesim.siamese.starting import opened, shape_of
from strokesim.siamese.tensorboard import board


def train(
    data: Corpus | Iterable[Ink],
    folder: str | os.PathLike[str],
    *,
    spec: FeatureSpec | None = None,
    encoder: EncoderSettings | None = None,
    settings: TrainingSettings | None = None,
    start: Encoder | str | os.PathLike[str] | None = None,
    validation: float | Corpus | Iterable[Ink] | None = 0.2,
    augment: Augment | None = None,
    expand: Callable[[list[Ink]], Iterable[Ink]] | None = None,
    resume: bool = False,
    device: str | torch.device | None = None,
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
    start : Encoder or path-like, optional
        Begin with the weights of this encoder and not with random ones: one of torch, the folder
        of a training, or "default", the encoder that comes with strokesim. Its spec and its shape
        are taken, ``encoder`` may change dropout alone. As it is, it counts as the first look at
        the validation data, so nothing worse is returned. It is not changed itself.
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
    device : str or torch.device, optional
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
        If a corpus was made by another spec, or ``start`` reads another.
    TrainingError
        If a loss is NaN, the embedding collapses, or memory runs out; the last checkpoint stays.
    ModelError
        If there is nothing to resume, or no encoder to start from.
    OutputError
        If the folder cannot be written.
    MissingExtraError
        If event files are asked for and tensorboard is not installed.
    KeyboardInterrupt
        After Ctrl-C, when the checkpoint is complete.
    """
    check_kinds(
        {
            "folder": (folder, str | os.PathLike, "a path"),
            "encoder": (encoder, EncoderSettings | None, "EncoderSettings"),
            "settings": (settings, TrainingSettings | None, "TrainingSettings"),
            "device": (device, str | torch.device | None, "a name such as 'cpu' or 'cuda:1'"),
            "augment": (augment, Callable | None, "a function of an ink and a generator"),
            "expand": (expand, Callable | None, "a function of a list of inks"),
            "progress": (progress, Callable | None, "a function of a number of steps"),
            "report": (report, Callable | None, "a function of a dict"),
        }
    )
    place = Path(folder)
    resume = goes_on(place, resume)
    settings = TrainingSettings() if settings is None else settings
    began = None if start is None else opened(start)
    shape = shape_of(began, encoder)
    examples, held = prepared(data, spec, began, validation, expand, settings, threads)
    with joined() as processes, ExitStack() as stack:
        where = find_device(device, processes.count)
        # The caller's random numbers go on as if nothing had been drawn here.
        stack.enter_context(torch.random.fork_rng([where] if where.type == "cuda" else []))
        reports = [] if report is None else [report]
        if tensorboard and processes.first:
            reports.append(stack.enter_context(board(place / "tensorboard")))
        run = Run(examples, held, shape, settings, began, augment, threads, processes, where)
        return run.finish(place, resume, progress, reports)
