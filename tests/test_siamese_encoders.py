"""Towers: what an embedding depends on, and what not."""

import numpy as np
import pytest
import torch

from strokesim.errors import ArgumentError, UnknownNameError
from strokesim.siamese.encoders import (
    NETWORKS,
    Attention,
    EncoderSettings,
    Tower,
    pad,
    patched,
    turned_round,
)
from strokesim.siamese.pooling import POOLINGS

EVERY = [(network, pooling) for network in sorted(NETWORKS) for pooling in sorted(POOLINGS)]
PATCHES = (1, 3)


def tower_of(network="gru", pooling="mean", n_features=3, **options):
    torch.manual_seed(0)
    settings = EncoderSettings(
        network=network,
        pooling=pooling,
        **{"width": 8, "layers": 2, "dim": 5, "patch": 1, **options},
    )
    return Tower(n_features, settings).eval()


def sequences(lengths=(4, 1, 7, 2), n_features=3):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(n, n_features)).astype(np.float32) for n in lengths]


def embedded(tower, given):
    with torch.no_grad():
        return tower(*pad(given)).numpy()


@pytest.mark.parametrize("patch", PATCHES)
@pytest.mark.parametrize(("network", "pooling"), EVERY)
def test_neither_mates_nor_order_nor_padding_change_an_embedding(network, pooling, patch):
    tower, given = tower_of(network, pooling, patch=patch), sequences()
    together = embedded(tower, given)
    assert together.shape == (4, 5)
    for number, sequence in enumerate(given):
        assert embedded(tower, [sequence]) == pytest.approx(together[[number]], abs=1e-6)
    assert embedded(tower, given[::-1]) == pytest.approx(together[::-1], abs=1e-6)
    steps, mask = pad(given)
    rubbish = torch.where(mask.unsqueeze(2), steps, torch.full_like(steps, 1e3))
    longer = torch.cat([rubbish, torch.full((4, 9, 3), -7.0)], dim=1)
    further = torch.cat([mask, torch.zeros(4, 9, dtype=torch.bool)], dim=1)
    with torch.no_grad():
        assert tower(longer, further).numpy() == pytest.approx(together, abs=1e-6)


def test_a_patch_holds_its_steps_one_behind_the_other():
    steps, mask = pad([np.arange(10.0).reshape(5, 2), np.arange(4.0).reshape(2, 2)])
    steps[1, 2:] = 7  # behind the end
    found, on = patched(steps, mask, 2)
    assert found.tolist() == [
        [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0, 0]],
        [[0, 1, 2, 3], [0, 0, 0, 0], [0, 0, 0, 0]],
    ]
    assert on.tolist() == [[True, True, True], [True, False, False]]


