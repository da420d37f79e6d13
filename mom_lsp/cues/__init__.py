"""Cues besides the score, computed from recent activity: numpy in, numpy out."""
