"""`mom report`: what a repository remembers and whether it helps, as one HTML file."""
