"""The loop of the beam search."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from translator.batch import BATCH_SIZES
from translator.constants import BOS, EOS, PAD
from translator.graph_search.hypotheses import (
    NEVER,
    Nest,
    Options,
    Sentences,
    StepFunction,
    Tensor,
)
from translator.graph_search.pool import Ended, by_parent, empty_pool, keep_best, only, put
from translator.graph_search.rules import apply_rules, with_tokens
from translator.graph_search.scoring import coverage_penalty, length_penalty
from translator.graph_search.top import best_continuations
from translator.graph_search.trace import Trace, empty_trace, read_back
from translator.search.hypotheses import Hypotheses


class _Alive(NamedTuple):
    """Hypotheses that go on, best first; a dead place has log P -inf."""

    state: Nest
    tokens: Tensor  # batch x beams, put out last
    log_probs: Tensor  # batch x beams, of the whole hypothesis
    coverage: Tensor  # batch x beams x source_length
    history: Tensor  # batch x beams x max_length, the tokens


class _Batch(NamedTuple):
    """The sentences that are still in the batch, and all that is known of them."""

    members: Tensor  # batch, int32: which they are of those that the search began with
    done: Tensor  # batch, bool
    sentences: Sentences
    alive: _Alive
    halted: Ended
    cut: Ended


def beam_search(
    step: StepFunction,
    state: Nest,
    sentences: Sentences,
    options: Options,
) -> Hypotheses:
    """Searches for the best target of every source sentence of a batch.

    Args:
        step: The model.
        state: Its state before BOS; a nest of tensors of batch x 1 x ....
        sentences: The sentences.
        options: The settings.

    Returns:
        The best hypotheses.
    """
    longest = tf.maximum(tf.reduce_max(sentences.max_lengths), 1)  # of no sentences, too
    beams = tf.maximum(tf.reduce_max(sentences.beams), options.n_best)
    total, source_length = tf.unstack(tf.shape(sentences.mask))
    nothing = empty_pool(total, beams)
    batch = _Batch(
        members=tf.range(total),
        done=~tf.reduce_any(sentences.mask, axis=1),
        sentences=sentences,
        alive=_Alive(
            state=state,
            tokens=tf.fill([total, 1], BOS),
            log_probs=tf.zeros([total, 1]),
            coverage=tf.zeros([total, 1, source_length]),
            history=tf.fill([total, 1, longest], PAD),
        ),
        halted=nothing,
        cut=nothing,
    )

    def advance(t: Tensor, batch: _Batch, trace: Trace) -> tuple[Tensor, _Batch, Trace]:
        return t + 1, *_advance(step, batch, t, options, trace)

    def body(
        t: Tensor, batch: _Batch, halted: Ended, cut: Ended, trace: Trace
    ) -> tuple[Tensor, _Batch, Ended, Ended, Trace]:
        size = tf.shape(batch.done)[0]
        t, batch, trace = _while(
            lambda t, batch, _: (t == 0) | (size > 0) & (_size_for(batch) >= size),
            advance,
            (t, batch, trace),
        )
        return t, *_without_done(batch, halted, cut), trace

    # Two loops, because a condition within one would cost a lone sentence more than its steps.
    steps, _, halted, cut, trace = _while(
        lambda t, batch, *_: (t == 0) | (tf.shape(batch.done)[0] > 0),
        body,
        (tf.constant(0), batch, nothing, nothing, empty_trace()),
    )
    return read_back(halted, cut, options.n_best, trace, steps, source_length)


class _Candidates(NamedTuple):
    """Hypotheses with one more token, of which each sentence has at most as many as places."""

    tokens: Tensor  # batch x places
    parents: Tensor  # batch x places, where in the beam they come from
    totals: Tensor  # batch x places, log P of the whole hypothesis
    log_probs: Tensor  # batch x places, of the token
    coverage: Tensor  # batch x places x source_length


def _advance(
    step: StepFunction,
    batch: _Batch,
    t: Tensor,
    options: Options,
    trace: Trace,
) -> tuple[_Batch, Trace]:
    """Gives every hypothesis its next token."""
    sentences = batch.sentences
    logits, state, attention = step(batch.alive.tokens, batch.alive.state, sentences.given)
    made = _continue(batch, logits, attention, t, options)
    scores = made.totals / length_penalty(t + 1, options.length_penalty)
    scores += coverage_penalty(made.coverage, sentences.mask, options.coverage_penalty)
    at = tf.fill(tf.shape(made.tokens), t)
    ends_here = Ended(scores, at, made.parents, made.tokens, made.log_probs)
    halts = made.tokens == EOS
    at_cap = (t + 1 >= sentences.max_lengths)[:, None]
    halted = keep_best(batch.halted, only(halts, ends_here))
    cut = keep_best(batch.cut, only(at_cap & ~halts, ends_here))

    totals = tf.where(halts | at_cap, NEVER, made.totals)
    done = batch.done | _cannot_improve(totals, halted.scores, sentences.max_lengths, options)
    made = _without_dead(made._replace(totals=tf.where(done[:, None], NEVER, totals)))
    state, history = tf.nest.map_structure(
        lambda x: by_parent(x, made.parents), (state, batch.alive.history)
    )
    history = with_tokens(history, made.tokens, t)
    alive = _Alive(state, made.tokens, made.totals, made.coverage, history)
    trace = trace.write(t, batch.members, made.parents, made.tokens, made.log_probs, attention)
    return _Batch(batch.members, done, sentences, alive, halted, cut), trace


def _continue(
    batch: _Batch,
    logits: Tensor,
    attention: Tensor,
    t: Tensor,
    options: Options,
) -> _Candidates:
    """The continuations that get a place."""
    alive, sentences = batch.alive, batch.sentences
    log_probs = tf.nn.log_softmax(logits)  # batch x beams x columns
    allowed = apply_rules(log_probs, alive.history, t, sentences, options)
    places = tf.where(batch.done, 0, sentences.beams - batch.halted.filled())  # batch
    most = _one_or_all(tf.reduce_max(places), tf.shape(batch.halted.scores)[1])
    tokens, parents, totals = best_continuations(alive.log_probs, allowed, most)
    totals = tf.where(tf.range(tf.shape(totals)[1]) < places[:, None], totals, NEVER)
    return _Candidates(
        tokens,
        parents,
        totals,
        tf.gather_nd(log_probs, tf.stack([parents, tokens], -1), batch_dims=1),
        by_parent(alive.coverage + attention, parents),
    )


def _without_dead(made: _Candidates) -> _Candidates:
    """What goes on first, best first; one column, if no sentence needs more."""
    width = tf.reduce_max(tf.reduce_sum(tf.cast(made.totals > NEVER, tf.int32), axis=1))
    _, order = tf.math.top_k(made.totals, _one_or_all(width, tf.shape(made.totals)[1]))
    return _Candidates(*(by_parent(x, order) for x in made))


def _one_or_all(needed: Tensor, beams: Tensor) -> Tensor:
    """Columns for as many beams as are needed; two numbers only, see `batch.BATCH_SIZES`."""
    return tf.where(needed > 1, beams, 1)


def _cannot_improve(
    totals: Tensor, halted_scores: Tensor, max_lengths: Tensor, options: Options
) -> Tensor:
    """Whether nothing alive can still enter the n best; batch.

    log P only falls and cp is never above 0, so log P / lp(longest) bounds every score to come.
    """
    bound = tf.reduce_max(totals, axis=-1) / length_penalty(max_lengths, options.length_penalty)
    return bound <= halted_scores[:, options.n_best - 1]


def _without_done(batch: _Batch, halted: Ended, cut: Ended) -> tuple[_Batch, Ended, Ended]:
    """Takes sentences whose search has ended out of the batch; what they became is put aside."""
    left = tf.argsort(tf.cast(batch.done, tf.int32), stable=True)[: _size_for(batch)]
    smaller = tf.nest.map_structure(lambda x: tf.gather(x, left), batch)
    halted = put(batch.halted, batch.members, halted)
    return smaller, halted, put(batch.cut, batch.members, cut)


def _size_for(batch: _Batch) -> Tensor:
    """Size of a batch that holds all that are still searched; int32."""
    left = tf.reduce_sum(tf.cast(~batch.done, tf.int32))
    sizes = tf.constant((0, *BATCH_SIZES))
    place = tf.searchsorted(sizes, left[None])[0]
    return sizes[tf.minimum(place, len(BATCH_SIZES))]


def _while(condition: Any, body: Any, start: Nest) -> Any:
    """A loop over tensors whose batch and beams change from step to step."""

    def shape(x: Tensor) -> tf.TensorShape:
        if isinstance(x, tf.TensorArray):
            return tf.TensorShape(None)
        return tf.TensorShape([None] * min(2, len(x.shape)) + list(x.shape[2:]))

    shapes = tf.nest.map_structure(shape, start)
    return tf.while_loop(condition, body, start, shape_invariants=shapes)
