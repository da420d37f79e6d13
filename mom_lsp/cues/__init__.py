"""Cues beside the score: numpy in, numpy out. Each reads what is going on and says which memories it points to."""
