"""The training loss."""

from __future__ import annotations

from keras import ops

from translator.layers.numerics import Tensor
from translator.model import Seq2Seq, embed


def token_cross_entropy(ids: Tensor, logits: Tensor) -> Tensor:
    """-log p of each reference token, batch x target_length; what stands on padding means nothing.

    Args:
        ids: batch x target_length.
        logits: batch x target_length x target_vocab_size.
    """
    return ops.sparse_categorical_crossentropy(ops.cast(ids, "int32"), logits, from_logits=True)


def smoothed_cross_entropy(
    model: Seq2Seq, features: Tensor, ids: Tensor, label_smoothing: float
) -> tuple[Tensor, Tensor]:
    """Cross-entropy with label smoothing (Szegedy et al., arXiv 1512.00567) of each token.

    The target distribution is 1 - s on the reference plus s spread evenly over the vocabulary, so
    with logits z the loss is -log p(reference) + s·(z_reference - mean z). Both added terms follow
    from the features by way of the reference's row, and the mean row, of the output layer: they
    cost no pass over the logits, which take most of the memory of a training step.

    Args:
        model: For its output layer.
        features: batch x target_length x embedding_size, what the output layer reads.
        ids: batch x target_length.
        label_smoothing: s, in [0, 1).

    Returns:
        The smoothed loss, and -log p(reference) alone; both batch x target_length, in nats; what
        stands on padding means nothing.
    """
    loss = plain = token_cross_entropy(ids, model.logits(features))
    if label_smoothing:
        table, bias = model.output_embeddings, ops.convert_to_tensor(model.output_bias)
        reference = ops.sum(features * embed(table, ids), axis=-1) + ops.take(bias, ids, axis=0)
        mean_row = ops.mean(ops.convert_to_tensor(table), axis=0)
        mean = ops.sum(features * mean_row, axis=-1) + ops.mean(bias)
        loss = loss + label_smoothing * (reference - mean)
    return loss, plain
