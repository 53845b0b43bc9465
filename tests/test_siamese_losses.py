"""Losses and miners, recomputed with plain loops over listed pairs and triplets."""

import itertools
import math

import numpy as np
import pytest
import torch
from pytorch_metric_learning import distances as their_distances
from pytorch_metric_learning import losses as theirs

from strokesim.errors import ArgumentError
from strokesim.siamese.losses import LOSSES
from strokesim.siamese.mining import MINERS, Triplets, distance_matrix

# Six samples of three classes in the plane; not of length 1, so that no loss gets away with it.
POINTS = [[0.0, 0.0], [0.6, 0.8], [1.0, 0.0], [1.0, 0.5], [0.0, 0.3], [3.0, 4.0]]
CLASSES = [0, 0, 1, 1, 2, 2]
SAME = [(0, 1), (2, 3), (4, 5)]
UNLIKE = [(0, 2), (0, 3), (0, 4), (0, 5), (1, 2), (1, 3), (1, 4), (1, 5), (2, 4), (2, 5), (3, 4),
          (3, 5)]  # fmt: skip
PAIR_LOSSES = [name for name, loss in LOSSES.items() if loss.terms is not None]


def points():
    return torch.tensor(POINTS, dtype=torch.float64)


def labels():
    return torch.tensor(CLASSES)


def distance(i, j):
    return math.dist(POINTS[i], POINTS[j])


def product(i, j):
    return sum(a * b for a, b in zip(POINTS[i], POINTS[j], strict=True))


