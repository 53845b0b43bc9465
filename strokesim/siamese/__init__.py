"""The learned metric: an encoder, and the Euclidean distance between what it returns.

Two towers with the same weights read two feature sequences of unequal length; training makes
the distance of what they return small for one character and large for two, so that characters
never seen in training are told apart as well. `train` makes an `Encoder`, which turns inks into
feature sequences of one step, as a `FeatureSpec` turns them into longer ones: after it,
everything goes the same way, and ``Index(corpus, encoder)`` searches.

Everything here needs torch: ``pip install 'strokesim[learn]'``.
"""

from strokesim.errors import MissingExtraError

try:
    from strokesim.siamese.checkpoint import open_encoder, save_encoder
    from strokesim.siamese.embedding import Encoder
    from strokesim.siamese.encoders import EncoderSettings
    from strokesim.siamese.export import export_onnx
    from strokesim.siamese.grouping import grouped
    from strokesim.siamese.losses import LOSSES
    from strokesim.siamese.mining import MINERS
    from strokesim.siamese.settings import TrainingSettings
    from strokesim.siamese.training import train
except ModuleNotFoundError as error:
    package = (error.name or "").partition(".")[0]
    if package not in ("torch", "safetensors"):
        raise
    raise MissingExtraError(
        f"learning needs {package}, which is not installed; pip install 'strokesim[learn]'"
    ) from error

__all__ = [
    "LOSSES",
    "MINERS",
    "Encoder",
    "EncoderSettings",
    "TrainingSettings",
    "export_onnx",
    "grouped",
    "open_encoder",
    "save_encoder",
    "train",
]