@pytest.mark.parametrize("patch", PATCHES)
@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_neither_mates_nor_padding_change_a_point_of_a_patch(network, patch):
    tower, given = tower_of(network, patch=patch), sequences()
    with torch.no_grad():
        together = tower.per_step(*pad(given)).numpy()
        for number, sequence in enumerate(given):
            alone = tower.per_step(*pad([sequence])).numpy()[0]
            assert alone.shape == (-(-len(sequence) // patch), 5)
            assert alone == pytest.approx(together[number, : len(alone)], abs=1e-6)
            assert np.linalg.norm(alone, axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("patch", PATCHES)
@pytest.mark.parametrize(("network", "pooling"), EVERY)
def test_an_embedding_has_length_1_and_depends_on_every_step(network, pooling, patch):
    tower, (given,) = tower_of(network, pooling, patch=patch), sequences([6])
    before = embedded(tower, [given])
    assert np.linalg.norm(before) == pytest.approx(1, abs=1e-5)
    # A maximum may come from other steps, so each of them is moved far.
    for step in range(6):
        moved = given.copy()
        moved[step] += 20
        assert np.abs(embedded(tower, [moved]) - before).max() > 1e-5


@pytest.mark.parametrize(("network", "pooling"), EVERY)
def test_gradients_reach_every_weight(network, pooling):
    tower = tower_of(network, pooling).train()
    points = tower(*pad(sequences((4, 3, 7, 5))))
    (points[:2] * points[2:]).sum().backward()
    for name, weights in tower.named_parameters():
        if "score.bias" not in name:  # a softmax does not notice what all scores share
            assert weights.grad is not None, name
            assert float(weights.grad.abs().max()) > 0, name


def test_recurrent_layers_equal_a_bidirectional_layer_of_torch():
    tower, given = tower_of(layers=1), sequences()
    theirs = torch.nn.GRU(3, 8, batch_first=True, bidirectional=True)
    names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    stored = {}
    for name in names:
        stored[name] = getattr(tower.network.onward[0], name).detach()
        stored[f"{name}_reverse"] = getattr(tower.network.back[0], name).detach()
    theirs.load_state_dict(stored)
    steps, mask = pad(given)
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        steps, mask.sum(1), batch_first=True, enforce_sorted=False
    )
    with torch.no_grad():
        expected, _ = torch.nn.utils.rnn.pad_packed_sequence(theirs(packed)[0], batch_first=True)
        found = tower.states(steps, mask)[0] * mask.unsqueeze(2)
    assert found.numpy() == pytest.approx(expected.numpy(), abs=1e-6)


def test_a_layer_of_attention_equals_one_of_torch():
    torch.manual_seed(0)
    ours = Attention(8, dropout=0.0)
    theirs = torch.nn.TransformerEncoderLayer(
        8, 4, dim_feedforward=16, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )
    names = {
        "looking": "norm1", "mapping": "norm2", "answer": "self_attn.out_proj",
        "widen": "linear1", "narrow": "linear2",
    }  # fmt: skip
    stored = {
        f"{names[layer]}.{kind}": values
        for layer, _, kind in (name.partition(".") for name in ours.state_dict())
        if layer in names
        for values in [ours.state_dict()[f"{layer}.{kind}"]]
    }
    for kind in ("weight", "bias"):
        stored[f"self_attn.in_proj_{kind}"] = ours.state_dict()[f"asked.{kind}"]
    theirs.load_state_dict(stored)
    steps, mask = pad(sequences(n_features=8))
    with torch.no_grad():
        expected = theirs(steps, src_key_padding_mask=~mask)
        found = ours(steps, mask)
    assert found[mask].numpy() == pytest.approx(expected[mask].numpy(), abs=1e-5)


@pytest.mark.parametrize("width", [1, 3, 6])
def test_attention_takes_any_width(width):
    assert embedded(tower_of("gru-attention", width=width), sequences()).shape == (4, 5)


def test_sequences_are_turned_round_within_their_own_length():
    _, mask = pad([np.zeros((3, 1), np.float32), np.zeros((1, 1), np.float32)])
    assert turned_round(mask).tolist() == [[2, 1, 0], [0, 1, 2]]


def test_mean_and_maximum_are_those_of_the_steps_that_are_there():
    states = torch.tensor([[[1.0, -5.0], [3.0, -7.0], [99.0, 99.0]]])
    mask = torch.tensor([[True, True, False]])
    assert POOLINGS["mean"](2)(states, mask).tolist() == [[2.0, -6.0]]
    assert POOLINGS["max"](2)(states, mask).tolist() == [[3.0, -5.0]]
    assert POOLINGS["mean-max"](2)(states, mask).tolist() == [[2.0, -6.0, 3.0, -5.0]]


def test_attention_weighs_steps_by_the_softmax_of_their_scores():
    pooling = POOLINGS["attention"](1)
    with torch.no_grad():
        pooling.score.weight.fill_(2.0)
        pooling.score.bias.fill_(0.5)
        found = pooling(torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[True, True, False]]))
    weight = 1 / (1 + np.exp(2.0 * (3 - 1)))
    assert float(found) == pytest.approx(weight * 1 + (1 - weight) * 3, abs=1e-5)


def test_features_are_brought_to_mean_0_and_spread_1_and_constants_stay_finite():
    tower = tower_of()
    values = np.array([[1, 7, 1e6], [3, 7, 3e6], [5, 7, 5e6]], np.float32)
    tower.standardise(values)
    scaled = (torch.from_numpy(values) - tower.shift) * tower.scale
    assert scaled.mean(0).tolist() == pytest.approx([0, 0, 0], abs=1e-6)
    assert scaled.std(0, correction=0).tolist() == pytest.approx([1, 0, 1], abs=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "width=0; use a whole number"),
        ({"layers": 1.5}, "layers=1.5"),
        ({"dim": True}, "dim=True"),
        ({"dropout": 1.0}, "dropout=1 leaves nothing; use a share"),
        ({"dropout": float("nan")}, "dropout=nan"),
    ],
)
def test_a_tower_that_cannot_be_is_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        EncoderSettings(**options)


def test_an_unknown_network_or_pooling_is_answered_with_the_known_ones():
    with pytest.raises(UnknownNameError, match="did you mean 'gru'"):
        EncoderSettings(network="gr")
    with pytest.raises(UnknownNameError, match="known: attention, max, mean"):
        EncoderSettings(pooling="sum")
