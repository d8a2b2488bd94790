"""Tokens are kept as back-pointers and read back at the end.

So nothing but the beam's state is moved when the beam is reordered.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from translator.constants import PAD
from translator.graph_search.hypotheses import NEVER, Tensor
from translator.graph_search.pool import Ended, rank
from translator.search.hypotheses import Hypotheses


class Trace(NamedTuple):
    """What each step left behind: TensorArrays by step, of batch x beams (x source_length).

    Batch and beams are those of the step.
    """

    members: Any  # batch, which sentences were in the batch
    parents: Any
    tokens: Any
    log_probs: Any
    attention: Any  # by place before the step

    def write(self, t: Tensor, *values: Tensor) -> Trace:
        """With what step t left."""
        return Trace(*(array.write(t, x) for array, x in zip(self, values, strict=True)))

    def read(self, t: Tensor) -> tuple[Tensor, ...]:
        """What step t left."""
        return tuple(array.read(t) for array in self)


def empty_trace() -> Trace:
    """A trace of no step."""
    dtypes = (tf.int32, tf.int32, tf.int32, tf.float32, tf.float32)
    return Trace(*(tf.TensorArray(x, size=0, dynamic_size=True, infer_shape=False) for x in dtypes))


def read_back(
    halted: Ended, cut: Ended, n_best: Tensor, trace: Trace, steps: Tensor, source_length: Tensor
) -> Hypotheses:
    """Follows the back-pointers from the last token of each hypothesis to its first.

    Args:
        halted: Of all sentences.
        cut: Of all sentences.
        n_best: Hypotheses wanted of each.
        trace: Of all steps.
        steps: Their number.
        source_length: Of the batch.
    """
    best, finished = rank(halted, cut, n_best)
    exists = best.scores > NEVER
    last = tf.where(exists, best.steps, -1)
    batch, n_best = tf.unstack(tf.shape(last))
    outputs = tuple(
        tf.TensorArray(dtype, size=steps, element_shape=shape)
        for dtype, shape in (
            (tf.int32, [None, None]),
            (tf.float32, [None, None]),
            (tf.float32, [None, None, None]),
        )
    )

    def body(back: Tensor, places: Tensor, outputs: tuple[Any, ...]) -> tuple[Any, ...]:
        t = steps - 1 - back
        before, here = t < last, t == last
        members, parents, tokens, log_probs, attention = trace.read(t)
        # Sentences that had left the batch are read nowhere: all of theirs is over.
        rows = tf.scatter_nd(members[:, None], tf.range(tf.shape(members)[0]), [batch])
        rows = tf.repeat(rows[:, None], n_best, axis=1)

        def read(array: Tensor, places: Tensor) -> Tensor:
            return tf.gather_nd(array, tf.stack([rows, places], axis=-1))

        def step(array: Tensor, of_last: Tensor, otherwise: Any) -> Tensor:
            return tf.where(before, read(array, places), tf.where(here, of_last, otherwise))

        token = step(tokens, best.tokens, PAD)
        log_prob = step(log_probs, best.log_probs, 0.0)
        parent = tf.ensure_shape(step(parents, best.parents, 0), [None, None])
        looked = tf.where((before | here)[..., None], read(attention, parent), 0.0)
        made = (token, log_prob, looked)
        outputs = tuple(o.write(t, x) for o, x in zip(outputs, made, strict=True))
        return back + 1, parent, outputs

    start = (tf.constant(0), tf.zeros([batch, n_best], tf.int32), outputs)
    loose = tf.nest.map_structure(
        lambda x: tf.TensorShape(None) if isinstance(x, tf.TensorArray) else None, outputs
    )
    _, _, outputs = tf.while_loop(
        lambda back, *_: back < steps,
        body,
        start,
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, None]), loose),
    )
    tokens, log_probs, attention = (output.stack() for output in outputs)  # length x batch x ...
    return Hypotheses(
        output_ids=tf.transpose(tokens, [1, 2, 0]),
        lengths=last + 1,
        scores=best.scores,
        log_probs=tf.transpose(log_probs, [1, 2, 0]),
        alignments=tf.transpose(
            tf.reshape(attention, [steps, batch, n_best, source_length]), [1, 2, 0, 3]
        ),
        finished=finished,
    )
