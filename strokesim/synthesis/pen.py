"""What a device records of a movement: samples at its rate, resolution and pressure levels."""

from __future__ import annotations

import math

import numpy as np

from strokesim.chance import check_generator
from strokesim.ink import Ink, Stroke
from strokesim.synthesis.movement import Movement
from strokesim.synthesis.writers import Writer

CHANNELS = ("x", "y", "t", "pressure")


def record(
    movement: Movement,
    writer: Writer,
    rng: np.random.Generator,
    *,
    label: str | None = None,
    id: str | None = None,
) -> Ink:
    """Return the ink that the writer's device records of a movement.

    Parameters
    ----------
    movement : Movement
        From `Writer.move`, as it is or `Movement.varied`.
    writer : Writer
        Whose tremor, pressure and device these are.
    rng : numpy.random.Generator
        Decides phases of the tremor and the course of the pressure.
    label, id : str, optional
        Of the ink.

    Returns
    -------
    Ink
        Channels x and y (whole numbers of ``mm_per_unit``, y down, the line of writing at 0),
        t (seconds from the first sample, whole microseconds) and pressure (0 to 1).

    Raises
    ------
    ArgumentError
        If ``rng`` is no Generator.
    """
    check_generator(rng)
    touches = movement.touches
    begin = touches[0, 0]
    touches = touches - begin
    ticks = _ticks(touches, writer.rate)
    counts = [len(stroke) for stroke in ticks]
    clock = np.concatenate(ticks) / writer.rate
    states = movement.at(begin + clock)
    samples = np.empty((len(clock), 4))
    samples[:, :2] = states[:, :2] + writer.tremor * np.sin(
        2 * np.pi * (writer.tremor_rate * clock[:, None] + rng.random(2))
    )
    samples[:, :2] = np.round(samples[:, :2] * (1, -1) / writer.resolution)
    samples[:, 2] = np.round(clock, 6)
    force = _force(touches, counts, clock, states, writer, rng)
    samples[:, 3] = np.clip(np.round(force * writer.levels), 1, writer.levels) / writer.levels
    samples += 0.0  # -0.0 becomes 0.0, which files tell apart
    samples.flags.writeable = False
    strokes = [Stroke(part, CHANNELS) for part in np.split(samples, np.cumsum(counts)[:-1])]
    return Ink(
        tuple(strokes), label=label, writer=writer.name, id=id, mm_per_unit=writer.resolution
    )


def _ticks(touches: np.ndarray, rate: float) -> list[np.ndarray]:
    """Return the ticks of the device's clock within each stroke, at least one, never twice."""
    ticks, free = [], 0
    for down, up in touches.tolist():
        first = max(math.ceil(down * rate), free)
        free = max(math.floor(up * rate), first) + 1
        ticks.append(np.arange(first, free))
    return ticks


def _force(
    touches: np.ndarray,
    counts: list[int],
    clock: np.ndarray,
    states: np.ndarray,
    writer: Writer,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the force on the tip, 1 the greatest: building up, drifting, less in haste."""
    since = clock - np.repeat(touches[:, 0], counts)
    until = np.repeat(touches[:, 1], counts) - clock
    drift = 0.08 * np.sin(2 * np.pi * (2.7 * clock + rng.random()))
    speed = np.hypot(states[:, 2], states[:, 3])
    haste = 0.2 * speed / max(speed.max(), 1e-9)
    landing = 1 - np.exp(-np.maximum(since, 0) / writer.rise - 0.3)
    lifting = 1 - np.exp(-np.maximum(until, 0) / writer.rise - 0.2)
    return writer.force * (1.1 + drift - haste) * landing * lifting
