"""Beam search over a step function.

A sentence has a beam of `beam_size` places. A hypothesis that halts keeps its place, frozen, so
the beam narrows as hypotheses halt, and a beam of one is greedy search. The search of a sentence
ends when no place is left, when nothing alive can still beat the n-th best that has halted, or at
the cap; it then leaves the batch.

Hypotheses Y are ranked by Wu et al. (arXiv 1609.08144, eq. 14):

    s(Y) = log P(Y) / lp(Y) + cp(Y)
    lp(Y) = ((5 + |Y|) / 6)^α          |Y|: the hypothesis's own tokens, EOS counted
    cp(Y) = β Σ_i log min(Σ_j p_ij, 1)  p_ij: attention of target token j on source token i
"""
