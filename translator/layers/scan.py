"""A loop over time, with the contract of `jax.lax.scan`.

`keras.ops.scan` has that contract on JAX and PyTorch. On TensorFlow it wants what a step puts out
to look like what it carries, which none of our loops does, so there the loop is written here.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import ops

from translator.layers.numerics import Tensor

Tensors = tuple[Tensor, ...]
Step = Callable[[Tensors, Tensors], tuple[Tensors, Tensors]]


def scan(
    step: Step, carry: Tensors, inputs: Tensors, outputs: int, *, reverse: bool = False
) -> tuple[Tensors, Tensors]:
    """Runs `step` over the first axis of `inputs`.

    Args:
        step: From (carry, inputs of one time step) to (new carry, outputs of that step).
        carry: What goes from step to step; shapes and dtypes must not change.
        inputs: Tensors of time x ..., all of the same length.
        outputs: Number of tensors that a step puts out, all float32.
        reverse: Last step first. Outputs keep the order of the inputs.

    Returns:
        The last carry, and the outputs stacked to time x ....
    """
    if keras.config.backend() == "tensorflow":
        return _tensorflow_scan(step, carry, inputs, outputs, reverse)
    last, stacked = ops.scan(step, carry, inputs, reverse=reverse)
    return last, stacked


def _tensorflow_scan(
    step: Step, carry: Tensors, inputs: Tensors, outputs: int, reverse: bool
) -> tuple[Tensors, Tensors]:
    import tensorflow as tf

    time = tf.shape(inputs[0])[0]
    readers = [
        tf.TensorArray(x.dtype, size=time, element_shape=x.shape[1:]).unstack(x) for x in inputs
    ]
    writers = tuple(tf.TensorArray(tf.float32, size=time) for _ in range(outputs))

    def body(done: Tensor, carry: Tensors, writers: Tensors) -> tuple[Tensor, Tensors, Tensors]:
        t = time - 1 - done if reverse else done
        carry, made = step(carry, tuple(reader.read(t) for reader in readers))
        return done + 1, carry, tuple(w.write(t, y) for w, y in zip(writers, made, strict=True))

    _, carry, writers = tf.while_loop(
        lambda done, *_: done < time, body, (0, carry, writers), maximum_iterations=time
    )
    return carry, tuple(writer.stack() for writer in writers)
