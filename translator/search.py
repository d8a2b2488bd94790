"""Beam search as a graph over a step function.

A sentence has a beam of `beam_size` places. A hypothesis that halts keeps its place, frozen, so
the beam narrows as hypotheses halt, and a beam of one is greedy search. The search of a sentence
ends when no place is left, when nothing alive can still beat the n-th best that has halted, or at
the cap; from then on nothing of it changes, however long the rest of its batch goes on.

Hypotheses Y are ranked by Wu et al. (arXiv 1609.08144, eq. 14):

    s(Y) = log P(Y) / lp(Y) + cp(Y)
    lp(Y) = ((5 + |Y|) / 6)^α          |Y|: the hypothesis's own tokens, EOS counted
    cp(Y) = β Σ_i log min(Σ_j p_ij, 1)  p_ij: attention of target token j on source token i

Tokens are kept as back-pointers and read back at the end, so nothing but the beam's state is
moved when the beam is reordered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from translator.constants import BOS, EOS, PAD, UNK
from translator.scoring import coverage_penalty, length_penalty

Tensor = Any
Nest = Any

StepFunction = Callable[[Tensor, Nest], tuple[Tensor, Nest, Tensor]]
"""From previous tokens (batch x beams) and states (nest of batch x beams x ...) to logits (batch x
beams x vocabulary), new states, and attention weights (batch x beams x source_length)."""

_NEVER = float("-inf")


class Options(NamedTuple):
    """Settings of a search as scalars, tensors or numbers; `SearchConfig` explains them."""

    beam_size: Tensor
    n_best: Tensor
    length_penalty: Tensor
    coverage_penalty: Tensor
    min_length: Tensor
    no_repeat_ngram_size: Tensor


class Hypotheses(NamedTuple):
    """Best first; a place that no hypothesis filled has score -inf, length 0 and padding only.

    Halted hypotheses come before those that were cut at the cap.

    Attributes:
        output_ids: batch x n_best x length, int32, EOS included, 0-padded.
        lengths: batch x n_best, int32, EOS counted.
        scores: batch x n_best, float32, s(Y).
        log_probs: batch x n_best x length, float32, log P of each token, 0 on padding.
        alignments: batch x n_best x length x source_length, float32, 0 on padding.
        finished: batch x n_best, bool: ended by EOS, not cut.
    """

    output_ids: Tensor
    lengths: Tensor
    scores: Tensor
    log_probs: Tensor
    alignments: Tensor
    finished: Tensor


class _Alive(NamedTuple):
    """Hypotheses that go on; a dead place has log P -inf."""

    state: Nest
    tokens: Tensor  # batch x beams, put out last
    log_probs: Tensor  # batch x beams, of the whole hypothesis
    coverage: Tensor  # batch x beams x source_length
    history: Tensor  # batch x beams x max_length, tokens so far


class _Ended(NamedTuple):
    """Hypotheses that ended: a score, and where to read them back from. Each batch x beams."""

    scores: Tensor
    steps: Tensor  # of the last token
    parents: Tensor  # place of the hypothesis before its last token
    tokens: Tensor  # the last token
    log_probs: Tensor  # of the last token


class _Trace(NamedTuple):
    """What each step left behind, by step: TensorArrays of batch x beams (x source_length)."""

    parents: Any
    tokens: Any
    log_probs: Any
    attention: Any  # by place before the step


def beam_search(
    step: StepFunction, state: Nest, source_mask: Tensor, max_lengths: Tensor, options: Options
) -> Hypotheses:
    """Searches for the best target of every source sentence of a batch.

    Args:
        step: The model.
        state: Its state before BOS; a nest of tensors of batch x 1 x ....
        source_mask: batch x source_length, bool, True on tokens.
        max_lengths: batch, int32, most tokens of a hypothesis, EOS counted; at least 1.
        options: The settings.

    Returns:
        The best hypotheses.
    """
    beams = tf.convert_to_tensor(options.beam_size)
    longest = tf.maximum(tf.reduce_max(max_lengths), 1)  # of no sentences, too
    batch, source_length = tf.unstack(tf.shape(source_mask))
    alive = _Alive(
        state=tf.nest.map_structure(lambda x: tf.repeat(x, beams, axis=1), state),
        tokens=tf.fill([batch, beams], BOS),
        log_probs=tf.tile(tf.where(tf.range(beams) == 0, 0.0, _NEVER)[None], [batch, 1]),
        coverage=tf.zeros([batch, beams, source_length]),
        history=tf.fill([batch, beams, longest], PAD),
    )
    nothing = tf.fill([batch, beams], 0)
    none_ended = _Ended(
        tf.fill([batch, beams], _NEVER), nothing - 1, nothing, nothing, tf.zeros([batch, beams])
    )
    trace = _Trace(
        *(
            tf.TensorArray(dtype, size=0, dynamic_size=True, infer_shape=False)
            for dtype in (tf.int32, tf.int32, tf.float32, tf.float32)
        )
    )

    def body(
        t: Tensor, alive: _Alive, halted: _Ended, cut: _Ended, done: Tensor, trace: _Trace
    ) -> tuple[Tensor, _Alive, _Ended, _Ended, Tensor, _Trace]:
        logits, state, attention = step(alive.tokens, alive.state)
        log_probs = tf.nn.log_softmax(logits)  # batch x beams x vocabulary
        allowed = _allowed(log_probs, alive.history, t, max_lengths, options)
        places = tf.where(done, 0, beams - _count(halted.scores))  # batch
        tokens, parents, totals = _select(alive.log_probs, allowed, beams, places)
        token_log_probs = tf.gather_nd(log_probs, tf.stack([parents, tokens], -1), batch_dims=1)
        coverage = _by_parent(alive.coverage + attention, parents)
        scores = totals / length_penalty(t + 1, options.length_penalty) + coverage_penalty(
            coverage, source_mask, options.coverage_penalty
        )
        ends_here = _Ended(scores, tf.fill(tf.shape(tokens), t), parents, tokens, token_log_probs)
        halts = tokens == EOS
        halted = _keep_best(halted, _where(halts, ends_here))
        at_cap = (t + 1 >= max_lengths)[:, None]
        cut = _keep_best(cut, _where(tf.logical_and(at_cap, ~halts), ends_here))
        totals = tf.where(tf.logical_or(halts, at_cap), _NEVER, totals)

        alive = _Alive(
            tf.nest.map_structure(lambda x: _by_parent(x, parents), state),
            tokens,
            totals,
            coverage,
            tf.where(tf.range(longest) == t, tokens[..., None], _by_parent(alive.history, parents)),
        )
        done = tf.logical_or(done, _cannot_improve(totals, halted.scores, max_lengths, options))
        trace = _Trace(
            trace.parents.write(t, parents),
            trace.tokens.write(t, tokens),
            trace.log_probs.write(t, token_log_probs),
            trace.attention.write(t, attention),
        )
        return t + 1, alive, halted, cut, done, trace

    start = (tf.constant(0), alive, none_ended, none_ended, tf.fill([batch], False), trace)
    steps, _, halted, cut, _, trace = tf.while_loop(
        lambda t, *loop: (t == 0) | ~tf.reduce_all(loop[3]),
        body,
        start,
        shape_invariants=_invariants(start),
        maximum_iterations=longest,
    )
    best, finished = _best(halted, cut, tf.convert_to_tensor(options.n_best))
    return _read_back(best, finished, trace, steps, batch, source_length)


def _allowed(
    log_probs: Tensor, history: Tensor, t: Tensor, max_lengths: Tensor, options: Options
) -> Tensor:
    """Log-probabilities with -inf on what must not come next; batch x beams x vocabulary."""
    ids = tf.range(tf.shape(log_probs)[-1])
    special = tf.reduce_any(ids[:, None] == [PAD, UNK, BOS], axis=-1)
    # A sentence capped below min_length may halt at its cap.
    too_short = t < tf.minimum(options.min_length, max_lengths - 1)  # batch
    forbidden = special | ((ids == EOS) & too_short[:, None])  # batch x vocabulary
    allowed = tf.where(forbidden[:, None], _NEVER, log_probs)
    n = tf.convert_to_tensor(options.no_repeat_ngram_size)
    return tf.cond(
        tf.logical_and(n > 0, t >= n),
        lambda: _without_repeats(allowed, log_probs, history, t, n),
        lambda: allowed,
    )


def _without_repeats(
    log_probs: Tensor, unrestricted: Tensor, history: Tensor, t: Tensor, n: Tensor
) -> Tensor:
    """-inf on each token that would complete an n-gram that a hypothesis holds already."""
    longest = tf.shape(history)[-1]
    starts = tf.range(longest)

    def matches(j: Tensor, match: Tensor) -> tuple[Tensor, Tensor]:
        wanted = tf.gather(history, t - n + 1 + j, axis=-1)[..., None]
        return j + 1, match & (tf.roll(history, -j, axis=-1) == wanted)

    match = tf.broadcast_to(starts + n - 1 < t, tf.shape(history))
    _, match = tf.while_loop(lambda j, _: j < n - 1, matches, (tf.constant(0), match))
    # What does not match is sent to PAD, which is forbidden anyway.
    banned = tf.where(match, tf.roll(history, 1 - n, axis=-1), PAD)  # batch x beams x starts
    batch, beams = tf.unstack(tf.shape(history)[:2])
    grid = tf.meshgrid(tf.range(batch), tf.range(beams), starts, indexing="ij")
    indices = tf.stack([*grid[:2], banned], axis=-1)
    allowed = tf.tensor_scatter_nd_min(log_probs, indices, tf.fill(tf.shape(banned), _NEVER))
    # Where nothing is left, not even by min_length, a hypothesis may still halt.
    stuck = tf.reduce_all(allowed == _NEVER, axis=-1, keepdims=True)
    return tf.where(stuck & (tf.range(tf.shape(allowed)[-1]) == EOS), unrestricted, allowed)


def _select(
    totals: Tensor, log_probs: Tensor, beams: Tensor, places: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The best continuations: tokens, parents and log P, batch x beams, best first.

    A sentence gets as many as it has places; the rest are dead.
    """
    vocabulary = tf.shape(log_probs)[-1]
    candidates = totals[..., None] + log_probs
    flat = tf.reshape(candidates, [tf.shape(totals)[0], beams * vocabulary])
    totals, indices = tf.math.top_k(flat, beams)
    totals = tf.where(tf.range(beams) < places[:, None], totals, _NEVER)
    return indices % vocabulary, indices // vocabulary, totals


