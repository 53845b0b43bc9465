"""The towers of the Siamese pair: networks from padded feature sequences to points.

A batch is ``steps`` of shape (batch, longest, n_features) and a ``mask`` of shape
(batch, longest) that is True where a sequence has a step. What stands behind the end of a
sequence never reaches its embedding, nor do the other sequences of the batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from strokesim.errors import ArgumentError
from strokesim.learned.encoder import padded
from strokesim.siamese.checking import check_name, number, whole_number
from strokesim.siamese.pooling import POOLINGS


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSettings:
    """The shape of a tower.

    Parameters
    ----------
    network : str
        A name in `NETWORKS`.
    width : int
        Units of each direction of a recurrent layer; channels of a convolution.
    layers : int
        How many, one behind the other.
    dim : int
        Coordinates of an embedding.
    pooling : str
        A name in `POOLINGS`.
    dropout : float
        Share of the outputs of each layer that training leaves out, from 0 to below 1.
    patch : int
        How many steps, one behind the other, the network takes as one: so many times fewer to
        go through, each with so many times the features.

    Raises
    ------
    ArgumentError
        If a number is out of its range.
    UnknownNameError
        If there is no such network or pooling.
    """

    network: str = "gru-attention"
    width: int = 64
    layers: int = 3
    dim: int = 64
    pooling: str = "mean-max"
    dropout: float = 0.0
    patch: int = 4

    def __post_init__(self) -> None:
        check_name("network", self.network, NETWORKS)
        check_name("pooling", self.pooling, POOLINGS)
        for name in ("width", "layers", "dim", "patch"):
            object.__setattr__(self, name, whole_number(name, getattr(self, name), 1, 4096))
        object.__setattr__(self, "dropout", number("dropout", self.dropout, 0, 1))
        if self.dropout == 1:
            raise ArgumentError("dropout=1 leaves nothing; use a share below 1")

    def to_dict(self) -> dict[str, Any]:
        """Return a dict of what JSON can hold; ``EncoderSettings(**dict)`` is the same again."""
        return asdict(self)


def pad(sequences: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
    """Put sequences of unequal length into one array.

    Parameters
    ----------
    sequences : sequence of ndarray, each (n_steps, n_features), float32
        At least one, at least one step each.

    Returns
    -------
    steps : Tensor, shape (n_sequences, longest, n_features), float32
        Zero behind the end of a sequence.
    mask : Tensor, shape (n_sequences, longest), bool
    """
    steps, lengths = padded(sequences)
    mask = np.arange(lengths.max()) < lengths[:, np.newaxis]  # (n_sequences, longest)
    return torch.from_numpy(steps), torch.from_numpy(mask)


class Recurrent(nn.Module):
    """Layers of a recurrent cell, each reading every sequence from both of its ends.

    The way back starts at the last step of each sequence and not at the end of the padding:
    sequences are turned round within their own length, which a bidirectional layer of torch
    does for packed sequences only.
    """

    def __init__(
        self, cell: type[nn.GRU] | type[nn.LSTM], n_features: int, settings: EncoderSettings
    ) -> None:
        super().__init__()
        inputs = [n_features] + [2 * settings.width] * (settings.layers - 1)
        self.onward = nn.ModuleList(cell(n, settings.width, batch_first=True) for n in inputs)
        self.back = nn.ModuleList(cell(n, settings.width, batch_first=True) for n in inputs)
        self.dropout = nn.Dropout(settings.dropout)
        self.n_outputs = 2 * settings.width

    def forward(self, steps: Tensor, mask: Tensor) -> Tensor:
        """Return one state per step, shape (batch, longest, 2 width)."""
        order = turned_round(mask)  # (batch, longest)
        for onward, back in zip(self.onward, self.back, strict=True):
            there, _ = onward(steps)  # (batch, longest, width)
            back_again, _ = back(_reordered(steps, order))  # (batch, longest, width)
            back_again = _reordered(back_again, order)
            steps = torch.cat([there, back_again], dim=2)  # (batch, longest, 2 width)
            steps = self.dropout(steps)
        return steps


def turned_round(mask: Tensor) -> Tensor:
    """Return where each step of a sequence stands when it is read from its end.

    Parameters
    ----------
    mask : Tensor, shape (batch, longest), bool

    Returns
    -------
    Tensor, shape (batch, longest), int64
        ``length - 1 - j`` for step j; padding stays where it is. Its own inverse.
    """
    places = torch.arange(mask.shape[1], device=mask.device).expand_as(mask)  # (batch, longest)
    last = mask.sum(dim=1, keepdim=True) - 1  # (batch, 1)
    return torch.where(mask, last - places, places)


def _reordered(steps: Tensor, order: Tensor) -> Tensor:
    columns = order.unsqueeze(2).expand(-1, -1, steps.shape[2])  # (batch, longest, columns)
    return steps.gather(1, columns)


class Convolutional(nn.Module):
    """Residual convolutions along the steps, each layer looking twice as far as the last.

    Normalised over the channels of one step, so that no other step or sequence matters.

    References
    ----------
    Bai, Kolter, Koltun, An empirical evaluation of generic convolutional and recurrent networks
    for sequence modeling, 2018, section 3; here without causality, as the ink is complete.
    """

    KERNEL = 5

    def __init__(self, n_features: int, settings: EncoderSettings) -> None:
        super().__init__()
        width = settings.width
        self.lift = nn.Linear(n_features, width)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(width, width, self.KERNEL, padding="same", dilation=2**layer)
            for layer in range(settings.layers)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(settings.layers))
        self.dropout = nn.Dropout(settings.dropout)
        self.n_outputs = width

    def forward(self, steps: Tensor, mask: Tensor) -> Tensor:
        """Return one state per step, shape (batch, longest, width)."""
        on = mask.unsqueeze(2)  # (batch, longest, 1)
        steps = self.lift(steps)  # (batch, longest, width)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            # Zeros stand behind a sequence, as the convolution puts them before and behind all.
            around = convolution((steps * on).transpose(1, 2))  # (batch, width, longest)
            around = norm(around.transpose(1, 2))  # (batch, longest, width)
            steps = steps + self.dropout(F.relu(around))
        return steps


class Attention(nn.Module):
    """Every step looks at every other one of its sequence, then is mapped on its own.

    References
    ----------
    Vaswani et al., Attention is all you need, NeurIPS 2017, section 3; normalised before each
    part, as in Xiong et al., On layer normalization in the transformer architecture, ICML 2020.
    """

    HEADS = 4
    SCORES = 2**24
    """How many are held at a time."""

    def __init__(self, n_states: int, dropout: float) -> None:
        super().__init__()
        self.heads = math.gcd(self.HEADS, n_states)
        self.looking, self.mapping = nn.LayerNorm(n_states), nn.LayerNorm(n_states)
        self.asked = nn.Linear(n_states, 3 * n_states)
        self.answer = nn.Linear(n_states, n_states)
        self.widen = nn.Linear(n_states, 2 * n_states)
        self.narrow = nn.Linear(2 * n_states, n_states)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Return states of the same shape, (batch, longest, n_states)."""
        asked = self.asked(self.looking(states))  # (batch, longest, 3 n_states)
        parts = asked.unflatten(2, (3, self.heads, -1))  # (batch, longest, 3, heads, size)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # each (batch, heads, longest, size)
        off = ~mask[:, None, None, :]  # (batch, 1, 1, longest)
        # Some queries at a time: of long sequences all scores together would fill the memory.
        step = max(1, self.SCORES // (len(mask) * self.heads * mask.shape[1]))
        seen = torch.cat(
            [_seen(some, key, value, off) for some in query.split(step, dim=2)], dim=2
        )  # (batch, heads, longest, size)
        seen = seen.transpose(1, 2).flatten(2)  # (batch, longest, n_states)
        states = states + self.dropout(self.answer(seen))
        wide = F.gelu(self.widen(self.mapping(states)))  # (batch, longest, 2 n_states)
        return states + self.dropout(self.narrow(wide))


def _seen(query: Tensor, key: Tensor, value: Tensor, off: Tensor) -> Tensor:
    """Return what some steps see of all, of the shape of ``query``."""
    scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[3])
    weights = scores.masked_fill(off, float("-inf")).softmax(dim=3)
    seen: Tensor = weights @ value
    return seen


