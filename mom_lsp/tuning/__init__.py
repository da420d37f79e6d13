"""Fitting the weights of the score on history and feedback (`mom tune`)."""
