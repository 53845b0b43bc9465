"""From ink to feature sequences."""

from strokesim.features.spec import FeatureSpec as FeatureSpec
from strokesim.features.table import FEATURES as FEATURES
from strokesim.features.table import Feature as Feature
