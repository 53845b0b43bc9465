"""``strokesim warmup``: compile before the first search."""

from __future__ import annotations

import click
import numpy as np

from strokesim.cli.show import progress
from strokesim.features import FeatureSpec
from strokesim.ink import Ink


@click.command()
@click.option(
    "--features",
    "n_features",
    type=click.IntRange(min=1),
    multiple=True,
    metavar="N",
    help="Features per step; 2, 3 and 4 when left out. May be given several times.",
)
def command(n_features: tuple[int, ...]) -> None:
    """Compile the kernels, so that the first search need not wait.

    What is compiled is kept beside the installed package, or in Numba's cache folder.

    \b
    Example:
      strokesim warmup
      strokesim warmup --features 4 --features 12
    """
    from strokesim.distances.table import DISTANCES
    from strokesim.distances.warmup import FEATURES, variants, warm_up
    from strokesim.features.conversion import KERNELS

    for spec in (FeatureSpec(), FeatureSpec(steps=None, spacing=0.1)):
        spec.transform(Ink.from_arrays([np.array([[0, 0], [1, 1]])]))
    chosen = n_features or FEATURES
    with progress("distances", len(chosen) * len(DISTANCES)) as bar:
        compiled = warm_up(chosen, progress=bar.update)
    for name, count in (variants(KERNELS) | compiled).items():
        click.echo(f"{name}: {count}")
