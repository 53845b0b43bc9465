"""Draw what contrastive learning does to strokes: points, distances, margins.

python docs/draw_learning.py trains encoders on the characters of Omniglot's small1, without two of
its alphabets, and draws of one of these two what no encoder has seen, with scikit-learn:
docs/images/learning-points.svg, embeddings before and after training with the default loss;
docs/images/learning-distances.svg, the distances of pairs, likewise;
docs/images/learning-margin.svg, the two contrastive losses, and the distances that the linear one
leads to with three margins.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from strokesim import load_dataset
from strokesim.augmentation import Augmentation, turned_classes
from strokesim.distances import cdist
from strokesim.drawing import write_svg
from strokesim.evaluation import equal_error
from strokesim.features import FeatureSpec
from strokesim.ink import Ink
from strokesim.polylines import polylines_of
from strokesim.siamese import EncoderSettings, TrainingSettings, train
from strokesim.siamese.examples import SPEC
from strokesim.siamese.losses import linear_terms, squared_terms
from strokesim.svg import (
    AMBER,
    BLUE,
    FRAME,
    GREY,
    INK,
    document,
    number,
    path_data,
    pen_lines,
    text,
)

IMAGES = Path(__file__).parent / "images"
HELD_BACK = ("Balinese", "Early_Aramaic")
SHOWN, N_CHARACTERS = "Balinese", 8
SHAPE = EncoderSettings()
SMALL_SPEC = FeatureSpec.parse("x,y,cos2,sin2,pen_up;steps=32")
SMALL = EncoderSettings(network="gru", width=64, layers=1, dim=32, pooling="mean", patch=1)
MARGINS = (0.3, 1.0, 1.8)
STEPS, MARGIN_STEPS, SEED = 1000, 600, 0
COLOURS = ("#1565a9", "#b3470b", "#14213d", "#2a7d4f", "#a3308f", "#8a6d00", "#5c6370", "#d0342c")


class Learned(NamedTuple):
    """What an encoder makes of the inks to show, and of an alphabet's pairs."""

    points: np.ndarray
    same: np.ndarray
    different: np.ndarray


