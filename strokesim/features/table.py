"""The table of features: what each is, where its definition comes from, what it needs."""

from __future__ import annotations

from dataclasses import dataclass

_JAEGER = "Jaeger, Manke, Reichert, Waibel: Online handwriting recognition: NPen++, IJDAR 3, 2001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A value derived for every step, and where its definition comes from.

    Parameters
    ----------
    name : str
        What a `FeatureSpec` calls it.
    definition : str
        One sentence; lengths are in the spec's unit of size, y grows downwards.
    unit : str
        What it is measured in: "size" is one of whatever the spec's ``size`` makes 1.
    source : str
        Where the definition was published, or whose convention it is.
    needs_time, needs_pressure : bool
        Whether ink without that channel is refused.
    """

    name: str
    definition: str
    unit: str
    source: str
    needs_time: bool = False
    needs_pressure: bool = False


FEATURES: dict[str, Feature] = {
    feature.name: feature
    for feature in [
        Feature(
            name="x",
            definition="Horizontal position of the step, growing to the right.",
            unit="size",
            source="the recording",
        ),
        Feature(
            name="y",
            definition="Vertical position of the step, growing downwards.",
            unit="size",
            source="the recording",
        ),
        Feature(
            name="cos",
            definition="Cosine of the writing direction: of the line from the step before to the "
            "step after, one-sided at the ends; steps that stand still are passed over, and a "
            "dot, or a turn back onto the same place, has no direction: 0.",
            unit="1",
            source=f"{_JAEGER}, writing direction",
        ),
        Feature(
            name="sin",
            definition="Sine of the writing direction of `cos`; positive is downwards.",
            unit="1",
            source=f"{_JAEGER}, writing direction",
        ),
        Feature(
            name="cos2",
            definition="Cosine of twice the writing direction: the same for a line drawn "
            "either way.",
            unit="1",
            source="Granlund: In search of a general picture processing operator, "
            "Computer Graphics and Image Processing 8, 1978 (double-angle representation)",
        ),
        Feature(
            name="sin2",
            definition="Sine of twice the writing direction: the same for a line drawn either way.",
            unit="1",
            source="Granlund 1978, as cos2",
        ),
        Feature(
            name="dx",
            definition="x of the step minus x of the step before it; 0 at the first step.",
            unit="size",
            source="Graves: Generating sequences with recurrent neural networks, 2013, section 4 "
            "(pen offsets)",
        ),
        Feature(
            name="dy",
            definition="y of the step minus y of the step before it; 0 at the first step.",
            unit="size",
            source="Graves 2013, as dx",
        ),
        Feature(
            name="speed",
            definition="Length of the recorded path from the step before to the step after, "
            "moves in the air included, divided by the time between them, one-sided at the "
            "ends; steps at which time stands still are passed over, and if it never runs the "
            "speed is 0.",
            unit="size per second",
            source="central difference of the path length",
            needs_time=True,
        ),
        Feature(
            name="curvature",
            definition="Angle by which the line from the step before to this step turns into "
            "the line to the step after, above -pi, at most pi, positive clockwise on the "
            "page; 0 at the ends, steps that stand still are passed over.",
            unit="radians",
            source="Milnor: On the total curvature of knots, Annals of Mathematics 52, 1950 "
            "(the curvature of a polygon is its exterior angles)",
        ),
        Feature(
            name="pen_up",
            definition="Share of the path from the step before to this step that the pen "
            "travelled in the air; where that path has no length, 1 if the pen was lifted, "
            "else 0; 0 at the first step.",
            unit="1",
            source=f"{_JAEGER}, pen-up and pen-down, made continuous for resampled ink",
        ),
        Feature(
            name="pressure",
            definition="Pressure at the step, between samples on a straight line; 0 in the air.",
            unit="1 (0 to 1)",
            source="the recording",
            needs_pressure=True,
        ),
        Feature(
            name="t",
            definition="Time from the first sample, between samples on a straight line; "
            "a stamp that runs backwards counts as the latest before it.",
            unit="seconds",
            source="the recording",
            needs_time=True,
        ),
        Feature(
            name="page_x",
            definition="Horizontal position of the step on the page, whatever position and size "
            "make of the ink: for ink written into boxes or on a line, where it stands and how "
            "large it is. Turned and sheared where the ink is.",
            unit="that of the ink",
            source="the recording",
        ),
        Feature(
            name="page_y",
            definition="Vertical position of the step on the page, likewise.",
            unit="that of the ink",
            source="the recording",
        ),
        Feature(
            name="aspect",
            definition="2 h / (w + h) - 1 for the box of width w and height h around the "
            "vicinity of the step: -1 is flat, 1 is upright; 0 where the box is a point.",
            unit="1",
            source=f"{_JAEGER}, vicinity aspect",
        ),
        Feature(
            name="curliness",
            definition="Length of the line through the steps of the vicinity, divided by the "
            "longer side of their box, minus 2; -1, as for a straight line along an axis, where "
            "the box is a point.",
            unit="1",
            source=f"{_JAEGER}, vicinity curliness",
        ),
        Feature(
            name="linearity",
            definition="Mean squared distance of the steps of the vicinity from the straight "
            "line through its first and last; where those two coincide, from that point.",
            unit="size squared",
            source=f"{_JAEGER}, vicinity linearity",
        ),
        Feature(
            name="slope_cos",
            definition="Cosine of the direction from the first to the last step of the vicinity; "
            "0 where they coincide.",
            unit="1",
            source=f"{_JAEGER}, vicinity slope",
        ),
        Feature(
            name="slope_sin",
            definition="Sine of the direction of slope_cos; positive is downwards.",
            unit="1",
            source=f"{_JAEGER}, vicinity slope",
        ),
    ]
}
"""Every feature by its name, in the order in which docs and CLI list them."""
