"""The loop of the beam search."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from translator.batch import round_up
from translator.constants import BOS, EOS
from translator.search.hypotheses import (
    NEVER,
    Array,
    Hypotheses,
    Nest,
    Options,
    Required,
    Sentences,
    StepFunction,
    mapped,
    ranks_within,
)
from translator.search.required import (
    Progress,
    advance,
    asked_for,
    no_progress,
    point,
    select,
)
from translator.search.rules import Past, Vocabulary, apply_rules, no_past
from translator.search.scoring import coverage_penalty, length_penalty
from translator.search.top import best_continuations, filled_up, log_sum_exp
from translator.search.trace import ROOT, Ended, Made, Trace, read_back


class _Batch(NamedTuple):
    """The sentences that are still in the batch, and all that is known of them."""

    members: Array  # batch: which they are of those that the search began with
    places: Array  # batch, for hypotheses that go on
    halted: Array  # batch x n_best, the scores of the best that have halted
    penalties: Array  # batch, lp of the longest that a hypothesis may become
    sentences: Sentences


class _Alive(NamedTuple):
    """Hypotheses: those of a sentence side by side, the likeliest first.

    In a beam, all sentences have as many; a dead one has log P -inf, and is anything else.
    """

    sentences: Array  # places in the batch
    rows: Array  # which of the last beam they go on from
    numbers: Array  # in the trace
    tokens: Array  # put out last
    log_probs: Array  # of the whole hypothesis
    coverage: Array | None  # hypotheses x source_length, where it is asked for
    past: Past | None  # where a rule asks for it
    progress: Progress | None  # where something is required


def beam_search(
    step: StepFunction,
    state: Nest,
    sentences: Sentences,
    options: Options,
    vocabulary: Vocabulary | None = None,
) -> Hypotheses:
    """Searches for the best target of every source sentence of a batch.

    Args:
        step: The model.
        state: Its state before BOS; a nest of arrays of batch x 1 x ....
        sentences: The sentences.
        options: The settings.
        vocabulary: What the columns of the logits stand for; the ids themselves by default.

    Returns:
        The best hypotheses.
    """
    vocabulary = vocabulary or Vocabulary()
    total, source_length = sentences.mask.shape
    beams = int(sentences.beams.max(initial=options.n_best))
    batch = _Batch(
        members=np.arange(total),
        places=sentences.beams.copy(),
        halted=np.full((total, options.n_best), NEVER),
        penalties=length_penalty(sentences.max_lengths, options.length_penalty),
        sentences=sentences,
    )
    alive, trace = _start(sentences, options), Trace()
    while len(alive.tokens):
        batch, alive = _without_done(batch, alive)
        beam = _beam_of(alive, len(batch.members), beams)
        state = _by_row(state, beam.rows.reshape(len(batch.members), -1))
        state, alive = _advance(step, state, batch, beam, options, vocabulary, trace)
    return read_back(trace, total, options.n_best, source_length)


def _start(sentences: Sentences, options: Options) -> _Alive:
    """A hypothesis of no token for each sentence that has any itself."""
    total = np.arange(len(sentences.mask))
    every = _Alive(
        sentences=total,
        rows=total,
        numbers=np.full(len(total), ROOT),
        tokens=np.full(len(total), BOS, np.int32),
        log_probs=np.zeros(len(total), np.float32),
        coverage=np.zeros(sentences.mask.shape, np.float32) if options.coverage_penalty else None,
        past=no_past(sentences, options),
        progress=no_progress(sentences.required[0].phrases) if sentences.required else None,
    )
    return _only(every, np.flatnonzero(sentences.mask.any(axis=1)))


def _without_done(batch: _Batch, alive: _Alive) -> tuple[_Batch, _Alive]:
    """Takes sentences whose search has ended out of the batch; see `batch.BATCH_SIZES`."""
    searched = np.zeros(len(batch.members), np.bool_)
    searched[alive.sentences] = True
    size = round_up(int(np.count_nonzero(searched)))
    if size >= len(searched):
        return batch, alive
    left = np.argsort(~searched, kind="stable")[:size]
    places = np.empty(len(searched), np.int64)
    places[left] = np.arange(size)
    smaller = mapped(lambda x: x[left], batch)
    return smaller, alive._replace(sentences=places[alive.sentences])


def _beam_of(alive: _Alive, batch: int, beams: int) -> _Alive:
    """The beam; of one place, if no sentence needs more: two shapes only."""
    ranks = ranks_within(alive.sentences)
    width = beams if ranks.any() else 1
    if len(ranks) == batch * width:
        return alive
    places = alive.sentences * width + ranks
    chosen = np.zeros(batch * width, np.int64)
    chosen[places] = np.arange(len(places))
    log_probs = np.full(len(chosen), NEVER)
    log_probs[places] = alive.log_probs
    return _only(alive, chosen)._replace(log_probs=log_probs)


def _only(alive: _Alive, hypotheses: Array) -> _Alive:
    """Some of the hypotheses."""
    some: _Alive = mapped(lambda x: x[hypotheses], alive)
    return some


def _by_row(state: Nest, rows: Array) -> Nest:
    """States of the last beam, for each place of this one, batch x beams."""
    return mapped(lambda x: x.reshape(-1, *x.shape[2:]).take(rows, axis=0), state)


def _advance(
    step: StepFunction,
    state: Nest,
    batch: _Batch,
    beam: _Alive,
    options: Options,
    vocabulary: Vocabulary,
    trace: Trace,
) -> tuple[Nest, _Alive]:
    """Gives every hypothesis its next token.

    Args:
        step: The model.
        state: Of the beam.
        batch: Its places are kept by what halts.
        beam: The hypotheses.
        options: The settings.
        vocabulary: What the columns of the logits stand for.
        trace: What was made and what ended is added.

    Returns:
        The state after these tokens, and the hypotheses that go on.
    """
    t, size, sentences = len(trace.steps), len(beam.tokens), batch.sentences
    tokens = beam.tokens.reshape(len(batch.members), -1)
    logits, state, attention = step(tokens, state, sentences.given)
    logits, attention = filled_up(logits.reshape(size, -1)), attention.reshape(size, -1)
    alive = _continue(batch, beam, logits, attention, t, options, vocabulary, trace)
    halts = alive.tokens == EOS
    cut = ~halts & (t + 1 >= sentences.max_lengths)[alive.sentences]
    over = halts | cut
    if over.any():
        scores = alive.log_probs / length_penalty(t + 1, options.length_penalty)
        if alive.coverage is not None and options.coverage_penalty:
            mask = sentences.mask[alive.sentences]
            scores += coverage_penalty(alive.coverage, mask, options.coverage_penalty)
        if alive.progress is not None:
            # What lacks a required phrase at the cap is not worth returning.
            cut &= alive.progress.all_met()
        ends = np.flatnonzero(halts | cut)
        members = batch.members[alive.sentences[ends]]
        trace.ended.append(Ended(members, cut[ends], scores[ends], alive.numbers[ends]))
        _keep_places(batch, alive.sentences[halts], scores[halts])
        alive = _only(alive, np.flatnonzero(~over))
    can = _can_improve(batch, alive)
    return state, alive if can.all() else _only(alive, np.flatnonzero(can))


def _continue(
    batch: _Batch,
    beam: _Alive,
    logits: Array,
    attention: Array,
    t: int,
    options: Options,
    vocabulary: Vocabulary,
    trace: Trace,
) -> _Alive:
    """The continuations that get a place.

    Args:
        batch: The batch.
        beam: The hypotheses.
        logits: batch · beams x columns; changed.
        attention: batch · beams x source_length.
        t: How many tokens they have.
        options: The settings.
        vocabulary: What the columns of the logits stand for.
        trace: They are added.
    """
    sentences, width = batch.sentences, len(beam.tokens) // len(batch.members)
    totals, log_sums = beam.log_probs.reshape(-1, width), log_sum_exp(logits)
    progress = beam.progress
    if progress is None:
        apply_rules(logits, beam.past, t, sentences, options, vocabulary)
        made = best_continuations(totals, logits, log_sums, batch.places)
    else:
        logits -= log_sums[:, None]
        required = Required(*(np.repeat(x, width, axis=0) for x in sentences.required[0]))
        shares = point(logits, attention, required.spans, progress, vocabulary)
        asked = asked_for(beam.log_probs, logits, progress, vocabulary)
        apply_rules(logits, beam.past, t, sentences, options, vocabulary)
        made = select(
            *(totals, logits, asked, batch.places, sentences.beams),
            *(progress, required.phrases, vocabulary),
        )
    rows, tokens = made.rows, vocabulary.ids_of(made.columns).astype(np.int32)
    if progress is not None:
        phrases = required.phrases[rows]
        progress = advance(progress.of(rows), tokens, phrases, shares[rows])
    attended = attention[rows]
    return _Alive(
        sentences=rows // width,
        rows=rows,
        numbers=trace.add(Made(beam.numbers[rows], tokens, made.log_probs, attended)),
        tokens=tokens,
        log_probs=made.totals,
        coverage=None if beam.coverage is None else beam.coverage[rows] + attended,
        past=None if beam.past is None else beam.past.then(rows, tokens),
        progress=progress,
    )


def _keep_places(batch: _Batch, of: Array, scores: Array) -> None:
    """Lets hypotheses that halted keep their places, and their scores if they are among the best.

    Args:
        batch: Changed.
        of: hypotheses, places of their sentences in the batch.
        scores: hypotheses.
    """
    for sentence, score in zip(of, scores, strict=True):
        batch.places[sentence] -= 1
        best = batch.halted[sentence]
        worst = best.argmin()
        best[worst] = max(best[worst], score)


def _can_improve(batch: _Batch, alive: _Alive) -> Array:
    """Whether a sentence's hypotheses can still enter its n best; hypotheses, bool.

    log P only falls and cp is never above 0, so log P / lp(longest) bounds every score to come.
    """
    of = alive.sentences
    likeliest = alive.log_probs[of.searchsorted(of)]
    can: Array = likeliest / batch.penalties[of] > batch.halted.min(axis=1)[of]
    return can