def inks_to_show(inks: Sequence[Ink]) -> list[Ink]:
    """Return every drawer's ink of some characters of an alphabet that is held back."""
    own = [ink for ink in inks if (ink.label or "").startswith(f"{SHOWN}/")]
    labels = sorted({ink.label or "" for ink in own})
    chosen = labels[:: len(labels) // N_CHARACTERS][:N_CHARACTERS]
    return [ink for label in chosen for ink in own if ink.label == label]


def learned(
    inks: Sequence[Ink],
    steps: int,
    spec: FeatureSpec = SPEC,
    shape: EncoderSettings = SHAPE,
    classes: int = 32,
    **options: Any,
) -> Learned:
    """Train on the other alphabets; with no steps, the encoder is as it was drawn at random."""
    held = [ink for ink in inks if (ink.label or "").startswith(f"{SHOWN}/")]
    known = [ink for ink in inks if (ink.label or "").partition("/")[0] not in HELD_BACK]
    settings = TrainingSettings(
        steps=max(steps, 1), classes_per_batch=classes, samples_per_class=4,
        learning_rate=3e-3 if steps else 1e-9, seed=SEED, **options,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        encoder = train(
            known, Path(folder) / "model", spec=spec, encoder=shape, settings=settings,
            validation=None, augment=Augmentation().augment, expand=turned_classes, threads=1,
        )  # fmt: skip
    shown = inks_to_show(inks)
    distances = cdist(encoder.transform_all(held), distance="euclidean")
    labels = np.array([ink.label for ink in held])
    left, right = np.triu_indices(len(held), 1)
    alike = labels[left] == labels[right]
    values = distances[left, right]
    return Learned(encoder.transform_all(shown).values, values[alike], values[~alike])


def laid_out(points: np.ndarray) -> np.ndarray:
    """Return places in the plane, shape (n, 2), where near points are near each other: t-SNE."""
    # Slow to import, and for this picture only.
    from sklearn.manifold import TSNE

    places: np.ndarray = TSNE(perplexity=20, init="pca", random_state=SEED).fit_transform(points)
    return places


def kept_together(inks: Sequence[Ink], points: np.ndarray) -> float:
    """Return the share of inks whose nearest other one shows the same character."""
    distances = cdist(points[:, np.newaxis], distance="euclidean")
    np.fill_diagonal(distances, np.inf)
    labels = np.array([ink.label for ink in inks])
    return float((labels[distances.argmin(axis=1)] == labels).mean())


def points_of(inks: Sequence[Ink], before: Learned, after: Learned) -> str:
    """Return the inks themselves, drawn small where their embeddings lie."""
    side, small, gap, top = 460.0, 17.0, 20.0, 52.0
    labels = sorted({ink.label for ink in inks})
    parts: list[str] = []
    for panel, (heading, learned) in enumerate([("before training", before), ("after", after)]):
        left = gap + panel * (side + gap)
        places = laid_out(learned.points)
        span = np.ptp(places, axis=0).max()
        middle = (places.min(axis=0) + places.max(axis=0)) / 2
        places = (places - middle) / span * (side - 2 * small) + [left + side / 2, top + side / 2]
        parts.append(
            f'<rect x="{number(left)}" y="{number(top)}" width="{number(side)}" '
            f'height="{number(side)}" rx="4" fill="none" stroke="{FRAME}"/>'
        )
        parts.append(text(left, 26, heading, 16, attributes=f'font-weight="bold" fill="{INK}"'))
        share = kept_together(inks, learned.points)
        note = f"the nearest other ink shows the same character: {100 * share:.0f} %"
        parts.append(text(left, 44, note, 12, attributes=f'fill="{GREY}"'))
        for label, colour in zip(labels, COLOURS, strict=True):
            lines = []
            for ink, place in zip(inks, places, strict=True):
                if ink.label == label:
                    lines += _thumbnail(ink, place, small)
            parts += pen_lines(lines, 1.1, colour)
    return document(2 * side + 3 * gap, top + side + gap, "Embeddings of unseen characters", parts)


def _thumbnail(ink: Ink, place: np.ndarray, size: float) -> list[np.ndarray]:
    # A thumbnail has room for a quarter of the samples.
    lines = [np.concatenate([line[:-1:4], line[-1:]]) for line in polylines_of(ink)]
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    return [(line - (low + high) / 2) / (high - low).max() * size + place for line in lines]


class Axes(NamedTuple):
    """A panel in pixels, and the values at its ends."""

    left: float
    top: float
    width: float
    height: float
    most_x: float
    most_y: float

    def at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return places in pixels, shape (n_points, 2)."""
        across = self.left + np.asarray(x) / self.most_x * self.width
        return np.stack([across, self.top + (1 - np.asarray(y) / self.most_y) * self.height], 1)

    def drawn(self, ticks: Sequence[float], words: str, upward: Sequence[float] = ()) -> list[str]:
        """Return the line below, with ticks and what it counts, and one at the left if asked."""
        base = self.top + self.height
        parts = [
            f'<path d="M{number(self.left)} {number(base)}h{number(self.width)}" '
            f'stroke="{GREY}" fill="none"/>'
        ]
        for tick in ticks:
            x = self.left + tick / self.most_x * self.width
            parts.append(f'<path d="M{number(x)} {number(base)}v4" stroke="{GREY}"/>')
            middle = f'text-anchor="middle" fill="{GREY}"'
            parts.append(text(x, base + 17, f"{tick:g}", 12, attributes=middle))
        if upward:
            line = f"M{number(self.left)} {number(self.top)}v{number(self.height)}"
            parts.append(f'<path d="{line}" stroke="{GREY}" fill="none"/>')
        for tick in upward:
            y = base - tick / self.most_y * self.height
            parts.append(f'<path d="M{number(self.left)} {number(y)}h-4" stroke="{GREY}"/>')
            end = f'text-anchor="end" fill="{GREY}"'
            parts.append(text(self.left - 8, y + 4, f"{tick:g}", 12, attributes=end))
        middle = f'text-anchor="middle" fill="{GREY}"'
        parts.append(text(self.left + self.width / 2, base + 34, words, 12, attributes=middle))
        return parts

    def upright(self, x: float, words: str, row: int = 0) -> list[str]:
        """Return a dashed line at a value, with a word at its head."""
        (place,) = self.at(np.array([x]), np.array([0.0]))
        head = self.top - 4 - 15 * row
        return [
            f'<path d="M{number(place[0])} {number(place[1])}V{number(head + 3)}" '
            f'stroke="{INK}" stroke-dasharray="4 3"/>',
            text(place[0], head, words, 12, attributes=f'text-anchor="middle" fill="{INK}"'),
        ]


def histogram(axes: Axes, learned: Learned) -> list[str]:
    """Return the shares of pairs per distance: one character blue, two characters amber."""
    edges = np.linspace(0, 2, 61)
    parts = []
    for values, colour in [(learned.different, AMBER), (learned.same, BLUE)]:
        shares = np.histogram(values, edges)[0] / len(values)
        outline = axes.at(np.repeat(edges, 2), np.concatenate([[0], np.repeat(shares, 2), [0]]))
        parts.append(
            f'<path d="{path_data([outline])}z" fill="{colour}" fill-opacity=".35" '
            f'stroke="{colour}" stroke-width="1.2"/>'
        )
    return parts


def tallest(several: Sequence[Learned]) -> float:
    """Return the height of the highest bar, so that panels share a scale."""
    edges = np.linspace(0, 2, 61)
    return max(
        float((np.histogram(values, edges)[0] / len(values)).max())
        for learned in several
        for values in (learned.same, learned.different)
    )


def _key(left: float, y: float) -> list[str]:
    parts = []
    for words, colour, x in [("one character", BLUE, left), ("two characters", AMBER, left + 130)]:
        parts.append(
            f'<rect x="{number(x)}" y="{number(y - 10)}" width="14" height="11" fill="{colour}" '
            f'fill-opacity=".35" stroke="{colour}"/>'
        )
        parts.append(text(x + 20, y, words, 13, attributes=f'fill="{INK}"'))
    return parts


def rate_of(learned: Learned) -> tuple[float, float]:
    """Return the equal error rate of all pairs, and its threshold."""
    values = np.concatenate([learned.same, learned.different])
    found = equal_error(values, np.arange(len(values)) < len(learned.same))
    return found.rate, found.threshold


def distances_of(before: Learned, after: Learned) -> str:
    """Return the distances of pairs before and after, one panel above the other."""
    width, height, left, step = 880.0, 130.0, 30.0, 230.0
    parts = _key(left, 26)
    high = tallest([before, after])
    for panel, (heading, learned) in enumerate([("before training", before), ("after", after)]):
        axes = Axes(left, 72 + panel * step, width, height, 2, high)
        rate, threshold = rate_of(learned)
        parts += histogram(axes, learned)
        parts += axes.drawn(np.arange(0, 2.1, 0.25).tolist(), "distance of the embeddings")
        parts += axes.upright(threshold, f"{100 * rate:.0f} % wrong on either side")
        end = f'font-weight="bold" text-anchor="end" fill="{INK}"'
        parts.append(text(left + width, axes.top, heading, 15, attributes=end))
    return document(width + 2 * left, 72 + 2 * step - 36, "Distances of pairs", parts)


def margins_of(several: Sequence[tuple[float, Learned]]) -> str:
    """Return what a pair costs at each distance, and the distances three margins lead to."""
    d = torch.linspace(0, 2, 201)
    same, other = torch.ones_like(d), torch.zeros_like(d)
    axes = Axes(50, 60, 350, 330, 2, 2.0)
    curves = [
        ("one character: d²/2", BLUE, linear_terms(d, same, 1.0), "", 1.35, -12),
        ("two, linear: max(1 - d, 0)", AMBER, linear_terms(d, other, 1.0), "", 0.32, 0),
        ("two, squared: max(1 - d, 0)²/2", AMBER, squared_terms(d, other, 1.0), "5 3", 0.02, 0),
    ]
    parts = [text(30, 26, "what a pair costs, margin 1", 15,
                  attributes=f'font-weight="bold" fill="{INK}"')]  # fmt: skip
    parts += axes.drawn([0, 0.5, 1, 1.5, 2], "distance d", [0, 0.5, 1, 1.5, 2])
    for number_of, (words, colour, values, dashes, _, _) in enumerate(curves):
        line = path_data([axes.at(d.numpy(), values.numpy())])
        parts.append(
            f'<path d="{line}" fill="none" stroke="{colour}" stroke-width="2" '
            f'stroke-dasharray="{dashes or "none"}"/>'
        )
        y = 66 + 20 * number_of
        parts.append(
            f'<path d="M70 {y - 4}h26" stroke="{colour}" stroke-width="2" '
            f'stroke-dasharray="{dashes or "none"}"/>'
        )
        parts.append(text(104, y, words, 13, attributes=f'fill="{INK}"'))
    left, high = 440.0, tallest([learned for _, learned in several])
    parts += _key(left, 26)
    for panel, (margin, learned) in enumerate(several):
        small = Axes(left, 62 + panel * 136, 450, 74, 2, high)
        rate, _ = rate_of(learned)
        parts += histogram(small, learned)
        last = panel == len(several) - 1
        words = "distance of the embeddings" if last else ""
        parts += small.drawn([0, 0.5, 1, 1.5, 2], words)
        parts += small.upright(margin, f"margin {margin:g}")
        end = f'text-anchor="end" fill="{INK}"'
        note = f"equal error {100 * rate:.1f} %"
        parts.append(
            text(left + 450, small.top - 4 - 15 * (margin > 1.5), note, 12, attributes=end)
        )
    return document(920, 470, "What the margin does", parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=STEPS, help="fewer are for a quick try")
    steps = parser.parse_args().steps
    torch.set_num_threads(1)
    inks = load_dataset("omniglot", "small1")
    shown = inks_to_show(inks)
    before, after = learned(inks, 0), learned(inks, steps)
    fewer = min(steps, MARGIN_STEPS)
    several = [
        (margin, learned(inks, fewer, SMALL_SPEC, SMALL, 16, loss="linear", margin=margin))
        for margin in MARGINS
    ]
    IMAGES.mkdir(exist_ok=True)
    write_svg(points_of(shown, before, after), IMAGES / "learning-points.svg")
    write_svg(distances_of(before, after), IMAGES / "learning-distances.svg")
    write_svg(margins_of(several), IMAGES / "learning-margin.svg")
    print(f"{len(before.same):,} pairs of one character, {len(before.different):,} of two")
    for name, found in [
        ("before", before),
        ("after", after),
        *((f"margin {m:g}", one) for m, one in several),
    ]:
        rate, threshold = rate_of(found)
        print(
            f"{name}: equal error {100 * rate:.1f} % at {threshold:.2f}, mean distance "
            f"{found.same.mean():.2f} and {found.different.mean():.2f}"
        )


if __name__ == "__main__":
    main()
