"""An encoder that torch runs, and that can be trained on."""

from __future__ import annotations

import numpy as np
import torch

from strokesim.errors import ArgumentError, ModelError
from strokesim.features import FeatureSpec
from strokesim.learned.arithmetic import NumpyEncoder
from strokesim.learned.encoder import Encoder as AnyEncoder
from strokesim.learned.encoder import Origin, identity_of
from strokesim.learned.networks import Weights
from strokesim.learned.shapes import check_weights
from strokesim.siamese.encoders import EncoderSettings, Tower


class Encoder(AnyEncoder):
    """An encoder of a tower of torch.

    Parameters
    ----------
    tower : Tower
        Copied nowhere and never changed from here on.
    spec : FeatureSpec or None
        What turns ink into the features that the tower reads; None takes no ink.
    origin : Origin, optional
        What it learned from.

    Raises
    ------
    ArgumentError
        If it is no tower, or the spec is none or has another number of features.
    """

    def __init__(
        self, tower: Tower, spec: FeatureSpec | None, origin: Origin | None = None
    ) -> None:
        if not isinstance(tower, Tower):
            raise ArgumentError(f"a {type(tower).__name__} is no Tower")
        if spec is not None and not isinstance(spec, FeatureSpec):
            raise ArgumentError(f"a {type(spec).__name__} is no FeatureSpec, nor None")
        self.tower = tower.eval()
        super().__init__(
            title=tower.settings.network,
            n_inputs=tower.n_features,
            dim=tower.settings.dim,
            patch=tower.settings.patch,
            spec=spec,
            origin=Origin() if origin is None else origin,
            identity=identity_of(spec, tower.settings.to_dict(), self.weights),
        )

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """The numbers of the tower, by name."""
        return {name: values.cpu().numpy() for name, values in self.tower.state_dict().items()}

    def points(self, steps: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Return what the tower makes of a padded batch; see `learned.Encoder.points`."""
        mask = np.arange(steps.shape[1]) < lengths[:, np.newaxis]
        given = (torch.from_numpy(part).to(self.tower.shift.device) for part in (steps, mask))
        with torch.inference_mode():
            read = self.tower.per_step if self.stepwise else self.tower
            points: np.ndarray = read(*given).cpu().numpy()
        return points


def encoder_of(
    weights: Weights,
    settings: EncoderSettings,
    n_features: int,
    spec: FeatureSpec | None,
    origin: Origin,
) -> Encoder:
    """Return the encoder of a tower with weights that are stored.

    Parameters
    ----------
    weights : mapping of str to ndarray of float32
        By torch's names.
    settings : EncoderSettings
    n_features : int
        Features per step that it reads.
    spec : FeatureSpec or None
    origin : Origin

    Raises
    ------
    RuntimeError
        If these weights are not those of such a tower.
    """
    # Weights are drawn at random before the stored ones take their place: the generator of
    # whoever opens an encoder is not to notice.
    with torch.random.fork_rng(devices=[]):
        tower = Tower(n_features, settings)
    tower.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})
    return Encoder(tower, spec, origin)


def storable(encoder: AnyEncoder) -> Encoder:
    """Return an encoder as torch runs it, of one point per ink, to store it.

    Parameters
    ----------
    encoder : Encoder
        Of torch, or what `strokesim.open_encoder` makes of the folder of a training.

    Raises
    ------
    ArgumentError
        If it is no encoder, or one that ONNX Runtime runs: its weights are out of reach.
    ModelError
        If a weight is no finite number, or not float32.
    """
    if isinstance(encoder, Encoder):
        weights = encoder.weights
        try:
            check_weights(weights, {name: values.shape for name, values in weights.items()})
        except ValueError as error:
            raise ModelError(f"an encoder that would be damaged when stored: {error}") from error
        return encoder_of(
            weights, encoder.tower.settings, encoder.n_inputs, encoder.spec, encoder.origin
        )
    if isinstance(encoder, NumpyEncoder):
        settings = EncoderSettings(**encoder.settings)
        return encoder_of(encoder.weights, settings, encoder.n_inputs, encoder.spec, encoder.origin)
    if isinstance(encoder, AnyEncoder):
        raise ArgumentError(
            "an encoder that ONNX Runtime runs does not give its weights away; open the folder "
            "that it was exported from, or 'default', by strokesim.siamese.open_encoder"
        )
    raise ArgumentError(
        f"a {type(encoder).__name__} is no encoder; strokesim.siamese.open_encoder opens one"
    )