def _cannot_improve(
    totals: Tensor, halted_scores: Tensor, max_lengths: Tensor, options: Options
) -> Tensor:
    """Whether nothing alive can still enter the n best; batch.

    log P only falls and cp is never above 0, so log P / lp(longest) bounds every score to come.
    """
    bound = tf.reduce_max(totals, axis=-1) / length_penalty(max_lengths, options.length_penalty)
    return bound <= halted_scores[:, options.n_best - 1]


def _keep_best(pool: _Ended, new: _Ended) -> _Ended:
    """The best of both, as many as the pool has places."""
    both = _Ended(*(tf.concat(pair, axis=1) for pair in zip(pool, new, strict=True)))
    _, order = tf.math.top_k(both.scores, tf.shape(pool.scores)[1])
    return _Ended(*(_by_parent(x, order) for x in both))


def _where(condition: Tensor, ended: _Ended) -> _Ended:
    return ended._replace(scores=tf.where(condition, ended.scores, _NEVER))


def _count(scores: Tensor) -> Tensor:
    return tf.reduce_sum(tf.cast(scores > _NEVER, tf.int32), axis=1)


def _by_parent(x: Tensor, parents: Tensor) -> Tensor:
    return tf.gather(x, parents, axis=1, batch_dims=1)


def _best(halted: _Ended, cut: _Ended, n_best: Tensor) -> tuple[_Ended, Tensor]:
    """The n best of a sentence, halted ones first, and which of them halted."""
    scores = tf.concat([halted.scores, cut.scores], axis=1)
    is_cut = tf.repeat([[0, 1]], tf.shape(halted.scores)[1], axis=1)  # 1 x 2·beams
    rank = tf.where(scores > _NEVER, is_cut, 2)
    order = tf.argsort(rank, axis=1, stable=True)[:, :n_best]
    both = (tf.concat(pair, axis=1) for pair in zip(halted, cut, strict=True))
    best = _Ended(*(_by_parent(x, order) for x in both))
    return best, _by_parent(rank, order) == 0