def on_sphere(n_classes=5, per_class=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    given = torch.randn(n_classes * per_class, 4, generator=generator, dtype=torch.float64)
    return torch.nn.functional.normalize(given, dim=1), torch.arange(n_classes).repeat(per_class)


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else 0.0


def term(name, y, d, margin):
    apart = max(margin - d, 0)
    return y * d**2 / 2 + (1 - y) * (apart if name == "linear" else apart**2 / 2)


@pytest.mark.parametrize("name", ["linear", "squared"])
@pytest.mark.parametrize("margin", [0.5, 1.0, 2.5])
def test_a_contrastive_loss_of_pairs_is_the_mean_of_its_definition(name, margin):
    pairs = [*((*pair, 1) for pair in SAME), *((*pair, 0) for pair in UNLIKE)]
    i, j, y = (torch.tensor(column) for column in zip(*pairs, strict=True))
    found = LOSSES[name].of_pairs(points()[i], points()[j], y, margin=margin)
    assert float(found) == pytest.approx(
        mean(term(name, y, distance(i, j), margin) for i, j, y in pairs)
    )


@pytest.mark.parametrize("name", ["linear", "squared"])
def test_a_contrastive_loss_of_a_batch_weighs_both_kinds_of_pairs_alike(name):
    found = LOSSES[name](points(), labels(), margin=1.0)
    same = mean(term(name, 1, distance(*pair), 1.0) for pair in SAME)
    unlike = [term(name, 0, distance(*pair), 1.0) for pair in UNLIKE]
    assert float(found) == pytest.approx((same + mean(v for v in unlike if v > 0)) / 2)


def test_the_margin_is_on_the_pair_of_two_classes():
    near, far = torch.zeros(1, 2), torch.tensor([[3.0, 4.0]])
    same, unlike = torch.tensor([1]), torch.tensor([0])
    for name in ("linear", "squared"):
        loss = LOSSES[name]
        assert float(loss.of_pairs(near, far, same, margin=1.0)) == 12.5
        assert float(loss.of_pairs(near, far, unlike, margin=1.0)) == 0
        assert float(loss.of_pairs(near, near, same, margin=1.0)) == 0
        assert float(loss.of_pairs(near, near, unlike, margin=3.0)) == (
            3.0 if name == "linear" else 4.5
        )


@pytest.mark.parametrize("margin", [0.2, 1.0])
def test_the_triplet_loss_is_the_mean_over_triplets_that_violate_the_margin(margin):
    values = []
    for a, p in [*SAME, *((j, i) for i, j in SAME)]:
        for n in range(6):
            if CLASSES[n] != CLASSES[a]:
                values.append(max(distance(a, p) ** 2 - distance(a, n) ** 2 + margin, 0))
    found = LOSSES["triplet"](points(), labels(), margin=margin)
    assert float(found) == pytest.approx(mean(v for v in values if v > 0))


@pytest.mark.parametrize("name", ["linear", "squared", "triplet"])
def test_a_loss_of_listed_triplets_looks_at_no_others(name):
    chosen = Triplets(*map(torch.tensor, ([0, 0, 4], [1, 1, 5], [2, 4, 3])))
    found = float(LOSSES[name](points(), labels(), margin=1.5, triplets=chosen))
    if name == "triplet":
        values = [distance(a, p) ** 2 - distance(a, n) ** 2 + 1.5
                  for a, p, n in [(0, 1, 2), (0, 1, 4), (4, 5, 3)]]  # fmt: skip
        expected = mean(v for v in values if v > 0)
    else:
        same = mean(term(name, 1, distance(*pair), 1.5) for pair in [(0, 1), (4, 5)])
        unlike = mean(term(name, 0, distance(*pair), 1.5) for pair in [(0, 2), (0, 4), (3, 4)])
        expected = (same + unlike) / 2
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("temperature", [1.0, 0.3])
def test_n_pair_compares_the_first_of_a_class_with_the_seconds_of_all(temperature):
    values = []
    for f, g in SAME:
        others = sum(
            math.exp((product(f, j) - product(f, g)) / temperature) for _, j in SAME if j != g
        )
        values.append(math.log(1 + others))
    found = LOSSES["n-pair"](points(), labels(), temperature=temperature)
    assert float(found) == pytest.approx(mean(values))


@pytest.mark.parametrize("name", ["supervised-contrastive", "nt-xent"])
def test_the_softmax_losses_are_their_definition(name):
    values = []
    for i in range(6):
        others = [a for a in range(6) if a != i]
        total = sum(math.exp(product(i, a) / 2) for a in others)
        logs = [math.log(math.exp(product(i, p) / 2) / total) for p in others
                if CLASSES[p] == CLASSES[i]]  # fmt: skip
        values.append(-mean(logs))
    assert float(LOSSES[name](points(), labels(), temperature=2.0)) == pytest.approx(mean(values))


def test_an_anchor_without_positive_counts_as_negative_only():
    given, classes = points()[:5], labels()[:5]
    values = []
    for i in range(4):
        total = sum(math.exp(product(i, a)) for a in range(5) if a != i)
        values.append(-math.log(math.exp(product(i, i ^ 1)) / total))
    found = LOSSES["supervised-contrastive"](given, classes, temperature=1.0)
    assert float(found) == pytest.approx(mean(values))


def test_cross_entropy_is_that_of_cosines():
    weights = [[2.0, 0.0], [0.0, 5.0], [-3.0, 4.0]]
    values = []
    for point, label in zip(POINTS, CLASSES, strict=True):
        cosines = [(point[0] * w[0] + point[1] * w[1]) / math.hypot(*w) for w in weights]
        total = sum(math.exp(cosine / 0.5) for cosine in cosines)
        values.append(-math.log(math.exp(cosines[label] / 0.5) / total))
    found = LOSSES["cross-entropy"](
        points(), labels(), temperature=0.5, weights=torch.tensor(weights, dtype=torch.float64)
    )
    assert float(found) == pytest.approx(mean(values))


@pytest.mark.parametrize("seed", range(3))
def test_losses_of_the_same_definition_agree_with_pytorch_metric_learning(seed):
    given, classes = on_sphere(seed=seed)
    squares = their_distances.LpDistance(normalize_embeddings=False, power=2)
    plain = their_distances.DotProductSimilarity(normalize_embeddings=False)
    pairs = [
        ("supervised-contrastive", {"temperature": 0.3}, theirs.SupConLoss(temperature=0.3)),
        ("triplet", {"margin": 0.4}, theirs.TripletMarginLoss(margin=0.4, distance=squares)),
        ("n-pair", {"temperature": 1.0}, theirs.NPairsLoss(distance=plain)),
    ]
    for name, options, other in pairs:
        ours = given if name != "n-pair" else given[:10]
        its = classes[: len(ours)]
        assert float(LOSSES[name](ours, its, **options)) == pytest.approx(
            float(other(ours, its)), rel=1e-6
        )


def test_nt_xent_and_the_class_head_agree_with_pytorch_metric_learning():
    given, classes = on_sphere(6, 2)
    found = LOSSES["nt-xent"](given, classes, temperature=0.2)
    assert float(found) == pytest.approx(float(theirs.NTXentLoss(temperature=0.2)(given, classes)))
    other = theirs.NormalizedSoftmaxLoss(6, 4, temperature=0.2).double()
    weights = other.W.T.detach()
    found = LOSSES["cross-entropy"](given, classes, temperature=0.2, weights=weights)
    assert float(found) == pytest.approx(other(given, classes).item())


def test_squared_contrastive_terms_agree_with_pytorch_metric_learning_on_dissimilar_pairs():
    given, _ = on_sphere()
    alone = torch.arange(len(given))
    other = theirs.ContrastiveLoss(
        neg_margin=1.2, distance=their_distances.LpDistance(normalize_embeddings=False)
    )
    # Without similar pairs theirs is the mean of margin - d above 0; ours halves it.
    found = LOSSES["linear"](given, alone, margin=1.2)
    assert float(found) == pytest.approx(float(other(given, alone)) / 2)


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "cross-entropy"])
def test_every_loss_can_be_called_on_pairs(name):
    a, b = points()[[0, 2, 4]].requires_grad_(), points()[[1, 3, 5]]
    found = LOSSES[name].of_pairs(a, b, torch.tensor([1, 0, 1]))
    found.backward()
    assert found.ndim == 0
    assert found.item() > 0
    assert a.grad.isfinite().all()


