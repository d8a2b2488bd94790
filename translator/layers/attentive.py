"""A recurrence that looks at the source at every step, and its gradient written out.

    α_t, context_t = attend(h_{t-1} · query_kernel)
    h_t = cell(z_t + [context_t; h_{t-1}] · kernel)

As in `recurrence`, the loop backwards yields gradients for pre-activations; those for the weights
and for the memory are matrix products over all steps, outside of it.
"""

from __future__ import annotations

from typing import NamedTuple

from keras import ops

from translator.layers.attention import attend
from translator.layers.cells import PointwiseCell
from translator.layers.numerics import Tensor, batched, linear, linear_gradient
from translator.layers.recurrence import shifted
from translator.layers.scan import scan


class Source(NamedTuple):
    """What a decoder sees of its sentences; computed once, shared by all steps and beams.

    Attributes:
        memory: batch x source_length x memory_size.
        keys: batch x source_length x attention_size.
        bias: batch x source_length, 0 on tokens and a large negative number on padding.
    """

    memory: Tensor
    keys: Tensor
    bias: Tensor


class Kernels(NamedTuple):
    """Weights of the attentive recurrence.

    Attributes:
        query: H x attention_size.
        v: attention_size.
        recurrent: (memory_size + H) x gates·H, for [context; state].
    """

    query: Tensor
    v: Tensor
    recurrent: Tensor


def attentive_step(
    cell: PointwiseCell, z: Tensor, h: Tensor, c: Tensor, source: Source, kernels: Kernels
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """One step, for any number of hypotheses of each sentence.

    Args:
        cell: The arithmetic of a step.
        z: batch x beams x gates·H, the share of the previous token's embedding, bias included.
        h: batch x beams x H.
        c: batch x beams x H.
        source: The sentences.
        kernels: The weights.

    Returns:
        New h and c, context (batch x beams x memory_size), attention weights (batch x beams x
        source_length) and the cell's activations (batch x beams x gates·H).
    """
    query = linear(h, kernels.query)
    context, weights = attend(query, *_in_order(source), kernels.v, kernels.recurrent.dtype)
    z = z + linear(ops.concatenate([context, h], axis=-1), kernels.recurrent)
    h, c, activations = cell.forward(z, c)
    return h, c, context, weights, activations


def attentive_recur(
    cell: PointwiseCell, z: Tensor, h0: Tensor, c0: Tensor, source: Source, kernels: Kernels
) -> tuple[Tensor, Tensor, Tensor]:
    """All steps of one hypothesis for each sentence: the teacher-forced pass.

    Args:
        cell: The arithmetic of a step.
        z: time x batch x gates·H.
        h0: batch x H.
        c0: batch x H.
        source: The sentences.
        kernels: The weights.

    Returns:
        States (time x batch x H), contexts (time x batch x memory_size) and attention weights
        (time x batch x source_length).
    """

    @ops.custom_gradient
    def run(z, h0, c0, memory, keys, bias, query_kernel, v, kernel):  # type: ignore[no-untyped-def]
        source = Source(memory, keys, bias)
        kernels = Kernels(query_kernel, v, kernel)
        dtype = kernel.dtype

        def step(carry, inputs):  # type: ignore[no-untyped-def]
            h, c = carry
            made = attentive_step(cell, inputs[0][:, None], h[:, None], c[:, None], source, kernels)
            h, c, *rest = (x[:, 0] for x in made)
            return (h, c), (h, c, *rest)

        _, (h, c, context, weights, activations) = scan(step, (h0, c0), (z,), outputs=5)

        def gradient(*args, upstream=None):  # type: ignore[no-untyped-def]
            upstream = args if upstream is None else upstream
            # JAX hands the three over as one tuple, TensorFlow as three arguments.
            dh_out, dcontext_out, dweights_out = upstream[0] if len(upstream) == 1 else upstream
            h_previous, c_previous = shifted(h, h0), shifted(c, c0)
            recurrent_transposed = ops.transpose(kernel)
            query_transposed = ops.transpose(query_kernel)
            memory_size = memory.shape[-1]

            def step_back(carry, inputs):  # type: ignore[no-untyped-def]
                dh, dc, dkeys, dv = carry
                (dh_t, dcontext_t, dweights_t, activations_t, c_previous_t, c_t, a_t, query_t) = (
                    inputs
                )
                dz, dc = cell.backward(dh + dh_t, dc, activations_t, c_previous_t, c_t)
                dinput = linear(dz, recurrent_transposed)
                dcontext = dinput[:, :memory_size] + dcontext_t
                da = dweights_t + batched(memory, dcontext[..., None], dtype)[..., 0]
                dscore = a_t * (da - ops.sum(a_t * da, axis=-1, keepdims=True))
                energy = ops.tanh(query_t[:, None] + keys)  # batch x source x attention
                dpre = dscore[..., None] * (v * (1.0 - energy * energy))
                dquery = ops.sum(dpre, axis=1)
                dh = dinput[:, memory_size:] + linear(dquery, query_transposed)
                flat = ops.reshape(energy, (-1, energy.shape[-1]))
                dv = dv + ops.matmul(ops.reshape(dscore, (1, -1)), flat)[0]
                return (dh, dc, dkeys + dpre, dv), (dz, dcontext, dquery)

            start = tuple(ops.zeros_like(x) for x in (h0, c0, keys, v))
            given = (
                *(dh_out, dcontext_out, dweights_out),
                *(activations, c_previous, c, weights, linear(h_previous, query_kernel)),
            )
            (dh0, dc0, dkeys, dv), (dz, dcontext, dquery) = scan(
                step_back, start, given, outputs=3, reverse=True
            )
            dmemory = batched(  # batch x source x time, times batch x time x memory
                ops.transpose(weights, (1, 2, 0)), ops.transpose(dcontext, (1, 0, 2)), dtype
            )
            read = ops.concatenate([context, h_previous], axis=-1)
            return (
                *(dz, dh0, dc0, dmemory, dkeys, ops.zeros_like(bias)),
                linear_gradient(h_previous, dquery, query_kernel.dtype),
                dv,
                linear_gradient(read, dz, dtype),
            )

        return (h, context, weights), gradient

    h, context, weights = run(z, h0, c0, *source, *kernels)
    return h, context, weights


def _in_order(source: Source) -> tuple[Tensor, Tensor, Tensor]:
    return source.keys, source.memory, source.bias
