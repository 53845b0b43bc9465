"""Where a tower is trained, and in which numbers."""

from __future__ import annotations

import torch

from strokesim.errors import ArgumentError

PRECISIONS = ("auto", "bfloat16", "float32")
"""What training multiplies in; "auto" is bfloat16 on a GPU that has it, else float32."""

TYPES = ("cpu", "cuda", "mps", "xpu")
"""Kinds of devices that compute; what else torch names holds no numbers or is of the past."""


def find_device(name: str | torch.device | None, n_processes: int = 1) -> torch.device:
    """Return a device that is there.

    Parameters
    ----------
    name : str, torch.device or None
        As torch names it: "cpu", "cuda", "cuda:1". None is a GPU where there is one, else the
        CPU; and the CPU for several processes.
    n_processes : int
        How many train together, which they do on the CPU alone.

    Raises
    ------
    ArgumentError
        If there is no such device, or several processes are to share a GPU.
    """
    if name is None:
        name = "cuda" if torch.cuda.is_available() and n_processes == 1 else "cpu"
    if str(name).partition(":")[0] not in TYPES:
        raise ArgumentError(
            f"device {str(name)!r} cannot be used: training runs on {', '.join(TYPES)}; leave it "
            "out to take a GPU where there is one"
        )
    try:
        device = torch.device(name)
        if n_processes == 1:
            torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0]
        raise ArgumentError(f"device {str(name)!r} cannot be used: {reason}") from error
    if n_processes > 1 and device.type != "cpu":
        raise ArgumentError(
            f"{n_processes} processes on device {str(name)!r}; several processes train on the CPU, "
            "one on a GPU: leave out torchrun or the device"
        )
    return device


def is_mixed(precision: str, device: torch.device) -> bool:
    """Return whether the tower multiplies in bfloat16; weights and losses are always float32."""
    if precision == "auto":
        return device.type == "cuda" and torch.cuda.is_bf16_supported()
    return precision == "bfloat16"


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory ran out, on the CPU or on a GPU."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or any(
        phrase in words
        for phrase in ("out of memory", "allocate memory", "enough memory", "bad_alloc")
    )
