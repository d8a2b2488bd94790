"""Adam that tells the norm of its gradients, and whose rate can be scaled as it runs."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from translator.layers.numerics import Tensor

_EMA_OFFSET = 9.0
"""After n updates the average is of about the last ninth of them, until its momentum is reached;
as in `tf.train.ExponentialMovingAverage`."""


class ClippingAdam(keras.optimizers.Adam):
    """Adam (Kingma & Ba, arXiv 1412.6980) that keeps the norm from before clipping.

    With `weight_decay` it is AdamW (Loshchilov & Hutter, arXiv 1711.05101); matrices decay, vectors
    (biases, gains) do not. With `use_ema` it keeps a moving average of the weights; its momentum
    grows from 0, so that soon after the beginning it is not an average of the initial weights.

    Args:
        learning_rate: A number or a schedule.
        clip_norm: Gradients are scaled to at most this norm over all weights (Pascanu et al.,
            arXiv 1211.5063); 0 is off.
        clip_value: Each gradient entry is clipped to this magnitude; 0 is off.
        **kwargs: As of `keras.optimizers.Adam`.

    Attributes:
        gradient_norm: Norm of the last gradient over all weights, before clipping; a variable.
        rate_scale: What the learning rate is multiplied by; a variable, 1 at first.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        clip_norm: float = 0.0,
        clip_value: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.clip_norm = clip_norm
        self.clip_value = clip_value

    def build(self, variables: list[Any]) -> None:
        if self.built:
            return
        vectors = [v for v in variables if sum(size > 1 for size in v.shape) < 2]
        self.exclude_from_weight_decay(vectors)
        super().build(variables)
        self.gradient_norm = self.add_variable((), dtype="float32", name="gradient_norm")
        self.rate_scale = self.add_variable((), "ones", dtype="float32", name="rate_scale")

    @property
    def learning_rate(self) -> Tensor:
        """The rate of the update to come, as a tensor."""
        return super().learning_rate * self.rate_scale

    def finalize_variable_values(self, var_list: list[Any]) -> None:
        """Nothing: at its end, `fit` asks for the average in the place of the weights.

        A run that was interrupted saves its weights after that, and goes on from them.
        """

    def load_average(self, variables: list[Any]) -> None:
        """Gives the variables their moving averages, which `use_ema` keeps."""
        super().finalize_variable_values(variables)
        for variable in variables:
            # On JAX the two now share an array, and whatever computes with one gives it away.
            variable.assign(np.array(variable))

    def _update_model_variables_moving_average(self, trainable_variables: list[Any]) -> None:
        # Keras's hook after each update; there the momentum is the same from the second on.
        if not self.use_ema:
            return
        updates = ops.cast(self.iterations, "float32")
        momentum = ops.minimum(self.ema_momentum, updates / (updates + _EMA_OFFSET))
        averages = self._model_variables_moving_average
        for variable, average in zip(trainable_variables, averages, strict=True):
            average.assign(momentum * average + (1.0 - momentum) * variable)

    def _clip_gradients(self, grads: list[Tensor]) -> list[Tensor]:
        # Keras's hook between accumulating gradients and applying them.
        grads = [dense(gradient) for gradient in grads]
        norm = ops.sqrt(sum(ops.sum(gradient * gradient) for gradient in grads))
        self.gradient_norm.assign(norm)
        if self.clip_norm:
            scale = self.clip_norm / ops.maximum(norm, self.clip_norm)
            return [gradient * scale for gradient in grads]
        if self.clip_value:
            return [ops.clip(gradient, -self.clip_value, self.clip_value) for gradient in grads]
        return grads


def dense(gradient: Tensor) -> Tensor:
    """A lookup's gradient, as TensorFlow has it, names rows twice: they are summed here."""
    if keras.config.backend() != "tensorflow":
        return gradient
    import tensorflow as tf

    return tf.convert_to_tensor(gradient)