class Attentive(nn.Module):
    """A recurrent layer, which knows the order of the steps, and layers of attention on it.

    Attention has no order of its own: what lies together on paper may find itself however far
    apart it was written.
    """

    def __init__(self, n_features: int, settings: EncoderSettings) -> None:
        super().__init__()
        self.reader = Recurrent(nn.GRU, n_features, replace(settings, layers=1))
        self.n_outputs = self.reader.n_outputs
        self.blocks = nn.ModuleList(
            Attention(self.n_outputs, settings.dropout) for _ in range(settings.layers - 1)
        )
        self.norm = nn.LayerNorm(self.n_outputs)

    def forward(self, steps: Tensor, mask: Tensor) -> Tensor:
        """Return one state per step, shape (batch, longest, 2 width)."""
        states = self.reader(steps, mask)  # (batch, longest, 2 width)
        for block in self.blocks:
            states = block(states, mask)
        normed: Tensor = self.norm(states)
        return normed


def patched(steps: Tensor, mask: Tensor, patch: int) -> tuple[Tensor, Tensor]:
    """Put so many steps, one behind the other, beside each other.

    Parameters
    ----------
    steps : Tensor, shape (batch, longest, n_features)
    mask : Tensor, shape (batch, longest), bool
    patch : int

    Returns
    -------
    patches : Tensor, shape (batch, ceil(longest / patch), patch * n_features)
        Zero behind the end of a sequence.
    mask : Tensor, shape (batch, ceil(longest / patch)), bool
        True where a patch holds a step.
    """
    short = -steps.shape[1] % patch
    steps = F.pad(steps * mask.unsqueeze(2), (0, 0, 0, short))  # (batch, longest + short, ...)
    steps = steps.unflatten(1, (-1, patch)).flatten(2)  # (batch, n_patches, patch * n_features)
    # A patch holds a step where its first one is there.
    return steps, mask[:, ::patch]


