"""From ink to feature sequences."""

from strokesim.features.embedded import EmbeddingSpec as EmbeddingSpec
from strokesim.features.embedded import spec_from_dict as spec_from_dict
from strokesim.features.spec import FeatureSpec as FeatureSpec
from strokesim.features.table import FEATURES as FEATURES
from strokesim.features.table import Feature as Feature
