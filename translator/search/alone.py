"""The beam search of one sentence alone, in as few operations as there can be.

A small operation costs its start, whatever it computes. So nothing is done here for the sake of
other sentences, every array keeps its shape, and hypotheses are read back outside of the graph. The
rule against repetitions is left out, too; afterwards it is looked at whether it would have
forbidden anything that got a place, which it rarely has. Where it has not, what is found is what
`beam_search` finds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from translator.constants import BOS, EOS, PAD
from translator.search.hypotheses import NEVER, Hypotheses, Nest, Tensor
from translator.search.rules import LONGEST_REPEATED
from translator.search.scoring import coverage_penalty, length_penalty

Array = npt.NDArray[Any]


class Trace(NamedTuple):
    """What the steps left behind, tensors or arrays.

    Attributes:
        choices: steps x beams, int32: parent · columns + column of what got a place.
        totals: steps x beams, log P of the whole hypothesis; -inf where a place stayed empty.
        scores: steps x beams, what the hypothesis is worth if it ends here.
        attention: steps x beams x source_length, by place before the step.
        max_length: Most tokens, EOS counted.
        columns: Their number.
    """

    choices: Any
    totals: Any
    scores: Any
    attention: Any
    max_length: Any
    columns: Any


def search_alone(
    step: Callable[[Tensor, Nest], tuple[Tensor, Nest, Tensor]],
    state: Nest,
    beams: int,
    mask: Tensor,
    max_length: Tensor,
    n_best: Tensor,
    alpha: Tensor,
    beta: Tensor | None,
    barred: Tensor,
    ids: Tensor | None,
) -> Trace:
    """Searches for the best targets of one sentence.

    Args:
        step: From tokens (1 x beams) and state to logits (1 x beams x columns), the next state,
            and attention (1 x beams x source_length).
        state: Before BOS; a nest of tensors of 1 x 1 x ....
        beams: Hypotheses kept at each step.
        mask: 1 x source_length, bool: real tokens.
        max_length: Most tokens, EOS counted; int32.
        n_best: int32.
        alpha: Of the length penalty; float32.
        beta: Of the coverage penalty; None is 0, and costs nothing.
        barred: columns, -inf on what is not put out, 0 on all else.
        ids: Of the columns; None where a column is its own id.
    """
    penalties = length_penalty(tf.range(1, max_length + 1), alpha)
    worst, columns = n_best - 1, tf.shape(barred)[0]
    coverage = () if beta is None else (tf.zeros([beams, tf.shape(mask)[1]]),)
    arrays = tuple(
        tf.TensorArray(dtype, size=max_length, element_shape=shape)
        for dtype, shape in (
            (tf.int32, [beams]),
            (tf.float32, [beams]),
            (tf.float32, [beams]),
            (tf.float32, [beams, None]),
        )
    )

    def goes_on(t: Tensor, _: Tensor, totals: Tensor, halted: Tensor, *__: Any) -> Tensor:
        # log P only falls and cp is never above 0, so this bounds every score to come.
        return (t < max_length) & (tf.reduce_max(totals) / penalties[-1] > halted[worst])

    def body(
        t: Tensor,
        tokens: Tensor,
        totals: Tensor,
        halted: Tensor,
        coverage: tuple[Tensor, ...],
        state: Nest,
        arrays: Any,
    ) -> Any:
        logits, state, attention = step(tokens[None], state)
        log_probs = tf.nn.log_softmax(logits[0])
        sums = tf.reshape(log_probs + barred + totals[:, None], [-1])
        made, choices = tf.math.top_k(sums, beams)
        # What halted keeps its place, best first, and leaves the others to what goes on.
        made = tf.where(tf.reverse(halted, [0]) > NEVER, NEVER, made)
        parents, tokens = choices // columns, choices % columns
        if ids is not None:
            tokens = tf.gather(ids, tokens)
        coverage = tuple(tf.gather(seen + attention[0], parents) for seen in coverage)
        scores = made / penalties[t]
        for seen in coverage:
            scores += coverage_penalty(seen[None], mask, beta)[0]
        left = (choices, made, scores, attention[0])
        halts = tokens == EOS
        of_halted = tf.where(halts, scores, NEVER)
        return (
            t + 1,
            tokens,
            tf.where(halts, NEVER, made),
            tf.math.top_k(tf.concat([halted, of_halted], axis=0), beams).values,
            coverage,
            tf.nest.map_structure(lambda x: _shaped(tf.gather(x, parents, axis=1), beams), state),
            tuple(array.write(t, x) for array, x in zip(arrays, left, strict=True)),
        )

    first = [0.0] + [NEVER] * (beams - 1)
    t, *_, arrays = tf.while_loop(
        goes_on,
        body,
        (
            tf.constant(0),
            tf.fill([beams], BOS),
            tf.constant(first),
            tf.fill([beams], NEVER),
            coverage,
            tf.nest.map_structure(lambda x: _shaped(tf.repeat(x, beams, axis=1), beams), state),
            arrays,
        ),
    )
    choices, totals, scores, attention = (array.stack()[:t] for array in arrays)
    return Trace(choices, totals, scores, attention, max_length, columns)


def read_back_alone(
    trace: Trace, ids: Array | None, n_best: int, max_repeats: Array
) -> Hypotheses | None:
    """The best hypotheses; None where the rule against repetitions would have changed something.

    Args:
        trace: Arrays.
        ids: Of the columns; None where a column is its own id.
        n_best: Hypotheses wanted.
        max_repeats: LONGEST_REPEATED, how often in a row a sequence of 1, 2, ... tokens may stand.
    """
    parents, tokens = np.divmod(trace.choices, trace.columns)
    if ids is not None:
        tokens = ids[tokens]
    there = trace.totals > NEVER
    if _repeats(parents, tokens, there, max_repeats):
        return None
    steps, beams = tokens.shape
    halts = there & (tokens == EOS)
    cut = there & ~halts & (np.arange(1, steps + 1) == trace.max_length)[:, None]
    scores = np.where(halts | cut, trace.scores, NEVER)
    order = np.lexsort((-scores.ravel(), ~halts.ravel()))[:n_best]
    found = Hypotheses(
        output_ids=np.zeros((1, n_best, steps), np.int32),
        lengths=np.zeros((1, n_best), np.int32),
        scores=np.full((1, n_best), NEVER, np.float32),
        log_probs=np.zeros((1, n_best, steps), np.float32),
        alignments=np.zeros((1, n_best, steps, trace.attention.shape[-1]), np.float32),
        finished=np.zeros((1, n_best), np.bool_),
    )
    before = np.concatenate([np.zeros((1, beams), np.float32), trace.totals[:-1]])
    for n, (last, place) in enumerate(np.transpose(np.divmod(order, beams))):
        if scores[last, place] == NEVER:
            break
        found.lengths[0, n] = last + 1
        found.scores[0, n] = scores[last, place]
        found.finished[0, n] = halts[last, place]
        way = [place]
        for t in range(last, 0, -1):
            way.append(parents[t, way[-1]])
        rows, places = np.arange(last + 1), np.array(way[::-1])
        found.output_ids[0, n, : last + 1] = tokens[rows, places]
        found.log_probs[0, n, : last + 1] = (
            trace.totals[rows, places] - before[rows, parents[rows, places]]
        )
        found.alignments[0, n, : last + 1] = trace.attention[rows, parents[rows, places]]
    return found


def _shaped(x: Tensor, beams: int) -> Tensor:
    """Says what TensorFlow cannot know of what a model folder puts out."""
    x.set_shape([1, beams, *x.shape[2:]])
    return x


def _repeats(parents: Array, tokens: Array, there: Array, most: Array) -> bool:
    """Whether `rules.Past` would have forbidden a token that got a place."""
    steps, beams = tokens.shape
    if steps <= most.min():
        return False
    recent = np.full((beams, LONGEST_REPEATED), PAD)
    runs = np.zeros((beams, LONGEST_REPEATED), np.int64)
    last = np.arange(1, LONGEST_REPEATED + 1) * most - 1
    for parent, token, is_there in zip(parents, tokens, there, strict=True):
        recent, runs = recent[parent], runs[parent]
        same = recent == token[:, None]
        if (same & (runs == last) & is_there[:, None]).any():
            return True
        runs = np.where(same, runs + 1, 0)
        recent = np.concatenate([token[:, None], recent[:, :-1]], axis=1)
    return False
