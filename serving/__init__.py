"""The HTTP service: `python -m serving`. Imports translator, never training."""
