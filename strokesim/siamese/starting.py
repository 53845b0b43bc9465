"""What a training begins with: random weights, or those of an encoder that learned before."""

from __future__ import annotations

import os
from dataclasses import replace

from strokesim.errors import ArgumentError, SpecError
from strokesim.features import FeatureSpec
from strokesim.siamese.checkpoint import open_encoder
from strokesim.siamese.embedding import Encoder
from strokesim.siamese.encoders import EncoderSettings


def opened(start: Encoder | str | os.PathLike[str]) -> Encoder:
    """Return an encoder to train on, read from its folder where that is given.

    Raises
    ------
    ModelError
        If there is none, or a damaged one.
    ArgumentError
        If it is no folder and no encoder of torch.
    """
    if isinstance(start, (str, os.PathLike)):
        return open_encoder(start)
    if not isinstance(start, Encoder):
        raise ArgumentError(
            f"start={start!r} cannot be trained on; give the folder of a training, 'default', or "
            "what strokesim.siamese.open_encoder returns"
        )
    return start


def shape_of(start: Encoder | None, asked: EncoderSettings | None) -> EncoderSettings:
    """Return the shape of the tower to train: that of the start, with dropout as it is asked for.

    Raises
    ------
    ArgumentError
        If another shape is asked for than the start has.
    """
    if start is None or asked is None:
        return asked or (EncoderSettings() if start is None else start.tower.settings)
    own = start.tower.settings
    for name, value in replace(own, dropout=asked.dropout).to_dict().items():
        if (given := getattr(asked, name)) != value:
            raise ArgumentError(
                f"{name}={given!r}, and the encoder to start from has {value!r}, which its "
                "weights fit; leave it out, or start from no encoder"
            )
    return asked


def check_spec(start: Encoder, spec: FeatureSpec | None, n_features: int | None = None) -> None:
    """Refuse features that the start does not read.

    Parameters
    ----------
    start : Encoder
    spec : FeatureSpec or None
        What they are features of; None is arrays of one's own.
    n_features : int, optional
        How many a step has.

    Raises
    ------
    SpecError
    """
    reads = start.spec or "arrays, with no spec"
    if spec != start.spec:
        raise SpecError(
            f"the encoder to start from reads {reads}; {spec or 'arrays, with no spec'} was given; "
            "take the features of that encoder, or start from no encoder"
        )
    if n_features not in (None, start.n_inputs):
        raise SpecError(
            f"the encoder to start from reads {start.n_inputs} features a step; the data have "
            f"{n_features}"
        )
