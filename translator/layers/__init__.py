"""Layers of the model, written in `keras.ops` so that they run on every Keras backend.

Sequences are time-major inside the layers (time x batch x width), batch-major outside of them.
"""
