"""Features of real ink: equal to their definitions, and as telling as was measured."""

import feature_oracle
import numpy as np
import pytest

from strokesim import FeatureSpec, load_dataset
from strokesim.features import FEATURES

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def pendigits(data):
    return {part: load_dataset("pendigits", part, folder=data) for part in ("train", "test")}


@pytest.mark.parametrize("along", ["ink", "path", "samples"])
def test_features_of_real_ink_equal_their_definitions(pendigits, along):
    timeless = [
        name for name, one in FEATURES.items() if not one.needs_time and not one.needs_pressure
    ]
    steps = None if along == "samples" else 32
    spec = FeatureSpec(features=timeless, along=along, steps=steps)
    inks = pendigits["train"][::300]
    for ink, sequence in zip(inks, spec.transform_all(inks), strict=True):
        strokes = [[(x, y, 0, 0) for x, y in stroke.xy.tolist()] for stroke in ink.strokes]
        expected = feature_oracle.features(
            strokes,
            timeless,
            along=along,
            steps=steps,
            spacing=None,
            position="centroid",
            size="longer",
            deslant=False,
            derotate=False,
            vicinity=2,
        )
        np.testing.assert_allclose(sequence, expected, rtol=1e-5, atol=2e-6)


@pytest.mark.slow
def test_nearest_neighbours_of_unseen_writers_err_as_often_as_was_measured(pendigits):
    spec = FeatureSpec(features=["x", "y"])
    train, test = (
        spec.transform_all(pendigits[part]).values.reshape(-1, 64) for part in ("train", "test")
    )
    labels, truth = (np.array([ink.label for ink in pendigits[part]]) for part in ("train", "test"))
    squares = (train**2).sum(axis=1) - 2 * test @ train.T
    error = 100 * np.mean(labels[squares.argmin(axis=1)] != truth)
    assert error == pytest.approx(2.06, abs=0.1)
