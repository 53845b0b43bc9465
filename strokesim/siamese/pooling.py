"""Pooling: from a state per step to one per sequence, whatever stands behind its end."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


class MeanPooling(nn.Module):
    """The mean state of a sequence."""

    def __init__(self, n_states: int) -> None:
        super().__init__()
        self.n_outputs = n_states

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Pool (batch, longest, n_states) to (batch, n_states)."""
        on = mask.unsqueeze(2).to(states.dtype)  # (batch, longest, 1)
        return (states * on).sum(dim=1) / on.sum(dim=1)  # (batch, n_states)


class MaxPooling(nn.Module):
    """The largest value that each state reaches along a sequence."""

    def __init__(self, n_states: int) -> None:
        super().__init__()
        self.n_outputs = n_states

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Pool (batch, longest, n_states) to (batch, n_states)."""
        off = ~mask.unsqueeze(2)  # (batch, longest, 1)
        return states.masked_fill(off, float("-inf")).amax(dim=1)  # (batch, n_states)


class AttentionPooling(nn.Module):
    """The mean state, every step weighed by the softmax of a learned linear score."""

    def __init__(self, n_states: int) -> None:
        super().__init__()
        self.score = nn.Linear(n_states, 1)
        self.n_outputs = n_states

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Pool (batch, longest, n_states) to (batch, n_states)."""
        scores = self.score(states).squeeze(2)  # (batch, longest)
        weights = scores.masked_fill(~mask, float("-inf")).softmax(dim=1)
        return (states * weights.unsqueeze(2)).sum(dim=1)  # (batch, n_states)


class MeanMaxPooling(nn.Module):
    """The mean state of a sequence beside the largest value that each state reaches."""

    def __init__(self, n_states: int) -> None:
        super().__init__()
        self.mean, self.max = MeanPooling(n_states), MaxPooling(n_states)
        self.n_outputs = 2 * n_states

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Pool (batch, longest, n_states) to (batch, 2 n_states)."""
        return torch.cat([self.mean(states, mask), self.max(states, mask)], dim=1)


Pooling = MeanPooling | MaxPooling | AttentionPooling | MeanMaxPooling

POOLINGS: dict[str, Callable[[int], Pooling]] = {
    "attention": AttentionPooling,
    "max": MaxPooling,
    "mean": MeanPooling,
    "mean-max": MeanMaxPooling,
}
"""What turns the states of all steps into one, by name."""
