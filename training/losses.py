"""The training loss."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from translator.constants import PAD


class TokenCrossEntropy(keras.losses.Loss):
    """Cross-entropy per real target token, with label smoothing (Szegedy et al. 1512.00567).

    The target distribution is 1 - s on the reference plus s spread evenly over the vocabulary.
    The sum over the batch is divided by the number of tokens that are not padding, so that a long
    sentence weighs by its tokens and padding weighs nothing.

    Args:
        label_smoothing: s, in [0, 1).
    """

    def __init__(self, label_smoothing: float = 0.0) -> None:
        super().__init__(name="token_cross_entropy", reduction="none")
        self.label_smoothing = label_smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Mean loss in nats, a scalar.

        Args:
            y_true: batch x target_length, ids, 0-padded.
            y_pred: batch x target_length x target_vocab_size, logits.
        """
        loss = token_cross_entropy(y_true, y_pred, self.label_smoothing)
        real = ops.cast(ops.not_equal(y_true, PAD), loss.dtype)
        return ops.sum(loss * real) / ops.maximum(ops.sum(real), 1.0)


def token_cross_entropy(ids: Any, logits: Any, label_smoothing: float = 0.0) -> Any:
    """-Σ q log p for each token, batch x target_length; what stands on padding means nothing.

    With q as above this is CE(reference) + s·(z_reference - mean z): one pass more over the
    logits z than without smoothing, and no distribution is ever written out.
    """
    ids = ops.cast(ids, "int32")
    loss = ops.sparse_categorical_crossentropy(ids, logits, from_logits=True)
    if label_smoothing:
        reference = ops.take_along_axis(logits, ids[..., None], axis=-1)[..., 0]
        loss = loss + label_smoothing * (reference - ops.mean(logits, axis=-1))
    return loss
