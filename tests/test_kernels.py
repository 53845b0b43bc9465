"""Scalar kernels: what is left to say of them once the distances are held to their definitions."""

from strokesim.distances import kernels


def test_each_kernel_is_compiled_once():
    compiled = {
        name: len(kernel.signatures)
        for name, kernel in vars(kernels).items()
        if hasattr(kernel, "signatures")
    }
    assert {"squared_step", "dtw_square", "cloud_mean"} <= compiled.keys()
    assert compiled == dict.fromkeys(compiled, 1)
