"""Which weights a tower has, and of which shapes, known before any is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Shapes = dict[str, tuple[int, ...]]

_KERNEL = 5
_GATES = {"gru": 3, "lstm": 4}


def shapes_of(settings: Mapping[str, Any], n_features: int) -> Shapes:
    """Return the shape of each weight of a tower, by torch's names.

    Parameters
    ----------
    settings : mapping
        As `checkpoint.settings_of` returns them.
    n_features : int
        Features per step that it reads.
    """
    width, layers = settings["width"], settings["layers"]
    shapes, n_states = _NETWORKS[settings["network"]](settings["patch"] * n_features, width, layers)
    pooling = {"score.weight": (1, n_states), "score.bias": (1,)}
    n_pooled = 2 * n_states if settings["pooling"] == "mean-max" else n_states
    return {
        "shift": (n_features,),
        "scale": (n_features,),
        **_under("network", shapes),
        **(_under("pooling", pooling) if settings["pooling"] == "attention" else {}),
        **_under("projection", _linear(n_pooled, settings["dim"])),
    }


def check_weights(weights: Mapping[str, np.ndarray], shapes: Shapes) -> None:
    """Refuse weights that are not those of a tower, or are no numbers.

    Parameters
    ----------
    weights : mapping of str to ndarray
    shapes : dict of str to tuple of int
        See `shapes_of`.

    Raises
    ------
    ValueError
        If one is missing, too many, of another shape, not float32 or not finite; names it.
    """
    if odd := sorted(weights.keys() ^ shapes.keys()):
        what = "missing" if odd[0] in shapes else "none that such an encoder has"
        raise ValueError(f"the weights {odd[0]!r} are {what}")
    for name, shape in shapes.items():
        values = weights[name]
        if values.dtype != np.float32:
            raise ValueError(f"the weights {name!r} are {values.dtype}; needed: float32")
        if values.shape != shape:
            raise ValueError(
                f"size mismatch: the weights {name!r} have the shape {values.shape} and its "
                f"settings {shape}"
            )
        if not np.isfinite(values).all():
            raise ValueError(f"the weights {name!r} hold what is no number, or infinite")


def _under(name: str, shapes: Shapes) -> Shapes:
    return {f"{name}.{inner}": shape for inner, shape in shapes.items()}


def _linear(n_inputs: int, n_outputs: int) -> Shapes:
    return {"weight": (n_outputs, n_inputs), "bias": (n_outputs,)}


def _norm(n_states: int) -> Shapes:
    return {"weight": (n_states,), "bias": (n_states,)}


def _recurrent(cell: str) -> Callable[[int, int, int], tuple[Shapes, int]]:
    def shapes_of_layers(n_inputs: int, width: int, layers: int) -> tuple[Shapes, int]:
        n_gates, shapes = _GATES[cell] * width, Shapes()
        for way in ("onward", "back"):
            for layer in range(layers):
                n_given = 2 * width if layer else n_inputs
                shapes |= _under(
                    f"{way}.{layer}",
                    {
                        "weight_ih_l0": (n_gates, n_given),
                        "weight_hh_l0": (n_gates, width),
                        "bias_ih_l0": (n_gates,),
                        "bias_hh_l0": (n_gates,),
                    },
                )
        return shapes, 2 * width

    return shapes_of_layers


def _convolutional(n_inputs: int, width: int, layers: int) -> tuple[Shapes, int]:
    shapes = _under("lift", _linear(n_inputs, width))
    for layer in range(layers):
        shapes |= {
            f"convolutions.{layer}.weight": (width, width, _KERNEL),
            f"convolutions.{layer}.bias": (width,),
            **_under(f"norms.{layer}", _norm(width)),
        }
    return shapes, width


def _attentive(n_inputs: int, width: int, layers: int) -> tuple[Shapes, int]:
    reader, n = _recurrent("gru")(n_inputs, width, 1)
    shapes = _under("reader", reader) | _under("norm", _norm(n))
    parts = {
        "looking": _norm(n),
        "mapping": _norm(n),
        "asked": _linear(n, 3 * n),
        "answer": _linear(n, n),
        "widen": _linear(n, 2 * n),
        "narrow": _linear(2 * n, n),
    }
    for block in range(layers - 1):
        for part, inner in parts.items():
            shapes |= _under(f"blocks.{block}.{part}", inner)
    return shapes, n


_NETWORKS: dict[str, Callable[[int, int, int], tuple[Shapes, int]]] = {
    "gru": _recurrent("gru"),
    "gru-attention": _attentive,
    "lstm": _recurrent("lstm"),
    "tcn": _convolutional,
}
