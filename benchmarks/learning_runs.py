"""What a protocol of learned metrics is, and how its runs are stored and laid out as a table.

Runs take minutes each, so every one is stored when it is done, in one JSON file per protocol;
the table is made of what there is.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from machine import RESULTS, describe

from strokesim.evaluation import Rate

FOLDER = RESULTS / "learning"
PAGE = RESULTS / "learning.md"


@dataclass(frozen=True)
class Row:
    """What one distance does: ``rates`` by the name of the measure."""

    title: str
    features: str
    rates: Mapping[str, Rate]


@dataclass(frozen=True)
class Protocol:
    """How a learned metric is trained and tested.

    Parameters
    ----------
    name, title : str
    about : sequence of str
        Paragraphs: what is trained on, what is tested, what choices were made on.
    measures : sequence of str
        The columns, each a key of ``rates``.
    unlearned : callable
        ``unlearned(quick)`` returns the rows of Euclidean, DTW and cloud, features tuned on the
        validation data, or as they are where it is to be quick.
    learned : callable
        ``learned(seed, steps, folder)`` trains in the folder, resuming what is there, and returns
        the rows of that seed, the plain metric first; ``steps`` None takes as many as chosen.
    """

    name: str
    title: str
    about: Sequence[str]
    measures: Sequence[str]
    unlearned: Callable[[bool], list[Row]]
    learned: Callable[[int, int | None, Path], list[Row]]


@dataclass
class Stored:
    """The runs of one protocol so far."""

    protocol: str
    machine: str = ""
    about: list[str] = field(default_factory=list)
    measures: list[str] = field(default_factory=list)
    title: str = ""
    unlearned: list[dict[str, Any]] = field(default_factory=list)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, folder: Path) -> Stored:
        """Return what a folder of results holds of a protocol."""
        path = folder / f"{name}.json"
        return cls(**json.loads(path.read_text())) if path.exists() else cls(name)

    def save(self, folder: Path) -> None:
        """Write it in place of what is there."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(self), indent=1)
        (folder / f"{self.protocol}.json").write_text(f"{text}\n")


def carry_out(
    protocol: Protocol,
    seeds: Sequence[int],
    steps: int | None,
    models: Path,
    folder: Path,
    *,
    again: bool = False,
) -> None:
    """Do the runs of a protocol that are not stored yet, and store each when it is done.

    With ``again``, what is stored is tested anew; its times stay those of the training.
    """
    stored = Stored.of(protocol.name, folder)
    stored.title, stored.about = protocol.title, list(protocol.about)
    stored.measures = list(protocol.measures)
    stored.machine = describe("numpy", "numba", "torch")
    for seed in seeds:
        before = stored.runs.get(str(seed), {})
        if before and not again:
            print(f"{protocol.name}: seed {seed} is stored already", flush=True)
            continue
        begun, processor = time.perf_counter(), _processor_time()
        rows = protocol.learned(seed, steps, models / f"{protocol.name}-{seed}")
        stored.runs[str(seed)] = {
            "wall": before.get("wall", time.perf_counter() - begun),
            "cpu": before.get("cpu", _processor_time() - processor),
            "rows": [_row_as_dict(row) for row in rows],
        }
        stored.save(folder)
        for row in rows:
            rates = ", ".join(f"{name} {rate}" for name, rate in row.rates.items())
            print(f"{protocol.name}, seed {seed}, {row.title}: {rates}", flush=True)
    if not stored.unlearned:
        stored.unlearned = [_row_as_dict(row) for row in protocol.unlearned(steps is not None)]
    stored.save(folder)


def _processor_time() -> float:
    """Return the seconds that this process and those that it has waited for have computed."""
    return sum(os.times()[:4])


def _row_as_dict(row: Row) -> dict[str, Any]:
    rates = {name: rate._asdict() for name, rate in row.rates.items()}
    return {"title": row.title, "features": row.features, "rates": rates}


def page(names: Sequence[str], folder: Path) -> str:
    """Return the page of all protocols that have stored runs."""
    parts = [
        "# Learned metrics",
        "",
        "Written by `python benchmarks/learning.py`. Per cent [95 % interval, bootstrap over "
        "writers]. A learned figure is the mean over seeds, then the lowest and the highest of "
        "them; its interval is that of the seed in the middle. Nothing was chosen on test data.",
    ]
    for name in names:
        stored = Stored.of(name, folder)
        if stored.unlearned or stored.runs:
            parts += ["", *_section(stored)]
    return "\n".join(parts) + "\n"


def _section(stored: Stored) -> list[str]:
    lines = [f"## {stored.title}", ""]
    for paragraph in [*stored.about, f"{stored.machine}."]:
        lines += [paragraph, ""]
    lines += [
        f"| distance | features | {' | '.join(stored.measures)} |",
        "|" + "---|" * (2 + len(stored.measures)),
    ]
    for row in stored.unlearned:
        cells = [str(Rate(**row["rates"][name])) for name in stored.measures]
        lines.append(f"| {row['title']} | `{row['features']}` | {' | '.join(cells)} |")
    runs = list(stored.runs.values())
    for number, row in enumerate(runs[0]["rows"] if runs else []):
        rates = [run["rows"][number]["rates"] for run in runs]
        cells = [over_seeds([Rate(**each[name]) for each in rates]) for name in stored.measures]
        lines.append(f"| {row['title']} | `{row['features']}` | {' | '.join(cells)} |")
    if runs:
        wall, cpu = ([run[clock] / 60 for run in runs] for clock in ("wall", "cpu"))
        lines += [
            "",
            f"Seeds {', '.join(stored.runs)}. One run, its tests included, took "
            f"{min(wall):.1f} to {max(wall):.1f} minutes, {min(cpu):.1f} to {max(cpu):.1f} minutes "
            "of processor time.",
        ]
    return lines


def over_seeds(rates: Sequence[Rate]) -> str:
    """Return mean, lowest and highest over seeds, and the interval of the seed in the middle."""
    values = [rate.value for rate in rates]
    middle = sorted(rates, key=lambda rate: rate.value)[(len(rates) - 1) // 2]
    mean, low, high, begin, end = (
        f"{100 * value:.2f}"
        for value in (statistics.fmean(values), min(values), max(values), middle.low, middle.high)
    )
    return f"{mean} % ({low} to {high}) [{begin}, {end}]"
