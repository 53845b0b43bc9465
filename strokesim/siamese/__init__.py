"""The learned metric: an encoder, and the Euclidean distance between what it returns.

Two towers with the same weights read two feature sequences of unequal length; training makes
the distance of what they return small for one character and large for two, so that characters
never seen in training are told apart as well. `train` makes an `Encoder`, which turns inks into
feature sequences of one step, as a `FeatureSpec` turns them into longer ones: after it,
everything goes the same way.

Everything here needs torch: ``pip install 'strokesim[learn]'``.
"""

from strokesim.errors import MissingExtraError

try:
    import safetensors
    import torch
except ModuleNotFoundError as error:
    raise MissingExtraError(
        f"learning needs {error.name}, which is not installed; pip install 'strokesim[learn]'"
    ) from error

from strokesim.siamese.checkpoint import open_encoder as open_encoder
from strokesim.siamese.checkpoint import save_encoder as save_encoder
from strokesim.siamese.embedding import Encoder as Encoder
from strokesim.siamese.encoders import EncoderSettings as EncoderSettings
from strokesim.siamese.losses import LOSSES as LOSSES
from strokesim.siamese.mining import MINERS as MINERS
from strokesim.siamese.settings import TrainingSettings as TrainingSettings
from strokesim.siamese.training import train as train

__all__ = [
    "LOSSES",
    "MINERS",
    "Encoder",
    "EncoderSettings",
    "TrainingSettings",
    "open_encoder",
    "safetensors",
    "save_encoder",
    "torch",
    "train",
]
