"""``strokesim datasets``: list and fetch published recordings."""

from __future__ import annotations

import click

from strokesim.cli.show import progress, tell
from strokesim.datasets.catalog import DATASETS, dataset_folder, dataset_named, fetch


@click.group()
def command() -> None:
    """List and fetch published recordings.

    \b
    Example:
      strokesim datasets list
      strokesim datasets fetch pendigits
    """


@command.command("list")
def list_() -> None:
    """Show every dataset: what it holds and its licence.

    \b
    Example:
      strokesim datasets list
    """
    for dataset in DATASETS.values():
        click.echo(f"{dataset.name:24}{dataset.content}; {dataset.licence}")


@command.command("fetch")
@click.argument("name")
@click.option("--from", "source", metavar="FOLDER", help="Copy the files from here instead.")
@click.option("--to", "folder", metavar="FOLDER", help="Put them here, not into the user's cache.")
def fetch_(name: str, source: str | None, folder: str | None) -> None:
    """Bring the dataset NAME onto this machine and print its folder.

    A download that broke off goes on where it stopped; every file is checked against its
    pinned checksum.

    \b
    Example:
      strokesim datasets fetch pendigits
      strokesim datasets fetch omniglot --from ~/downloads
    """
    dataset = dataset_named(name)
    with progress("B", dataset.size) as bar:
        bar.unit_scale = True
        path = fetch(name, folder=folder, source=source, progress=bar.update)
    if dataset.note:
        tell(f"note: {dataset.note}")
    click.echo(path)


@command.command()
@click.argument("name")
def path(name: str) -> None:
    """Print the folder in which the dataset NAME lies, or would be put.

    \b
    Example:
      strokesim match "$(strokesim datasets path pendigits)/pendigits-orig.tes" --corpus digits
    """
    click.echo(dataset_folder(name))
