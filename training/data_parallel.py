"""One batch, computed by several processes.

Each process computes the gradient of its share of the sentences. The gradients are summed and
divided by the number of real target tokens of the whole batch, as in a process alone, so the
weights stay the same in all of them, and what batch a model learns from does not depend on how
many compute it.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from training.cluster import Cluster, Message, Words
from training.dataset import Batch
from training.optimizer import dense
from training.teacher_forcing import ScheduledSeq2Seq
from translator.layers.numerics import Tensor
from translator.model import Seq2Seq


class DataParallelSeq2Seq(ScheduledSeq2Seq):
    """A ScheduledSeq2Seq whose updates are computed by all processes of a cluster; on TensorFlow.

    Process 0 calls `fit`; the others call `learn` with each batch that it sends.

    Args:
        seq2seq: The model.
        cluster: The processes.
        **kwargs: As of ScheduledSeq2Seq.
    """

    def __init__(self, seq2seq: Seq2Seq, cluster: Cluster, **kwargs: Any) -> None:
        super().__init__(seq2seq, **kwargs)
        self.cluster = cluster

    def train_step(self, data: Any) -> Any:
        """An update, for `fit`: sends the batch to the other processes and learns from it."""
        import tensorflow as tf

        inputs, labels = data
        words = batch_to_words(inputs, labels)
        with tf.control_dependencies([self.cluster.send(Message.BATCH, words)]):
            loss, plain = self.learn(inputs, labels)
        self._loss_tracker.update_state(loss)
        self.plain_loss.update_state(plain)
        return self.compute_metrics(inputs, labels, None)

    def learn(self, inputs: dict[str, Tensor], labels: Tensor) -> tuple[Tensor, Tensor]:
        """An update of the weights, with the gradient of the whole batch.

        Args:
            inputs: As of `call`, of the whole batch.
            labels: batch x target_length, ids, 0-padded, of the whole batch.

        Returns:
            Mean loss of the real target tokens of the whole batch, and that without label
            smoothing, scalars.
        """
        import tensorflow as tf

        weights, share = self.seq2seq.trainable_variables, self.cluster.share
        shares = {name: share(inputs[name]) for name in ("source_ids", "target_ids")}
        with tf.GradientTape() as tape:
            features = self({**inputs, **shares}, training=True)
            total, plain, count = self.loss_sums(share(labels), features)
        found = [total, plain, count, *map(dense, tape.gradient(total, weights))]
        summed = self.cluster.sum(tf.concat([tf.reshape(x, (-1,)) for x in found], axis=0))
        # Where no sum comes, because a process is lost, nothing at all may change.
        with tf.control_dependencies([summed]):
            total, plain, count = summed[0], summed[1], tf.maximum(summed[2], 1.0)
            sizes = [math.prod(weight.shape) for weight in weights]
            gradients = [
                tf.reshape(vector, weight.shape)
                for vector, weight in zip(tf.split(summed[3:] / count, sizes), weights, strict=True)
            ]
            self.optimizer.apply_gradients(zip(gradients, weights, strict=True))
            return total / count, plain / count


def batch_to_words(inputs: dict[str, Tensor], labels: Tensor) -> Tensor:
    """A batch as a message: an int32 vector, in a graph."""
    import tensorflow as tf

    sides = inputs["source_ids"], inputs["target_ids"]
    ratio = tf.bitcast(tf.reduce_max(inputs["teacher_forcing"]), tf.int32)
    head = tf.stack([ratio, *(tf.shape(ids)[1] for ids in sides)])
    return tf.concat([head, *(tf.reshape(ids, (-1,)) for ids in (*sides, labels))], axis=0)


def words_to_batch(words: Words) -> Batch:
    """The batch that `batch_to_words` made a message of."""
    ratio, source_length, target_length = words[:3]
    rows = (len(words) - 3) // (source_length + 2 * target_length)
    ends = np.cumsum([3, rows * source_length, rows * target_length, rows * target_length])
    source_ids, target_ids, labels = (
        words[start:end].reshape(rows, -1) for start, end in pairwise(ends)
    )
    ratios = np.full(rows, ratio.view(np.float32))
    inputs = {"source_ids": source_ids, "target_ids": target_ids, "teacher_forcing": ratios}
    return inputs, labels
