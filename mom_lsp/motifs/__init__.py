"""Motifs: which memory proved useful at which place, from what the user accepted, ignored and dismissed there."""
