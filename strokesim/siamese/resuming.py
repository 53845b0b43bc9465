"""The state of a training run in one file, so that it goes on as if it had never stopped."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from strokesim.errors import ArgumentError, ModelError, OutputError
from strokesim.learned.checkpoint import NAME as ENCODER
from strokesim.replacing import replacing
from strokesim.siamese.processes import restarted

NAME = "resume.safetensors"
METRICS = "metrics.jsonl"
VERSION = 2
STATE, CHECKSUM = "strokesim training", "sha256"


@dataclass(slots=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    step : int
        Batches done.
    best : list of float
        One-shot error and equal error rate of the best encoder so far; empty before the first.
    waited : int
        Looks at the validation data since then.
    low : int
        Steps in a row in which the embedding looked collapsed.
    """

    step: int = 0
    best: list[float] = field(default_factory=list)
    waited: int = 0
    low: int = 0


def goes_on(folder: Path, resume: bool) -> bool:
    """Return whether a training goes on with what its folder holds.

    Parameters
    ----------
    folder : Path
    resume : bool
        Whether that was asked for. Of processes that torchrun started again, the folder decides.

    Raises
    ------
    OutputError
        If the folder holds a training already and nobody asked to resume it.
    ModelError
        If there is nothing to resume.
    """
    begun, kept = (folder / NAME).is_file(), (folder / ENCODER).exists()
    resume = begun if restarted() else resume
    further = f"to train its encoder further, give start={folder} and a new folder"
    if kept and not begun and resume:
        raise ModelError(f"the training in {folder} is finished, nothing is to resume; {further}")
    if kept and not begun:
        raise OutputError(f"{folder} holds a finished training; name another folder; {further}")
    if resume and not begun:
        raise ModelError(
            f"{folder} holds no unfinished training; leave out resume=True to begin one"
        )
    if begun and not resume:
        raise OutputError(
            f"{folder} holds a training that was cut off; go on with it by resume=True, or name "
            "another folder"
        )
    return resume


def save_state(
    folder: Path,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    progress: Progress,
    facts: dict[str, Any],
) -> None:
    """Write weights, moments and progress in place of those that are there.

    Parameters
    ----------
    folder : Path
    model : Module
        Everything that is trained.
    optimiser : Optimizer
        Over ``model.parameters()``, in that order.
    progress : Progress
    facts : dict
        What has to be the same when the run is resumed.
    """
    tensors = {f"model/{name}": values for name, values in model.state_dict().items()}
    for number, moments in optimiser.state_dict()["state"].items():
        tensors |= {f"moment/{number}/{name}": values for name, values in moments.items()}
    state = json.dumps({"version": VERSION, "progress": asdict(progress), "facts": facts})
    tensors = {name: values.cpu().contiguous() for name, values in tensors.items()}
    known = {STATE: state, CHECKSUM: _checksum(state, tensors)}
    with replacing(folder / NAME) as file:
        # By name: a copy in memory, if there is no room for it, would end the process.
        try:
            safetensors.torch.save_file(tensors, file.name, known)
        except safetensors.SafetensorError as error:
            raise OSError(str(error)) from error


def read_state(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return the progress and the facts of a run, as a dict, and its tensors.

    Raises
    ------
    ModelError
        If the run is damaged, or of another version.
    """
    place = folder / NAME
    try:
        with safetensors.safe_open(place, "pt") as file:
            facts = file.metadata()
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        state = json.loads(facts[STATE])
        if state["version"] != VERSION:
            raise ModelError(
                f"{place} is of version {state['version']}, this strokesim reads {VERSION}; finish "
                "the training with the strokesim that began it, or begin it anew"
            )
        if facts[CHECKSUM] != _checksum(facts[STATE], tensors):
            raise ValueError("its checksum is another one")
        Progress(**state["progress"])
    except (OSError, KeyError, TypeError, ValueError, safetensors.SafetensorError) as error:
        raise ModelError(f"{place} is damaged: {error}; begin the training anew") from error
    return state, tensors


def _checksum(state: str, tensors: dict[str, Tensor]) -> str:
    """Return the checksum of a state and of names, kinds, shapes and values of tensors."""
    total = hashlib.sha256(state.encode())
    for name, values in sorted(tensors.items()):
        total.update(f"\0{name} {values.dtype} {tuple(values.shape)}\0".encode())
        total.update(values.reshape(-1).view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


def load_state(
    folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer, facts: dict[str, Any]
) -> Progress:
    """Put a run back to where `save_state` left it.

    Raises
    ------
    ModelError
        See `read_state`.
    ArgumentError
        If data or settings are not those that the run began with.
    """
    state, tensors = read_state(folder)
    for name, value in state["facts"].items():
        if facts.get(name) != value:
            raise ArgumentError(
                f"the training in {folder} cannot be resumed: {_difference(name, value, facts)}; "
                f"to go on from its encoder with others, give start={folder} and a new folder"
            )
    moments: dict[int, dict[str, Tensor]] = {}
    weights = {}
    for name, values in tensors.items():
        kind, _, rest = name.partition("/")
        if kind == "model":
            weights[rest] = values
        else:
            number, _, moment = rest.partition("/")
            moments.setdefault(int(number), {})[moment] = values
    model.load_state_dict(weights)
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": moments, "param_groups": groups})
    return Progress(**state["progress"])


def _difference(name: str, before: Any, facts: dict[str, Any]) -> str:
    now = facts.get(name)
    if name == "start":
        return "it began with the weights of another encoder; give the same to start from"
    if name.endswith("data"):
        return f"it began with other {name}; give the same inks in the same order"
    if isinstance(before, dict) and isinstance(now, dict):
        for key, value in before.items():
            if now.get(key) != value:
                return f"{key} was {value!r} and is {now.get(key)!r}; give the same settings"
    return f"its {name} was {before!r} and is {now!r}; give the same"


class Metrics:
    """A file of JSON lines, one per step and one per look at the validation data.

    Parameters
    ----------
    folder : Path
    until : int
        Lines of later steps, which a run that was cut off has left, are dropped.
    """

    def __init__(self, folder: Path, until: int) -> None:
        path = folder / METRICS
        kept = []
        if path.exists():
            for line in path.read_bytes().splitlines():
                try:
                    if json.loads(line)["step"] <= until:
                        kept.append(line)
                except (ValueError, KeyError, TypeError):
                    continue
        with replacing(path) as file:
            file.write(b"".join(line + b"\n" for line in kept))
        self._path = path

    def write(self, facts: dict[str, Any]) -> None:
        """Append one line."""
        with self._path.open("a") as file:
            file.write(json.dumps(facts) + "\n")
