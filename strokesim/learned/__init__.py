"""Encoders in use: what training made, run by NumPy or ONNX Runtime, without torch."""

from strokesim.learned.encoder import Encoder, Origin
from strokesim.learned.opening import open_encoder
from strokesim.learned.together import Together

__all__ = ["Encoder", "Origin", "Together", "open_encoder"]
