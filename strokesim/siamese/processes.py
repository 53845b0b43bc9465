"""Training by several processes at once, which torchrun starts and restarts.

A batch means the same whatever the number of processes. All of them draw the same one, each
embeds its share of it, the embeddings of all are gathered, and every process computes the loss
of the whole batch: pairs across shares count like any others. The gradient is that of the whole
batch too, so two processes take the steps that one would take, but for rounding, for what dropout
leaves out and for what augmentation draws, which are each process's own.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from strokesim.errors import TrainingError

T = TypeVar("T")

PATIENCE = timedelta(minutes=10)
"""How long a process waits for the others, which may be looking at the validation data."""


_TRAININGS = itertools.count()


@dataclass(frozen=True, slots=True)
class Processes:
    """Those that train together, as one of them sees them.

    Parameters
    ----------
    rank : int
        Which one this is. 0 writes files, the others none.
    count : int
        How many there are.
    """

    rank: int = 0
    count: int = 1
    _models: list[DistributedDataParallel] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    @property
    def first(self) -> bool:
        """Whether this is the one that writes."""
        return self.rank == 0

    def share(self, chosen: np.ndarray) -> np.ndarray:
        """Return what of a batch is this process's to embed: a run of it, in the order given."""
        return np.array_split(chosen, self.count)[self.rank]

    def gathered(self, points: Tensor, n_points: int) -> Tensor:
        """Return the points of all processes, in the order of the batch.

        Parameters
        ----------
        points : Tensor, shape (n_own, dim)
            Of this process's share.
        n_points : int
            Of the whole batch.

        Returns
        -------
        Tensor, shape (n_points, dim)
            Its gradient reaches the points of this process, ``count`` times as long: that
            averages over processes to what one process alone would find.
        """
        if self.count == 1:
            return points
        sizes = [len(part) for part in np.array_split(np.arange(n_points), self.count)]
        every: Tensor = _Gathered.apply(points, sizes, self.rank)
        return every

    def wrapped(self, model: nn.Module) -> nn.Module:
        """Return the model, with gradients that are averaged over the processes."""
        if self.count == 1:
            return model
        self._models.append(DistributedDataParallel(model))
        return self._models[-1]

    def let_go(self) -> None:
        """Free what averages gradients, so that the group can be left.

        A traceback may keep a model alive for longer than the group. Its reducer would then be
        the last to hold the group, and free it with the interpreter lock held, waiting for a
        thread of the group that may itself be waiting for that lock.
        """
        for model in self._models:
            for name in ("reducer", "logger", "process_group"):
                vars(model).pop(name, None)
        self._models.clear()

    def any(self, flag: bool) -> bool:
        """Return whether the flag is set in one of the processes."""
        if self.count == 1:
            return flag
        flags = torch.tensor([int(flag)])  # (1,)
        dist.all_reduce(flags, dist.ReduceOp.MAX)
        return bool(flags.item())

    def wait(self) -> None:
        """Wait until all have come this far."""
        if self.count > 1:
            dist.barrier()

    def of_the_first(self, value: T) -> T:
        """Return the value that the first process has, which is what JSON can hold."""
        if self.count == 1:
            return value
        content = torch.tensor(list(json.dumps(value).encode()), dtype=torch.uint8)
        size = torch.tensor([len(content)])  # (1,)
        dist.broadcast(size, 0)
        if self.rank:
            content = torch.empty(int(size), dtype=torch.uint8)
        dist.broadcast(content, 0)
        first: T = json.loads(bytes(content.tolist()))
        return first


class _Gathered(torch.autograd.Function):
    """Points of all processes; only this one's have a gradient here."""

    @staticmethod
    def forward(ctx: Any, own: Tensor, sizes: list[int], rank: int) -> Tensor:
        begin = sum(sizes[:rank])
        ctx.count, ctx.place = len(sizes), slice(begin, begin + sizes[rank])
        # Every process sends as much as the one with the largest share.
        room = own.new_zeros(max(sizes), own.shape[1])
        room[: len(own)] = own
        parts = [torch.empty_like(room) for _ in sizes]
        dist.all_gather(parts, room)
        return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        return ctx.count * gradient[ctx.place], None, None


def is_first() -> bool:
    """Return whether this process is the one that writes and talks."""
    return int(os.environ.get("RANK", 0)) == 0


def restarted() -> bool:
    """Return whether torchrun started this process again, after one of them had died."""
    return _starts() > 0


def _starts() -> int:
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0))


@contextmanager
def joined() -> Iterator[Processes]:
    """Meet the other processes that torchrun started, if it did.

    Raises
    ------
    TrainingError
        If one of the others ends while this one is waiting for it.
    """
    if "RANK" not in os.environ or int(os.environ.get("WORLD_SIZE", 1)) < 2:
        yield Processes()
        return
    own = not dist.is_initialized()
    processes = None
    try:
        if own:
            store, rank, count = next(rendezvous("env://", timeout=PATIENCE))
            # The store outlives a training and, under torchrun, a restart: what the last group
            # left in it is not to be read by the next.
            store = dist.PrefixStore(f"start {_starts()}, training {next(_TRAININGS)}", store)  # type: ignore[attr-defined]
            dist.init_process_group(
                "gloo", store=store, rank=rank, world_size=count, timeout=PATIENCE
            )
        processes = Processes(dist.get_rank(), dist.get_world_size())
        yield processes
    except RuntimeError as error:
        if not isinstance(error, dist.DistError) and "gloo" not in str(error):
            raise
        raise TrainingError(
            "another process of this training has ended or does not answer; what it said tells "
            "why, and the same with resume=True goes on from the last checkpoint"
        ) from error
    finally:
        if processes is not None:
            processes.let_go()
        if own and dist.is_initialized():
            dist.destroy_process_group()