def test_pairs_marked_as_of_one_class_are_the_classes_of_a_batch_loss():
    a, b = points()[[0, 2, 4]], points()[[1, 3, 5]]
    found = LOSSES["supervised-contrastive"].of_pairs(a, b, torch.ones(3), temperature=2.0)
    assert float(found) == pytest.approx(
        float(LOSSES["supervised-contrastive"](points(), labels(), temperature=2.0))
    )


@pytest.mark.parametrize("name", ["nt-xent", "supervised-contrastive"])
def test_pairs_of_two_classes_are_negatives_only(name):
    # 0 and 1 are of one class, and 2 and 3 of two others.
    values = []
    for i, p in ((0, 1), (1, 0)):
        total = sum(math.exp(product(i, k)) for k in range(4) if k != i)
        values.append(-math.log(math.exp(product(i, p)) / total))
    a, b = points()[[0, 2]], points()[[1, 3]]
    found = LOSSES[name].of_pairs(a, b, torch.tensor([1, 0]), temperature=1.0)
    assert float(found) == pytest.approx(mean(values))


def test_pairs_of_two_classes_are_negatives_of_the_n_pair_loss():
    others = sum(math.exp(product(0, j) - product(0, 1)) for j in (2, 3))
    a, b = points()[[0, 2]], points()[[1, 3]]
    found = LOSSES["n-pair"].of_pairs(a, b, torch.tensor([1, 0]), temperature=1.0)
    assert float(found) == pytest.approx(math.log(1 + others))


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_gradients_are_finite_where_all_embeddings_are_the_same(name):
    given = torch.full((6, 4), 0.5, requires_grad=True)
    options = {"weights": torch.ones(3, 4)} if LOSSES[name].needs_head else {}
    LOSSES[name](given, labels(), **options).backward()
    assert given.grad.isfinite().all()


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_a_step_down_the_gradient_lowers_every_loss(name):
    given, classes = on_sphere(5, 2)
    given.requires_grad_()
    options = {}
    if LOSSES[name].needs_head:
        options = {"weights": on_sphere(5, 1, seed=3)[0]}
    before = LOSSES[name](given, classes, **options)
    before.backward()
    after = LOSSES[name](given.detach() - 1e-3 * given.grad, classes, **options)
    assert after.item() < before.item()


