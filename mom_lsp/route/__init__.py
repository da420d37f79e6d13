"""Routing: which memories matter here. Pure: numpy in, numpy out, the clock passed in."""