Network = Recurrent | Convolutional | Attentive

NETWORKS: dict[str, Callable[[int, EncoderSettings], Network]] = {
    "gru": lambda n_features, settings: Recurrent(nn.GRU, n_features, settings),
    "gru-attention": Attentive,
    "lstm": lambda n_features, settings: Recurrent(nn.LSTM, n_features, settings),
    "tcn": Convolutional,
}
"""What turns steps into states, by name."""


class Tower(nn.Module):
    """From feature sequences to points of length 1.

    Features are shifted and scaled as `standardise` was told, steps are put together to patches, a
    network turns these into states, pooling turns states into one, and a linear map of that,
    brought to length 1, is the embedding. Euclidean distances between embeddings lie between 0 and
    2.

    Parameters
    ----------
    n_features : int
    settings : EncoderSettings
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, n_features: int, settings: EncoderSettings) -> None:
        super().__init__()
        self.n_features, self.settings = n_features, settings
        self.register_buffer("shift", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))
        self.network = NETWORKS[settings.network](settings.patch * n_features, settings)
        self.pooling = POOLINGS[settings.pooling](self.network.n_outputs)
        self.projection = nn.Linear(self.pooling.n_outputs, settings.dim)

    def standardise(self, values: np.ndarray) -> None:
        """Remember means and spreads of the features of training data.

        Parameters
        ----------
        values : ndarray, shape (n_steps, n_features)
            A feature that never changes keeps its scale.
        """
        mean, spread = values.mean(0, np.float64), values.std(0, np.float64)
        spread[spread < 1e-6 * np.maximum(1, np.abs(mean))] = 1
        self.shift.copy_(torch.from_numpy(mean))
        self.scale.copy_(torch.from_numpy(1 / spread))

    def states(self, steps: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return one state per patch, shape (batch, n_patches, n_states), and their mask."""
        steps = (steps - self.shift) * self.scale
        if self.settings.patch > 1:
            steps, mask = patched(steps, mask, self.settings.patch)
        return self.network(steps, mask), mask

    def forward(self, steps: Tensor, mask: Tensor) -> Tensor:
        """Return one point of length 1 per sequence, shape (batch, dim)."""
        pooled = self.pooling(*self.states(steps, mask))  # (batch, n_states)
        return F.normalize(self.projection(pooled), dim=1)  # (batch, dim)

    def per_step(self, steps: Tensor, mask: Tensor) -> Tensor:
        """Return one point of length 1 per patch, shape (batch, n_patches, dim).

        A patch is pooled as a sequence of its own would be.
        """
        states, mask = self.states(steps, mask)  # (batch, n_patches, n_states)
        each = states.flatten(0, 1).unsqueeze(1)  # (batch * n_patches, 1, n_states)
        pooled = self.pooling(each, torch.ones_like(each[:, :, 0], dtype=torch.bool))
        points = F.normalize(self.projection(pooled), dim=1)  # (batch * n_patches, dim)
        return points.unflatten(0, mask.shape)  # (batch, n_patches, dim)
