"""Write the tables of the pages in docs/ anew, from the tables of the library.

Between ``<!-- table: NAME -->`` and ``<!-- end of table -->`` a page holds what the function of
that name in `TABLES` returns. Run this after a change to one of them:

    python docs/write_tables.py
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from strokesim.cli.main import command
from strokesim.datasets.catalog import DATASETS, EXCERPT
from strokesim.datasets.dataset import DataFile, Dataset
from strokesim.distances import DISTANCES
from strokesim.features import FEATURES
from strokesim.formats import FORMATS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_TABLE = re.compile(r"(<!-- table: (?P<name>[\w-]+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; a bar in a cell is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    escaped = [[cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in escaped)


def datasets() -> str:
    """Return one row per dataset."""
    header = ("name", "what it holds", "splits", "licence", "to fetch")
    return table(header, map(_dataset_row, DATASETS.values()))


def _dataset_row(dataset: Dataset) -> tuple[str, ...]:
    splits = [*dataset.splits, *([EXCERPT] if dataset.excerpt else [])]
    unknown = any(file.size is None for file in dataset.files)
    if dataset.folder is not None:
        fetched = "nothing: comes with strokesim"
    elif not dataset.files:
        fetched = "by hand"
    else:
        fetched = "size not known" if unknown else f"{dataset.size / 1e6:.1f} MB"
    return (
        f"`{dataset.name}`",
        dataset.content,
        ", ".join(f"`{split}`" for split in splits) or "none",
        dataset.licence,
        fetched,
    )


def dataset_sources() -> str:
    """Return a section per dataset: where it comes from, and what pins it."""
    return "\n".join(map(_dataset_section, DATASETS.values()))


def _dataset_section(dataset: Dataset) -> str:
    home = f"<{dataset.home}>" if "://" in dataset.home else f"`{dataset.home}`"
    section = f"""### {dataset.name}: {dataset.title}

{dataset.authors}. {dataset.licence}. {home}

{dataset.note}

Cite: {dataset.citation}
"""
    files = [*dataset.files, *([dataset.excerpt] if dataset.excerpt else [])]
    if files:
        section += "\n" + table(("file", "bytes", "sha256", "address"), map(_file_row, files))
    return section


def _file_row(file: DataFile) -> tuple[str, ...]:
    size = "not known" if file.size is None else f"{file.size:,}"
    return f"`{file.name}`", size, f"`{file.sha256}`", f"<{file.url}>" if file.url else "none"


def formats() -> str:
    """Return one row per ink format."""
    header = ("name", "format", "suffixes", "reads", "writes", "channels", "when lenient")
    return table(
        header,
        (
            (
                f"`{entry.name}`",
                entry.title,
                " ".join(f"`{suffix}`" for suffix in entry.suffixes),
                "yes",
                "yes" if entry.write else "no",
                ", ".join(entry.channels),
                entry.lenient,
            )
            for entry in FORMATS.values()
        ),
    )


def unsupported() -> str:
    """Return what of each ink format is not supported."""
    return table(
        ("name", "not supported"),
        ((f"`{entry.name}`", entry.unsupported) for entry in FORMATS.values()),
    )


def features() -> str:
    """Return one row per feature."""
    rows = []
    for entry in FEATURES.values():
        needs = [name for name in ("time", "pressure") if getattr(entry, f"needs_{name}")]
        rows.append((f"`{entry.name}`", entry.definition, entry.source, ", ".join(needs)))
    return table(("name", "definition", "source", "needs"), rows)


def distances() -> str:
    """Return one row per distance."""
    claims = ("unequal", "takes_radius", "symmetric", "triangle")
    header = ("name", "what", "unequal lengths", "radius", "symmetric", "triangle inequality")
    return table(
        header,
        (
            (
                f"`{entry.name}`",
                entry.title,
                *("yes" if getattr(entry, claim) else "no" for claim in claims),
            )
            for entry in DISTANCES.values()
        ),
    )


def commands() -> str:
    """Return the help of every command."""
    root = click.Context(command, info_name="strokesim", **command.context_settings)
    return "\n".join(_help_of(command, root))


def _help_of(found: click.Command, context: click.Context) -> Iterable[str]:
    yield f"## {context.command_path}\n\n```text\n{found.get_help(context)}\n```\n"
    if isinstance(found, click.Group):
        for name in found.list_commands(context):
            inner = found.get_command(context, name)
            assert inner is not None
            yield from _help_of(inner, click.Context(inner, info_name=name, parent=context))


def baselines() -> str:
    """Return the table of errors that benchmarks/baselines.py wrote."""
    page = (ROOT / "benchmarks" / "results" / "baselines.md").read_text(encoding="utf-8")
    return "".join(f"{line}\n" for line in page.splitlines() if line.startswith("|"))


def embeddings() -> str:
    """Return the table of search among embeddings that benchmarks/embeddings.py wrote."""
    page = (ROOT / "benchmarks" / "results" / "embeddings.md").read_text(encoding="utf-8")
    return "".join(f"{line}\n" for line in page.splitlines() if line.startswith("|"))


def learning() -> str:
    """Return what benchmarks/learning*.py wrote, page by page, headings one level lower."""
    pages = sorted((ROOT / "benchmarks" / "results").glob("learning*.md"))
    if not pages:
        return "Not measured yet: `python benchmarks/learning.py` does it.\n"
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    return re.sub(r"^(?=#+ )", "##", text, flags=re.MULTILINE)


def metrics() -> str:
    """Return what each kind of metric reaches at its best, as benchmarks/learning.py found it."""
    page = (ROOT / "benchmarks" / "results" / "learning.md").read_text(encoding="utf-8")
    kinds = ("euclidean, tuned", "dtw, tuned", "cloud, tuned", "learned")
    rows = []
    for section, title in [
        ("Omniglot, one-shot on unseen alphabets", "Omniglot, one-shot on three unseen alphabets"),
        ("pendigits, test writers", "pendigits, digits by unseen writers"),
        ("ujipenchars, leave one writer out", "ujipenchars, letters and digits by unseen writers"),
    ]:
        part = page.partition(f"## {section}\n")[2].partition("\n## ")[0]
        lines = (
            line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")
        )
        # Of "16.16 % (15.81 to 16.44) [14.06, 18.42]", seeds are left out.
        errors = {line[0]: re.sub(r" \([^)]*\)", "", line[2]) for line in lines}
        rows.append((title, *(errors[kind] for kind in kinds)))
    return table(("error", "Euclidean", "DTW", "order-free", "learned"), rows)


def card() -> str:
    """Return the card of the encoder that comes with strokesim, without its title."""
    page = (ROOT / "strokesim" / "models" / "default.md").read_text(encoding="utf-8")
    return page.partition("\n\n")[2]


TABLES = {
    "baselines": baselines,
    "card": card,
    "commands": commands,
    "dataset-sources": dataset_sources,
    "datasets": datasets,
    "distances": distances,
    "embeddings": embeddings,
    "features": features,
    "formats": formats,
    "learning": learning,
    "metrics": metrics,
    "unsupported": unsupported,
}
"""What can stand in a page, by name."""


def with_tables(page: str) -> str:
    """Return the text of a page with every table in it as it has to be."""
    return _TABLE.sub(lambda match: f"{match[1]}\n{TABLES[match['name']]()}\n{match[3]}", page)


def main() -> None:
    for path in PAGES:
        old = path.read_text(encoding="utf-8")
        new = with_tables(old)
        if new != old:
            path.write_text(new, encoding="utf-8")
            print(f"{path.name}: written anew")


if __name__ == "__main__":
    main()
