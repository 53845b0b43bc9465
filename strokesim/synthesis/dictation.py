"""Labels dictated to synthetic writers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from strokesim.chance import check_generator
from strokesim.errors import ArgumentError
from strokesim.ink import Ink
from strokesim.synthesis.pen import record
from strokesim.synthesis.plans import Plan, plans_of
from strokesim.synthesis.writers import Writer


def synthesise(
    label: str | Plan, writer: Writer, rng: np.random.Generator, *, id: str | None = None
) -> Ink:
    """Write one character.

    Parameters
    ----------
    label : str or Plan
        One of `LABELS`, in the way that the writer chooses, or a plan to follow.
    writer : Writer
        Who writes.
    rng : numpy.random.Generator
        Decides how this repetition differs from the last.
    id : str, optional
        Of the ink.

    Returns
    -------
    Ink
        Channels x, y, t, pressure, as `record` makes them; the line of writing is y = 0.

    Raises
    ------
    UnknownNameError
        If there is no plan for the label.
    ArgumentError
        If ``rng`` is no Generator.

    Examples
    --------
    >>> synthesise("L", Writer(consistency=1), np.random.default_rng(1)).label
    'L'
    """
    check_generator(rng)
    plan = label if isinstance(label, Plan) else writer.choose(label, rng)
    return record(writer.move(plan, rng), writer, rng, label=plan.label, id=id)


def synthesise_corpus(
    labels: Iterable[str | Plan],
    writers: int | Sequence[Writer],
    rng: np.random.Generator,
    *,
    samples: int = 1,
) -> Iterator[Ink]:
    """Write labels by many writers, writer by writer.

    Parameters
    ----------
    labels : iterable of str or Plan
        What each writer writes, in this order: a string of characters will do.
    writers : int or sequence of Writer
        How many to draw, named "writer-0001" and so on, or who; they are named so where they
        have no name.
    rng : numpy.random.Generator
        Decides everything. Each writer has a stream of its own, so that a writer's ink depends
        on no other's.
    samples : int
        How often each writer writes each label.

    Returns
    -------
    iterator of Ink
        ``len(labels) * n_writers * samples`` inks with label, writer and an id that is unique
        among them: "writer-0001/a/1".

    Raises
    ------
    UnknownNameError
        If there is no plan for a label.
    ArgumentError
        If there are no labels, no writers or no samples, or ``rng`` is no Generator.
    """
    check_generator(rng)
    labels = list(labels)
    if not labels:
        raise ArgumentError("no labels to write; give at least one, as strokesim.synthesis.LABELS")
    for label in labels:
        if not isinstance(label, Plan):
            plans_of(label)
    if isinstance(writers, (int, np.integer)):
        n_writers = int(writers)
    else:
        n_writers = len(writers)
        for writer in writers:
            if not isinstance(writer, Writer):
                raise ArgumentError(f"writer {writer!r}; needed: Writers, or how many to draw")
    if n_writers < 1:
        raise ArgumentError(f"writers={writers!r}; at least 1 is needed")
    if samples < 1:
        raise ArgumentError(f"samples={samples}; at least 1 is needed")
    return _dictated(labels, writers, rng.integers(2**63, size=n_writers), samples)


def _dictated(
    labels: Sequence[str | Plan],
    writers: int | Sequence[Writer],
    seeds: np.ndarray,
    samples: int,
) -> Iterator[Ink]:
    for number, seed in enumerate(seeds, start=1):
        own = np.random.default_rng(int(seed))
        if isinstance(writers, (int, np.integer)):
            writer = Writer.random(own, f"writer-{number:04}")
        else:
            writer = writers[number - 1]
            if writer.name is None:
                writer = replace(writer, name=f"writer-{number:04}")
        written: dict[str, int] = {}
        for label in labels:
            word = label.label if isinstance(label, Plan) else label
            for _ in range(samples):
                written[word] = written.get(word, 0) + 1
                yield synthesise(label, writer, own, id=f"{writer.name}/{word}/{written[word]}")