PAIRS = {"a": torch.zeros(2, 3), "b": torch.zeros(2, 3), "y": torch.ones(2)}


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "cross-entropy"])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"b": torch.zeros(2, 4)}, "needed: .n_pairs, dim. twice"),
        ({"b": torch.zeros(2, 3).double()}, "of float32, b .2, 3. of float64"),
        ({"y": torch.ones(3)}, "y .3,.; needed"),
        ({"a": torch.zeros(0, 3)}, "a of shape .0, 3.*at least one"),
        ({"a": torch.zeros(3)}, "a of shape .3,.; needed: .n_pairs, dim."),
        ({"a": torch.zeros(2, 3).long()}, r"a holds int64; .* a.float\(\)"),
        ({"a": [[0.0] * 3] * 2}, "a is a list; needed: a Tensor, .n_pairs, dim."),
        ({"y": [1, 1]}, "y is a list"),
        ({"y": torch.tensor([1, -1])}, "y holds more than 0 and 1"),
        ({"y": torch.tensor([1, 0j])}, "y holds complex64; needed: 0 and 1"),
        ({"y": torch.tensor([1, float("nan")])}, "y holds more than 0 and 1"),
    ],
)
def test_pairs_that_mean_nothing_are_refused(name, changes, message):
    with pytest.raises(ArgumentError, match=message):
        LOSSES[name].of_pairs(**{**PAIRS, **changes})


@pytest.mark.parametrize("name", sorted(LOSSES))
@pytest.mark.parametrize(
    ("embeddings", "labels", "message"),
    [
        (points(), labels()[:5], r"labels of shape \(5,\) for embeddings .* \(6,\)"),
        (points(), labels()[:, None], "needed: one label per row"),
        (points(), labels().double(), "labels holds float64; needed: whole numbers"),
        (points(), CLASSES, "labels is a list"),
        (points().long(), labels(), "embeddings holds int64"),
        (points()[:, 0], labels(), r"embeddings of shape \(6,\); needed: \(n, dim\)"),
        (points()[:0], labels()[:0], "at least one of each"),
        (points()[:, :0], labels(), "at least one of each"),
        (POINTS, labels(), "embeddings is a list; needed: a Tensor"),
    ],
)
def test_batches_that_mean_nothing_are_refused(name, embeddings, labels, message):
    with pytest.raises(ArgumentError, match=message):
        LOSSES[name](embeddings, labels, **head(name))


def head(name):
    return {"weights": torch.ones(3, 2).double()} if LOSSES[name].needs_head else {}


@pytest.mark.parametrize("name", sorted(LOSSES))
@pytest.mark.parametrize(
    "value", [0, -1.0, float("nan"), float("inf"), "0.5", None, True, np.True_, 10**400]
)
def test_a_margin_or_temperature_that_is_not_above_0_is_refused(name, value):
    (option,) = LOSSES[name].defaults
    with pytest.raises(ArgumentError, match=f"{option}=.*; needed: a number above 0"):
        LOSSES[name](points(), labels(), **{option: value}, **head(name))
    if not LOSSES[name].needs_head:
        with pytest.raises(ArgumentError, match=f"{option}=.*; needed: a number above 0"):
            LOSSES[name].of_pairs(**PAIRS, **{option: value})


def test_an_option_that_a_loss_has_not_is_refused():
    with pytest.raises(ArgumentError, match="nt-xent has no margin; it takes temperature"):
        LOSSES["nt-xent"](points(), labels(), margin=1.0)
    with pytest.raises(ArgumentError, match="linear has no temperature; it takes margin"):
        LOSSES["linear"].of_pairs(**PAIRS, temperature=1.0)
    with pytest.raises(ArgumentError, match="n-pair has no triplets"):
        LOSSES["n-pair"](points(), labels(), triplets=None)


@pytest.mark.parametrize(
    ("triplets", "message"),
    [
        (([0], [1], [2]), "triplets is a tuple; needed: what a miner returns"),
        (Triplets(*map(torch.tensor, ([0], [1], [6]))), "samples 6 to 6; the batch has 6"),
        (Triplets([0], [1], [2]), "anchors is a list; needed: a Tensor"),
        (Triplets(*map(torch.tensor, ([0.0], [1.0], [2.0]))), "anchors holds float32; needed: int"),
        (Triplets(*map(torch.tensor, ([0], [1], [True]))), "negatives holds bool; needed: int64"),
        (Triplets(*map(torch.tensor, ([0], [1, 1], [2]))), r"shapes \(1,\), \(2,\), \(1,\)"),
    ],
)
def test_triplets_that_are_not_of_the_batch_are_refused(triplets, message):
    with pytest.raises(ArgumentError, match=message):
        LOSSES["triplet"](points(), labels(), triplets=triplets)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "weights are missing"),
        ({"weights": torch.ones(2, 2).double()}, "labels from 0 to 2 for 2 rows of weights"),
        ({"weights": torch.ones(3, 4).double()}, "for embeddings of 2 coordinates"),
        ({"weights": torch.ones(3, 2)}, "weights of float32 for embeddings of float64"),
    ],
)
def test_a_head_that_does_not_fit_is_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        LOSSES["cross-entropy"](points(), labels(), **options)


