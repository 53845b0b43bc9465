"""Draw what augmentation makes of an ink, and of a class.

python docs/draw_augmentation.py writes docs/images/augmentation.svg, one strength at a time and
then all together, and docs/images/augmentation-classes.svg, characters turned and mirrored, and
invented glyphs, some of them carried out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from strokesim.augmentation import TURNS, Augmentation, invented_classes, repetitions, turned
from strokesim.drawing import write_svg
from strokesim.ink import Ink
from strokesim.polylines import polylines_of
from strokesim.svg import FRAME, GREY, INK, document, group, pen_lines, stroke_numbers, text
from strokesim.synthesis import Writer, plans_of, synthesise

IMAGES = Path(__file__).parent / "images"
PANEL, GAP, TITLES = 92.0, 12.0, 190.0
COLUMNS = 8
PLAIN = Augmentation()
ROWS = (
    ("turned", f"rotation={PLAIN.rotation:g}", ("rotation",)),
    ("stretched, sheared", f"scale={PLAIN.scale:g}, shear={PLAIN.shear:g}", ("scale", "shear")),
    ("warped", f"elastic={PLAIN.elastic:g}", ("elastic",)),
    ("roughened", f"jitter={PLAIN.jitter:g}", ("jitter",)),
    ("samples dropped", f"dropped={PLAIN.dropped:g} (here 0.4)", ("dropped",)),
    ("other order", f"reordered={PLAIN.reordered:g} (here 1)", ("reordered",)),
    ("other direction", f"reversed={PLAIN.reversed:g} (here 0.5)", ("reversed",)),
    ("other pace", f"tempo={PLAIN.tempo:g} (every 50 ms)", ("tempo",)),
    ("carried out again", "movement=0 (here 1)", ("movement",)),
    ("all together", "Augmentation()", tuple(PLAIN.to_dict())),
)
SHOWN = {"movement": 1.0, "dropped": 0.4, "reordered": 1.0, "reversed": 0.5}
"""Strengths that are raised in their own rows, so that there is something to see."""


def placed(ink: Ink, like: Ink, column: int, row: int) -> list[np.ndarray]:
    """Return the strokes in their panel, in the scale of another ink and about its centre."""
    points = np.concatenate(polylines_of(like))
    low, high = points.min(axis=0), points.max(axis=0)
    scale = 0.68 * PANEL / (high - low).max()
    corner = np.array([TITLES + column * (PANEL + GAP), GAP + row * (PANEL + GAP)])
    return [(line - (low + high) / 2) * scale + corner + PANEL / 2 for line in polylines_of(ink)]


def dots_of(ink: Ink, every: float | None) -> Ink:
    """Return the samples of an ink as strokes of their own, at even times where asked for."""
    dots = []
    for stroke in ink.strokes:
        points, times = stroke.xy, stroke["t"]
        if every is not None:
            ticks = np.arange(times[0], times[-1], every)
            points = np.stack([np.interp(ticks, times, axis) for axis in points.T], axis=1)
        dots += [point[np.newaxis] for point in points]
    return Ink.from_arrays(dots)


def sheet(
    title: str,
    rows: Sequence[tuple[str, str, Sequence[Ink], Ink | None]],
    numbered: Sequence[int] = (),
) -> str:
    """Return rows of inks with a heading and a remark each.

    A row's last entry is the ink that all of it is drawn to the scale of; None means each its
    own. Strokes are numbered in some rows.
    """
    parts, strokes, words = [], [], []
    for row, (heading, remark, inks, like) in enumerate(rows):
        y = GAP + row * (PANEL + GAP)
        words.append(text(GAP, y + PANEL / 2, heading, 15, attributes='font-weight="bold"'))
        words.append(
            text(GAP, y + PANEL / 2 + 18, remark, 11.5, attributes=f'fill="{GREY}"', room=TITLES)
        )
        for column, ink in enumerate(inks):
            lines = placed(ink, like or ink, column, row)
            strokes += lines
            if row in numbered:
                parts += stroke_numbers(lines, 12)
    panels = [
        f'<rect x="{TITLES + column * (PANEL + GAP)}" y="{GAP + row * (PANEL + GAP)}" '
        f'width="{PANEL}" height="{PANEL}" rx="4"/>'
        for row, (_, _, inks, _) in enumerate(rows)
        for column in range(len(inks))
    ]
    width, height = TITLES + COLUMNS * (PANEL + GAP), GAP + len(rows) * (PANEL + GAP)
    return document(
        width,
        height,
        title,
        [
            group(f'fill="none" stroke="{FRAME}"', panels),
            *pen_lines(strokes, 2.0, dot=1.3),
            *parts,
            group(f'fill="{INK}"', words),
        ],
    )


def variations(seed: int) -> str:
    """Return one character under each strength alone and under all of them."""
    rng = np.random.default_rng(seed)
    writer = Writer(x_height=4, resolution=0.001, rate=60)
    ink = synthesise(plans_of("R")[0], writer, rng)
    rows: list[tuple[str, str, Sequence[Ink], Ink | None]] = []
    for heading, remark, names in ROWS:
        strengths = {name: getattr(PLAIN, name) for name in names}
        if len(names) == 1:
            strengths |= {name: SHOWN[name] for name in names if name in SHOWN}
        augmentation = replace(Augmentation.none(), **strengths)
        inks = [ink, *(augmentation.augment(ink, rng) for _ in range(COLUMNS - 1))]
        if names in (("dropped",), ("tempo",)):
            inks = [dots_of(one, 0.05 if names == ("tempo",) else None) for one in inks]
        rows.append((heading, remark, inks, ink))
    return sheet("Variations of an ink", rows, numbered=(5, 6, 9))


def classes(seed: int) -> str:
    """Return characters turned and mirrored, and invented glyphs."""
    rng = np.random.default_rng(seed)
    writer = Writer.random(rng)
    rows: list[tuple[str, str, Sequence[Ink], Ink | None]] = []
    for label in "R5":
        ink = synthesise(label, writer, rng)
        inks = [ink, *(turned(ink, turn) for turn in TURNS)]
        rows.append((f"turned, mirrored {label}", "eight classes of one", inks, None))
    glyphs = list(invented_classes(COLUMNS, 2, rng))
    rows.append(("invented glyphs", "one writer", glyphs[:COLUMNS], None))
    rows.append(("the same glyphs", "another writer", glyphs[COLUMNS:], None))
    again = repetitions("k", writer, rng, samples=COLUMNS)
    rows.append(("carried out again", "one movement, varied", list(again), None))
    return sheet("Classes that nobody wrote", rows)


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    write_svg(variations(seed=4), IMAGES / "augmentation.svg")
    write_svg(classes(seed=2), IMAGES / "augmentation-classes.svg")


if __name__ == "__main__":
    main()
