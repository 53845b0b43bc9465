"""Where the tests find published recordings, and how Hypothesis behaves."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No deadline: the first call of a kernel compiles it. Speed is measured in benchmarks/.
settings.register_profile(
    "strokesim", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("strokesim")

ROOT = Path(__file__).parent.parent


def data_folder() -> Path | None:
    """Return the folder of published recordings, or None where this machine has none."""
    named = os.environ.get("STROKESIM_DATA")
    for folder in ([Path(named)] if named else []) + [ROOT.parent / "shared" / "data"]:
        if (folder / "pendigits").is_dir():
            return folder
    return None


@pytest.fixture(scope="session")
def data():
    """The folder of published recordings."""
    folder = data_folder()
    if folder is None:
        if os.environ.get("STROKESIM_DATA_REQUIRED"):
            pytest.fail("published recordings are required here and were not found")
        pytest.skip("no published recordings: neither $STROKESIM_DATA nor ../shared/data is there")
    return folder
