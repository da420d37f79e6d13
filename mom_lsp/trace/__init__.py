"""What helped before, kept: persistent attention traces. Pure functions of what was observed, and the file of it."""