def _read_back(
    best: _Ended, finished: Tensor, trace: _Trace, steps: Tensor, batch: Tensor, source: Tensor
) -> Hypotheses:
    """Follows the back-pointers from the last token of each hypothesis to its first."""
    exists = best.scores > _NEVER
    last = tf.where(exists, best.steps, -1)
    n_best = tf.shape(last)[1]
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

        def read(array: Any) -> Tensor:
            return _by_parent(array.read(t), places)

        parents = tf.where(before, read(trace.parents), tf.where(here, best.parents, 0))
        parents = tf.reshape(parents, tf.shape(places))
        tokens = tf.where(before, read(trace.tokens), tf.where(here, best.tokens, PAD))
        log_probs = tf.where(before, read(trace.log_probs), tf.where(here, best.log_probs, 0.0))
        attention = _by_parent(trace.attention.read(t), parents)
        attention = tf.where((before | here)[..., None], attention, 0.0)
        made = (tokens, log_probs, attention)
        outputs = tuple(o.write(t, x) for o, x in zip(outputs, made, strict=True))
        return back + 1, parents, outputs

    start = (tf.constant(0), tf.zeros([batch, n_best], tf.int32), outputs)
    _, _, outputs = tf.while_loop(
        lambda back, *_: back < steps, body, start, shape_invariants=_invariants(start)
    )
    tokens, log_probs, attention = (output.stack() for output in outputs)  # length x batch x ...
    return Hypotheses(
        output_ids=tf.transpose(tokens, [1, 2, 0]),
        lengths=last + 1,
        scores=best.scores,
        log_probs=tf.transpose(log_probs, [1, 2, 0]),
        alignments=tf.transpose(
            tf.reshape(attention, [steps, batch, n_best, source]), [1, 2, 0, 3]
        ),
        finished=finished,
    )


def _invariants(loop: Nest) -> Nest:
    """Shapes that hold at every step: batch and beams are known when the graph runs only."""

    def shape(x: Any) -> Any:
        if isinstance(x, tf.TensorArray):
            return tf.TensorShape(None)
        return tf.TensorShape([None] * min(2, len(x.shape)) + list(x.shape[2:]))

    return tf.nest.map_structure(shape, loop)
