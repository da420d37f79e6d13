"""Measuring: how fast it is, and how well it finds."""
