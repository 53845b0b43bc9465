"""Losses that draw embeddings of one class together and push others apart; a table `LOSSES`.

A loss of a labelled batch takes ``embeddings`` of shape (n, dim) and ``labels`` of shape (n,),
integers, and returns a number that is to become small. d is the Euclidean distance of two
embeddings throughout, y = 1 a pair of one class, y = 0 of two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from strokesim.errors import ArgumentError
from strokesim.siamese.loss_checks import (
    check_batch,
    check_head,
    check_options,
    check_pairs,
    check_triplets,
)
from strokesim.siamese.mining import Triplets, same_label

PairTerms = Callable[..., Tensor]


def linear_terms(d: Tensor, y: Tensor, margin: float) -> Tensor:
    """Return ``y d**2 / 2 + (1 - y) max(margin - d, 0)`` for each pair, shape (n_pairs,)."""
    return y * d.square() / 2 + (1 - y) * (margin - d).clamp(min=0)


def squared_terms(d: Tensor, y: Tensor, margin: float) -> Tensor:
    """Return ``y d**2 / 2 + (1 - y) max(margin - d, 0)**2 / 2`` for each pair, (n_pairs,).

    References
    ----------
    Hadsell, Chopra, LeCun, Dimensionality reduction by learning an invariant mapping, 2006,
    equation 4; its Y is 1 - y.
    """
    return y * d.square() / 2 + (1 - y) * (margin - d).clamp(min=0).square() / 2


def linear(
    embeddings: Tensor, labels: Tensor, *, margin: float, triplets: Triplets | None = None
) -> Tensor:
    """Return the linear contrastive loss of a batch; see `contrastive`."""
    return contrastive(linear_terms, embeddings, labels, margin, triplets)


def squared(
    embeddings: Tensor, labels: Tensor, *, margin: float, triplets: Triplets | None = None
) -> Tensor:
    """Return the squared contrastive loss of a batch; see `contrastive`."""
    return contrastive(squared_terms, embeddings, labels, margin, triplets)


def contrastive(
    terms: PairTerms,
    embeddings: Tensor,
    labels: Tensor,
    margin: float,
    triplets: Triplets | None,
) -> Tensor:
    """Return the mean of the mean term of pairs of one class and that of pairs of two.

    Pairs of two classes are many more, and most of them are beyond the margin: the two kinds
    count as much as each other, and of the second only the terms above 0 are averaged.

    Parameters
    ----------
    terms : callable
        `linear_terms` or `squared_terms`.
    embeddings : Tensor, shape (n, dim)
    labels : Tensor, shape (n,), int64
    margin : float
        The distance that a pair of two classes should have at least, above 0.
    triplets : Triplets, optional
        Whose pairs to look at; every pair of the batch when left out.
    """
    if triplets is None:
        i, j = torch.triu_indices(len(labels), len(labels), 1)  # (n_pairs,)
    else:
        anchors = torch.cat([triplets.anchors, triplets.anchors])  # (2 n_triplets,)
        others = torch.cat([triplets.positives, triplets.negatives])
        ends = torch.stack([torch.minimum(anchors, others), torch.maximum(anchors, others)])
        i, j = ends.unique(dim=1)  # (n_pairs,): a pair that several triplets share counts once
    y = labels[i] == labels[j]
    d = torch.linalg.vector_norm(embeddings[i] - embeddings[j], dim=1)  # (n_pairs,)
    values = terms(d, y.to(d.dtype), margin)
    apart = values[~y]
    near = apart[apart > 0]
    return (_mean(values[y]) + _mean(near)) / 2


def _mean(values: Tensor) -> Tensor:
    return values.sum() / max(len(values), 1)


def triplet(
    embeddings: Tensor, labels: Tensor, *, margin: float, triplets: Triplets | None = None
) -> Tensor:
    """Return the mean of ``max(|fa - fp|**2 - |fa - fn|**2 + margin, 0)`` over terms above 0.

    The mean over all would fade as more and more triplets are where they should be.

    References
    ----------
    Schroff, Kalenichenko, Philbin, FaceNet, 2015, equation 3; the mean as in Hermans, Beyer,
    Leibe 2017, section 2 ("batch all, not zero").
    """
    gaps = embeddings.unsqueeze(0) - embeddings.unsqueeze(1)  # (n, n, dim)
    squares = gaps.square().sum(dim=2)  # (n, n)
    if triplets is None:
        positive, negative = same_label(labels)
        a, p = positive.nonzero(as_tuple=True)  # (n_pairs,)
        values = squares[a, p].unsqueeze(1) - squares[a] + margin  # (n_pairs, n)
        values = values[negative[a]]  # (n_triplets,)
    else:
        a, p, n = triplets
        values = squares[a, p] - squares[a, n] + margin  # (n_triplets,)
    return _mean(values[values > 0])


def n_pair(embeddings: Tensor, labels: Tensor, *, temperature: float) -> Tensor:
    """Return the N-pair loss of the first two samples of each class, f and g.

    The mean over classes i of ``log(1 + sum over j != i of exp((f_i g_j - f_i g_i) / T))``;
    T = 1 is the published loss, which was made for embeddings of any length. The sample of a
    class that has no other is a g_j without a term of its own.

    References
    ----------
    Sohn, Improved deep metric learning with multi-class N-pair loss objective, 2016, equation 7.
    """
    firsts, seconds, alone = [], [], []
    for label in labels.unique():
        places = (labels == label).nonzero().squeeze(1)  # (n_samples of the class,)
        if len(places) > 1:
            firsts.append(places[0])
            seconds.append(places[1])
        else:
            alone.append(places[0])
    if not firsts:
        raise _no_positive()
    f = embeddings[torch.stack(firsts)]  # (n_pairs, dim)
    g = embeddings[torch.stack(seconds + alone)]  # (n_classes, dim)
    products = f @ g.T / temperature  # (n_pairs, n_classes)
    # log(1 + sum exp(p_ij - p_ii)) is the cross-entropy of row i against i.
    return F.cross_entropy(products, torch.arange(len(f), device=f.device))


def supervised_contrastive(embeddings: Tensor, labels: Tensor, *, temperature: float) -> Tensor:
    """Return the supervised contrastive loss.

    The mean over anchors i of the mean over their positives p of
    ``-log(exp(z_i z_p / T) / sum over a != i of exp(z_i z_a / T))``. Anchors without a positive
    are left out.

    References
    ----------
    Khosla et al., Supervised contrastive learning, 2020, equation 2 (L_out).
    """
    positive, _ = same_label(labels)  # (n, n)
    count = positive.sum(dim=1)  # (n,)
    if not count.any():
        raise _no_positive()
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)  # (n, n)
    products = embeddings @ embeddings.T / temperature  # (n, n)
    log_share = products.masked_fill(itself, float("-inf")).log_softmax(dim=1)
    of_positives = log_share.masked_fill(~positive, 0).sum(dim=1)  # (n,)
    has = count > 0
    return -(of_positives[has] / count[has]).mean()


def nt_xent(embeddings: Tensor, labels: Tensor, *, temperature: float) -> Tensor:
    """Return the normalised temperature-scaled cross-entropy of two views of each ink.

    ``labels`` say which ink a view shows; then this is `supervised_contrastive` with a single
    positive for every anchor. An ink with one view is a negative of all others and no anchor.

    References
    ----------
    Chen, Kornblith, Norouzi, Hinton, A simple framework for contrastive learning of visual
    representations, 2020, equation 1.
    """
    _, counts = labels.unique(return_counts=True)
    if (counts > 2).any():
        raise ArgumentError(
            f"nt-xent takes two views of each ink; one was given {counts[counts > 2][0]} times"
        )
    return supervised_contrastive(embeddings, labels, temperature=temperature)


def cross_entropy(
    embeddings: Tensor, labels: Tensor, *, temperature: float, weights: Tensor
) -> Tensor:
    """Return the cross-entropy of labels under a class head.

    The logit of class c is the cosine of the embedding and ``weights[c]``, over T.

    Parameters
    ----------
    weights : Tensor, shape (n_classes, dim)
        Learned with the encoder, thrown away after training; of any length.

    References
    ----------
    Zhai and Wu, Classification is a strong baseline for deep metric learning, 2019, equation 3.
    """
    cosines = embeddings @ F.normalize(weights, dim=1).T  # (n, n_classes)
    return F.cross_entropy(cosines / temperature, labels.long())


def _no_positive() -> ArgumentError:
    return ArgumentError("no two samples of the batch are of one class; use samples_per_class >= 2")


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss, and what it takes.

    Parameters
    ----------
    name, title : str
    batch : callable
        ``batch(embeddings, labels, **options)``.
    margin, temperature : float or None
        The default; None where the loss has none.
    takes_triplets : bool
        Whether a miner may choose what it looks at.
    needs_head : bool
        Whether it needs ``weights``, a row per class.
    needs_views : bool
        Whether it learns from two versions of each ink instead of from labels.
    terms : callable, optional
        What a single pair costs, for losses that are defined on pairs.
    """

    name: str
    title: str
    batch: Callable[..., Tensor]
    margin: float | None = None
    temperature: float | None = None
    takes_triplets: bool = False
    needs_head: bool = False
    needs_views: bool = False
    terms: PairTerms | None = None

    def __call__(self, embeddings: Tensor, labels: Tensor, **options: Any) -> Tensor:
        """Return the loss of a labelled batch; what is not given takes its default.

        Parameters
        ----------
        embeddings : Tensor, shape (n, dim), real numbers
            Two at least; a NaN among them makes the loss NaN.
        labels : Tensor, shape (n,), integers
        **options
            ``margin`` or ``temperature``, above 0; ``triplets`` where the loss takes them;
            ``weights``, shape (n_classes, dim), where it needs a head.

        Raises
        ------
        ArgumentError
            If a tensor has another shape or kind, an option is none of these or out of range,
            or no two samples are of one class where the loss cannot do without.
        """
        check_batch(embeddings, labels, 1 if self.needs_head else 2)
        extra = {"triplets": self.takes_triplets, "weights": self.needs_head}
        options = check_options(
            self.name, options, [*self.defaults, *(name for name, has in extra.items() if has)]
        )
        if options.get("triplets") is not None:
            check_triplets(options["triplets"], len(labels))
        if self.needs_head:
            check_head(options.get("weights"), embeddings, labels)
        return self.batch(embeddings, labels, **{**self.defaults, **options})

    @property
    def defaults(self) -> dict[str, float]:
        """The margin or the temperature, by name."""
        options = {"margin": self.margin, "temperature": self.temperature}
        return {name: value for name, value in options.items() if value is not None}

    def of_pairs(self, a: Tensor, b: Tensor, y: Tensor, **options: float) -> Tensor:
        """Return the loss of pairs.

        The mean over the pairs where the loss is defined on pairs. Where it is defined on
        batches, the two of a pair with y = 1 are a class of their own, and all others are of
        classes of one sample each: negatives, and nothing else.

        Parameters
        ----------
        a, b : Tensor, shape (n_pairs, dim), real numbers
            At least one pair.
        y : Tensor, shape (n_pairs,)
            1 for pairs of one class, 0 for pairs of two.
        **options
            ``margin`` or ``temperature``, above 0.

        Raises
        ------
        ArgumentError
            If shapes differ, y holds anything else, an option is out of range, the loss needs
            classes, or it is defined on batches and no pair has y = 1.
        """
        check_pairs(a, b, y)
        options = check_options(self.name, options, list(self.defaults))
        if self.needs_head:
            raise ArgumentError(f"{self.name} learns classes and has no meaning for pairs")
        if self.terms is not None:
            d = torch.linalg.vector_norm(a - b, dim=1)  # (n_pairs,)
            return self.terms(d, y.to(d.dtype), **{**self.defaults, **options}).mean()
        if not bool((y == 1).any()):
            raise ArgumentError(
                f"no pair has y = 1, and {self.name} needs a pair of one class; "
                "linear and squared take pairs of two classes alone"
            )
        own = torch.arange(len(y), device=y.device)  # (n_pairs,)
        other = torch.where(y == 1, own, own + len(y))
        return self(torch.cat([a, b]), torch.cat([own, other]), **options)


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in [
        Loss("cross-entropy", "cross-entropy over a class head, the baseline", cross_entropy,
             temperature=0.1, needs_head=True),
        Loss("linear", "contrastive: d^2 / 2, and margin - d for pairs of two classes", linear,
             margin=1.0, takes_triplets=True, terms=linear_terms),
        Loss("n-pair", "one sample against a sample of every other class", n_pair,
             temperature=0.1),
        Loss("nt-xent", "two versions of each ink against all others; needs no labels", nt_xent,
             temperature=0.1, needs_views=True),
        Loss("squared", "contrastive: d^2 / 2, and (margin - d)^2 / 2 for two classes", squared,
             margin=1.0, takes_triplets=True, terms=squared_terms),
        Loss("supervised-contrastive", "all of a class against all others",
             supervised_contrastive, temperature=0.1),
        Loss("triplet", "an anchor nearer to its class than to another by a margin", triplet,
             margin=0.2, takes_triplets=True),
    ]
}  # fmt: skip
"""Every loss, by name."""
