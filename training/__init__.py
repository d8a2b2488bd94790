"""Parallel text in, a model folder out."""
