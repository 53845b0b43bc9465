"""From ink to feature sequences."""