def test_batches_that_a_loss_cannot_learn_from_are_refused():
    alone = torch.arange(6)
    for name in ("supervised-contrastive", "n-pair", "nt-xent"):
        with pytest.raises(ArgumentError, match="no two samples of the batch are of one class"):
            LOSSES[name](points(), alone)
        with pytest.raises(ArgumentError, match=f"no pair has y = 1, and {name} needs a pair"):
            LOSSES[name].of_pairs(points(), points(), torch.zeros(6))
    with pytest.raises(ArgumentError, match="two views of each ink; one was given 6 times"):
        LOSSES["nt-xent"](points(), torch.zeros(6).long())
    with pytest.raises(ArgumentError, match="cross-entropy learns classes"):
        LOSSES["cross-entropy"].of_pairs(points(), points(), torch.ones(6))
    for name in LOSSES.keys() - {"cross-entropy"}:
        with pytest.raises(ArgumentError, match="a batch of 1; a loss compares, and needs 2"):
            LOSSES[name](points()[:1], alone[:1])


def mined(name, given, classes, seed=0):
    generator = torch.Generator().manual_seed(seed)
    found = MINERS[name](distance_matrix(given), classes, generator)
    return list(zip(*(column.tolist() for column in found), strict=True))


def test_all_triplets_are_all_triplets():
    expected = [
        (a, p, n)
        for a, p, n in itertools.product(range(6), repeat=3)
        if a != p and CLASSES[a] == CLASSES[p] and CLASSES[a] != CLASSES[n]
    ]
    assert mined("all", points(), labels()) == expected


@pytest.mark.parametrize("seed", range(3))
def test_hard_and_semi_hard_miners_pick_what_loops_pick(seed):
    given, classes = on_sphere(seed=seed)
    d = distance_matrix(given).tolist()
    n = len(classes)
    hard, semi = [], []
    for a in range(n):
        positives = [p for p in range(n) if p != a and classes[p] == classes[a]]
        negatives = [q for q in range(n) if classes[q] != classes[a]]
        hard.append(
            (a, max(positives, key=lambda p: d[a][p]), min(negatives, key=lambda q: d[a][q]))
        )
        for p in positives:
            farther = [q for q in negatives if d[a][q] > d[a][p]]
            if farther:
                semi.append((a, p, min(farther, key=lambda q: d[a][q])))
            else:
                semi.append((a, p, max(negatives, key=lambda q: d[a][q])))
    assert mined("hard", given, classes) == hard
    assert mined("semi-hard", given, classes) == semi


def test_distance_weighted_mining_prefers_near_negatives_and_never_takes_a_positive():
    angles = torch.tensor([0.0, 0.05, 0.6, 1.2, 3.0])
    given = torch.stack([angles.cos(), angles.sin()], dim=1)
    classes = torch.tensor([0, 0, 1, 1, 1])
    drawn = [t for seed in range(200) for t in mined("distance-weighted", given, classes, seed)]
    of_first = [n for a, _, n in drawn if a == 0]
    counts = [of_first.count(n) for n in range(5)]
    assert counts[0] == counts[1] == counts[4] == 0
    assert counts[2] > counts[3]
    assert all(classes[a] != classes[n] and classes[a] == classes[p] for a, p, n in drawn)


@pytest.mark.parametrize("name", sorted(MINERS))
def test_a_miner_finds_nothing_where_there_is_no_triplet(name):
    assert mined(name, points(), torch.arange(6)) == []
    assert mined(name, points(), torch.zeros(6)) == []
