"""Draw what the synthetic pen writes, and how one of its movements is put together.

python docs/draw_synthesis.py writes docs/images/synthesis.svg, some lines by different writers
in their own proportions, and docs/images/synthesis-movement.svg, the speed of one character
with the bells that it is the sum of.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from strokesim.drawing import write_svg
from strokesim.ink import Ink
from strokesim.svg import AMBER, BLUE, FRAME, GREY, document, group, path_data, pen_lines, text
from strokesim.synthesis import Movement, Plan, Writer, plans_of, synthesise

IMAGES = Path(__file__).parent / "images"
LINES = ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz 0123456789")
PIXELS = 5.6  # per mm
WIDTH, MARGIN, ROW = 960.0, 24.0, 64.0


def in_mm(ink: Ink) -> list[np.ndarray]:
    """Return the strokes in mm, y down from the line of writing."""
    assert ink.mm_per_unit is not None
    return [stroke.xy * ink.mm_per_unit for stroke in ink.strokes]


def written_line(labels: str, writer: Writer, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the strokes of labels written side by side, in pixels from the line's start."""
    strokes, pen = [], 0.0
    for label in labels:
        if label == " ":
            pen += 3 * writer.x_height
            continue
        ink = in_mm(synthesise(label, writer, rng))
        across = np.concatenate(ink)[:, 0]
        pen -= across.min()
        strokes += [(stroke + np.array([pen, 0])) * PIXELS for stroke in ink]
        pen += across.max() + 0.55 * writer.x_height
    fit = min(1.0, (WIDTH - 2 * MARGIN) / (pen * PIXELS))
    return [stroke * fit for stroke in strokes]


def sheet(n_writers: int, seed: int) -> str:
    """Return some writers' lines, each on its line of writing."""
    rng = np.random.default_rng(seed)
    strokes, rules, y = [], [], 0.0
    for _ in range(n_writers):
        writer = Writer.random(rng)
        for line in LINES:
            y += ROW
            rules.append(f'<path d="M{MARGIN} {y}H{WIDTH - MARGIN}"/>')
            strokes += [s + np.array([MARGIN, y]) for s in written_line(line, writer, rng)]
        y += ROW / 4
    ruled = group(f'stroke="{FRAME}" stroke-width=".6"', rules)
    title = f"Synthetic handwriting by {n_writers} writers"
    return document(WIDTH, y + ROW / 3, title, [ruled, *pen_lines(strokes, 1.5)])


def arcs(movement: Movement) -> list[np.ndarray]:
    """Return the arc of each sub-movement as if it ran alone, shape (40, 2) in mm, y up."""
    lines, place = [], movement.origin
    for part in movement.parts:
        alone = Movement(place, part[np.newaxis], np.ones(1, bool))
        onset, scale, sigma = part[0], np.exp(part[1]), part[2]
        lines.append(alone.at(onset + scale * np.exp(sigma * np.linspace(-5, 5, 60)))[:, :2])
        place = lines[-1][-1]
    return lines


def plot(movement: Movement, width: float, height: float) -> list[str]:
    """Return the speed over time, the bells beneath it, and where the pen is down."""
    begin, end = movement.touches[0, 0] - 0.04, movement.touches[-1, 1] + 0.04
    times = np.linspace(begin, end, 400)

    def speed(some: Movement) -> np.ndarray:
        return np.hypot(*some.at(times)[:, 2:].T)

    whole, top = speed(movement), speed(movement).max() * 1.1

    def curve(values: np.ndarray) -> str:
        x, y = (times - begin) / (end - begin) * width, height * (1 - values / top)
        return f'<path d="{path_data([np.stack([x, y], axis=1)])}"/>'

    down = [(t - begin) / (end - begin) * width for t in movement.touches]
    bells = [
        curve(speed(replace(movement, parts=part[np.newaxis], pen=np.ones(1, bool))))
        for part in movement.parts
    ]
    return [
        *(
            f'<rect x="{a:.1f}" width="{b - a:.1f}" height="{height}" fill="{FRAME}" '
            'fill-opacity=".45"/>'
            for a, b in down
        ),
        group(f'fill="none" stroke="{AMBER}" stroke-width="1"', bells),
        group(f'fill="none" stroke="{BLUE}" stroke-width="2"', [curve(whole)]),
        text(4, 14, f"{top:.0f} mm/s", 12, attributes=f'fill="{GREY}"'),
        text(
            width,
            height + 16,
            f"{end - begin:.2f} s",
            12,
            attributes=f'fill="{GREY}" text-anchor="end"',
        ),
        text(
            0,
            height + 16,
            "speed (blue), its sub-movements (brown), pen down (grey)",
            12,
            attributes=f'fill="{GREY}"',
        ),
    ]


def movement_picture(plan: Plan, seed: int) -> str:
    """Return a character with the arcs of its plan, beside its speed."""
    rng = np.random.default_rng(seed)
    writer = Writer(x_height=4, tremor=0, resolution=0.001)
    movement = writer.move(plan, rng)
    times = [np.linspace(down, up, 300) for down, up in movement.touches]
    scale, corner = 20.0, np.array([40.0, 200.0])

    def placed(points: np.ndarray) -> np.ndarray:
        return corner + scale * points * (1, -1)

    planned = [placed(arc) for arc in arcs(movement)]
    ends = [movement.origin, *(arc[-1] for arc in arcs(movement))]
    dots = [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>'
        for x, y in (placed(np.array(end)) for end in ends)
    ]
    return document(
        760,
        260,
        f"The movement that writes {plan.label}",
        [
            group(
                f'fill="none" stroke="{AMBER}" stroke-width="1" stroke-dasharray="4 3"',
                [f'<path d="{path_data(planned)}"/>'],
            ),
            *pen_lines([placed(movement.at(t)[:, :2]) for t in times], 2.4),
            group(f'fill="{AMBER}"', dots),
            group('transform="translate(280 30)"', plot(movement, 450, 190)),
        ],
    )


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    write_svg(sheet(6, seed=11), IMAGES / "synthesis.svg")
    write_svg(movement_picture(plans_of("R")[0], seed=3), IMAGES / "synthesis-movement.svg")


if __name__ == "__main__":
    main()
