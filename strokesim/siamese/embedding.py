"""An encoder that torch runs, and that can be trained on."""

from __future__ import annotations

import numpy as np
import torch

from strokesim.features import FeatureSpec
from strokesim.learned.encoder import Encoder as AnyEncoder
from strokesim.learned.encoder import Origin, identity_of
from strokesim.siamese.encoders import Tower


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
        If the spec has another number of features than the tower.
    """

    def __init__(
        self, tower: Tower, spec: FeatureSpec | None, origin: Origin | None = None
    ) -> None:
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
