"""Short-term memories of what a developer does, for the evaluation alone: numpy in, numpy out."""
