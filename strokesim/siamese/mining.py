"""Which triplets of a labelled batch a loss looks at.

A miner takes the distances of a batch, its labels and a generator, and returns the numbers of
anchors, positives (same label) and negatives (another label), three arrays of one length.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class Triplets(NamedTuple):
    """Numbers of samples in a batch, each of shape (n_triplets,), int64."""

    anchors: Tensor
    positives: Tensor
    negatives: Tensor


def distance_matrix(embeddings: Tensor) -> Tensor:
    """Return the Euclidean distance of each embedding to each, shape (n, n).

    From differences and not from products, so that near points do not drown in rounding.
    """
    return torch.cdist(embeddings, embeddings, compute_mode="donot_use_mm_for_euclid_dist")


def same_label(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return which pairs are positive (the same label, not itself) and negative, each (n, n)."""
    same = labels.unsqueeze(0) == labels.unsqueeze(1)  # (n, n)
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)  # (n, n)
    return same & ~itself, ~same


def every_triplet(distances: Tensor, labels: Tensor, generator: torch.Generator) -> Triplets:
    """Return all triplets, ordered by anchor, positive, negative."""
    positive, negative = same_label(labels)
    anchors, positives = positive.nonzero(as_tuple=True)  # (n_pairs,)
    pair, negatives = negative[anchors].nonzero(as_tuple=True)  # (n_triplets,)
    return Triplets(anchors[pair], positives[pair], negatives)


def hardest(distances: Tensor, labels: Tensor, generator: torch.Generator) -> Triplets:
    """Return for each anchor its farthest positive and its nearest negative.

    References
    ----------
    Hermans, Beyer, Leibe, In defense of the triplet loss for person re-identification, 2017,
    equation 5 ("batch hard").
    """
    positive, negative = same_label(labels)
    usable = positive.any(dim=1) & negative.any(dim=1)  # (n,)
    farthest = distances.masked_fill(~positive, -1).argmax(dim=1)  # (n,)
    nearest = distances.masked_fill(~negative, float("inf")).argmin(dim=1)  # (n,)
    anchors = usable.nonzero().squeeze(1)  # (n_usable,)
    return Triplets(anchors, farthest[anchors], nearest[anchors])


def semi_hard(distances: Tensor, labels: Tensor, generator: torch.Generator) -> Triplets:
    """Return for each positive pair the nearest negative that is farther than the positive.

    Where all negatives are nearer than the positive, the farthest of them.

    References
    ----------
    Schroff, Kalenichenko, Philbin, FaceNet, 2015, section 3.2.
    """
    positive, negative = same_label(labels)
    usable = positive & negative.any(dim=1, keepdim=True)  # (n, n)
    anchors, positives = usable.nonzero(as_tuple=True)  # (n_pairs,)
    rows = distances[anchors]  # (n_pairs, n)
    others = negative[anchors]  # (n_pairs, n)
    reach = distances[anchors, positives].unsqueeze(1)  # (n_pairs, 1)
    farther = others & (rows > reach)
    nearest = rows.masked_fill(~farther, float("inf")).argmin(dim=1)  # (n_pairs,)
    farthest = rows.masked_fill(~others, -1).argmax(dim=1)  # (n_pairs,)
    return Triplets(anchors, positives, torch.where(farther.any(dim=1), nearest, farthest))


def distance_weighted(distances: Tensor, labels: Tensor, generator: torch.Generator) -> Triplets:
    """Return for each positive pair a negative drawn so that all distances are as likely.

    A negative at distance d is drawn with weight 1 / q(d), where
    ``q(d) = d**(dim - 2) * (1 - d**2 / 4)**((dim - 3) / 2)`` is how often points on a sphere
    lie that far apart. Distances count as 0.5 at least, and those above 1.4 are not drawn
    while there are others: nothing is learned from them.

    References
    ----------
    Wu, Manmatha, Smola, Krähenbühl, Sampling matters in deep embedding learning, 2017,
    section 4.1; the dimension is taken as 64 whatever it is, since it only sets how steeply near
    negatives are preferred.
    """
    positive, negative = same_label(labels)
    usable = positive & negative.any(dim=1, keepdim=True)  # (n, n)
    anchors, positives = usable.nonzero(as_tuple=True)  # (n_pairs,)
    near = distances.clamp(0.5, 1.4)
    log_q = 62 * near.log() + 30.5 * (1 - near**2 / 4).log()  # (n, n)
    far = distances > 1.4
    log_weight = (-log_q).masked_fill(far, -1e4).masked_fill(~negative, float("-inf"))
    weights = log_weight.softmax(dim=1)[anchors]  # (n_pairs, n)
    if not len(anchors):
        return Triplets(anchors, positives, positives)
    negatives = torch.multinomial(weights, 1, generator=generator).squeeze(1)  # (n_pairs,)
    return Triplets(anchors, positives, negatives)


Miner = Callable[[Tensor, Tensor, torch.Generator], Triplets]

MINERS: dict[str, Miner] = {
    "all": every_triplet,
    "distance-weighted": distance_weighted,
    "hard": hardest,
    "semi-hard": semi_hard,
}
"""What picks triplets, by name."""
