"""Routing: the evidence and the score of each memory. Pure: numpy in, numpy out, the clock passed in."""
