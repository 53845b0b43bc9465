"""``strokesim draw``: inks, or how one is warped onto another, as SVG."""

from __future__ import annotations

import click

from strokesim.cli.options import format_option, lenient_option, read, speaking
from strokesim.cli.show import counted, progress, tell
from strokesim.drawing import svg_of_inks, svg_of_path, write_svg
from strokesim.errors import ArgumentError
from strokesim.features import FeatureSpec
from strokesim.formats import read_ink
from strokesim.formats.format import Format
from strokesim.polylines import polylines_of_features

SHEET = 1000


@click.command()
@click.argument("ink", nargs=-1, required=True)
@click.option("-o", "--output", required=True, metavar="FILE.svg", help="Where the drawing goes.")
@click.option(
    "--warp", is_flag=True, help="Draw two files of one ink each and the DTW path between them."
)
@click.option("--radius", type=int, metavar="STEPS", help="Sakoe-Chiba radius of that path.")
@click.option("--spec", metavar="SPEC", help="Features that are aligned; see corpus build.")
@click.option("--columns", default=10, show_default=True, help="Inks per row.")
@click.option("--size", default=96.0, show_default=True, help="Width of an ink in pixels.")
@click.option("--numbered", is_flag=True, help="Number the strokes where they begin.")
@format_option
@lenient_option
@speaking()
def command(
    ink: tuple[str, ...],
    output: str,
    warp: bool,
    radius: int | None,
    spec: str | None,
    columns: int,
    size: float,
    numbered: bool,
    format: str | Format | None,
    lenient: bool,
) -> None:
    """Draw inks, or how one is warped onto another, as SVG.

    \b
    Example:
      strokesim draw digits.jsonl -o digits.svg
      strokesim draw seven.inkml other.inkml --warp -o path.svg
    """
    if warp:
        if len(ink) != 2:
            raise ArgumentError(f"--warp draws two files of one ink each; given: {len(ink)}")
        write_svg(_warped(ink[0], ink[1], spec, radius, format, lenient), output)
        tell(output)
        return
    with progress("inks") as bar:
        inks = list(counted(read(ink, format=format, lenient=lenient), bar))
    if len(inks) > SHEET:
        tell(f"{len(inks):,} inks; the first {SHEET:,} are drawn")
    sheet = svg_of_inks(inks[:SHEET], columns=columns, size=size, numbered=numbered)
    write_svg(sheet, output)
    tell(output)


def _warped(
    one: str,
    other: str,
    spec: str | None,
    radius: int | None,
    format: str | Format | None,
    lenient: bool,
) -> str:
    from strokesim.distances import dtw_path

    chosen = FeatureSpec() if spec is None else FeatureSpec.parse(spec)
    inks = [read_ink(path, format=format, lenient=lenient) for path in (one, other)]
    a, b = (chosen.transform(ink) for ink in inks)
    distance, path = dtw_path(a, b, radius=radius)
    one_drawn, other_drawn = (
        polylines_of_features(sequence, chosen.names, weights=chosen.weights, air=True)
        for sequence in (a, b)
    )
    names = [ink.label or ink.id or path for ink, path in zip(inks, (one, other), strict=True)]
    captions = names[0], f"{names[1]} at {distance:.4g}"
    return svg_of_path(one_drawn, other_drawn, path, captions=captions)
