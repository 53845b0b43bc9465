"""Ink formats: reading and writing."""
