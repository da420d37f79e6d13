"""Extraction of candidate memories from commits, comments and documents. Pure functions: text in, values out."""
