"""Distances between feature sequences of equal or unequal length."""
