"""``strokesim warmup``: compile before the first search."""

from __future__ import annotations

import click

from strokesim.cli.show import progress


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
    from strokesim.distances.warmup import FEATURES, warm_up

    chosen = n_features or FEATURES
    with progress("distances", len(chosen) * len(DISTANCES)) as bar:
        compiled = warm_up(chosen, progress=bar.update)
    for name, count in compiled.items():
        click.echo(f"{name}: {count}")
