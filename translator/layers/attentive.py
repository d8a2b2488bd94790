"""A recurrence that looks at the source at every step, and its gradient written out.

    r, query = split(h_{t-1} · [recurrent_kernel, query_kernel])
    α_t, context_t = attend(query)
    h_t = cell(x_t + context_t · context_kernel, r)

As in `recurrence`, the loop backwards yields gradients for pre-activations; those for the weights
and for the memory are matrix products over all steps, outside of it.
"""

from __future__ import annotations

from typing import NamedTuple

from keras import ops

from translator.config import ModelConfig
from translator.layers.attention import Score, attend, make_score, mask_bias
from translator.layers.cells import PointwiseCell, Tensors
from translator.layers.numerics import Tensor, batched, linear, linear_gradient
from translator.layers.recurrence import Recurrent, flowing, shifted
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
        state: H x (gates·H + attention_size), for the state's share and the query in one product;
            more rows where more than the state is given to `attentive_step`.
        context: memory_size x gates·H; None where the annotations are projected before the loop.
        v: attention_size.
        gains: The cell's own weights, gates·H each.
    """

    state: Tensor
    context: Tensor | None
    v: Tensor
    gains: Tensors


class Attentive(NamedTuple):
    """The arithmetic of the attentive recurrence.

    Attributes:
        cell: Of the recurrence.
        score: Of the attention.
        truncate: Gradients flow back within chunks of so many steps; 0 is all the way.
    """

    cell: PointwiseCell
    score: Score
    truncate: int = 0


def attentive_step(
    kind: Attentive, x: Tensor, given: Tensor, c: Tensor, source: Source, kernels: Kernels
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """One step, for any number of hypotheses of each sentence.

    Args:
        kind: The arithmetic.
        x: ... x gates·H, what the pre-activations are made of beside `given` and the context: the
            bias, and the share of the previous token where `given` does not hold it.
        given: batch x beams x the rows of `kernels.state`: the state before, and below the
            embedding of the previous token where both take one product.
        c: batch x beams x H; h for a cell without a memory of its own.
        source: The sentences.
        kernels: The weights.

    Returns:
        New h and c, context (batch x beams x memory_size; of projected annotations what stands
        past their first gates·H columns), attention weights (batch x beams x source_length) and
        what the cell saved for its gradient.
    """
    width = x.shape[-1]
    both = linear(given, kernels.state)
    context, weights = attend(
        kind.score,
        both[..., width:],
        *(source.keys, source.memory, source.bias),
        *(kernels.v, kernels.state.dtype),
    )
    if kernels.context is None:
        added, context = context[..., :width], context[..., width:]
    else:
        added = linear(context, kernels.context)
    x = x + added
    h, c, saved = kind.cell.forward(x, both[..., :width], c, kernels.gains)
    return h, c, context, weights, saved


def attentive_recur(
    kind: Attentive, x: Tensor, h0: Tensor, c0: Tensor, source: Source, kernels: Kernels
) -> tuple[Tensor, Tensor, Tensor]:
    """All steps of one hypothesis for each sentence: the teacher-forced pass.

    Args:
        kind: The arithmetic.
        x: time x batch x gates·H.
        h0: batch x H.
        c0: batch x H.
        source: The sentences.
        kernels: The weights.

    Returns:
        States (time x batch x H), contexts (time x batch x memory_size) and attention weights
        (time x batch x source_length).
    """
    cell = kind.cell

    @ops.custom_gradient
    def run(x, h0, c0, memory, keys, bias, state_kernel, context_kernel, v, *gains):  # type: ignore[no-untyped-def]
        source = Source(memory, keys, bias)
        kernels = Kernels(state_kernel, context_kernel, v, gains)
        dtype = state_kernel.dtype
        width = context_kernel.shape[1]

        def step(carry, inputs):  # type: ignore[no-untyped-def]
            h, c = carry
            made = attentive_step(kind, inputs[0][:, None], h[:, None], c[:, None], source, kernels)
            h, c, *rest = (y[:, 0] for y in made)
            return (h, c), (*rest, h, c) if cell.has_memory else (*rest, h)

        _, (context, weights, saved, h, *c) = scan(
            step, (h0, c0), (x,), outputs=4 + cell.has_memory
        )

        def gradient(*args, upstream=None):  # type: ignore[no-untyped-def]
            upstream = args if upstream is None else upstream
            # JAX hands the three over as one tuple, TensorFlow as three arguments.
            dh_out, dcontext_out, dweights_out = upstream[0] if len(upstream) == 1 else upstream
            cell_memory = c[0] if cell.has_memory else h
            h_previous, c_previous = shifted(h, h0), shifted(cell_memory, c0)
            state_transposed = ops.transpose(state_kernel)
            context_transposed = ops.transpose(context_kernel)

            def step_back(carry, inputs):  # type: ignore[no-untyped-def]
                dh, dc, dkeys, dv, *dgains = carry
                dh_t, dcontext_t, da_t, saved_t, c_previous_t, c_t, a_t, query_t, flows_t = inputs
                dx, dr, dc, more = cell.backward(dh + dh_t, dc, saved_t, c_previous_t, c_t, gains)
                dcontext = linear(dx, context_transposed) + dcontext_t
                da = da_t + batched(memory, dcontext[..., None], dtype)[..., 0]
                dscore = a_t * (da - ops.sum(a_t * da, axis=-1, keepdims=True))
                dquery, dkeys_t, dv_t = kind.score.gradient(dscore, query_t, keys, v, dtype)
                dboth = ops.concatenate([dr, dquery], axis=-1)
                carry = (
                    *(flows_t * linear(dboth, state_transposed), flows_t * dc),
                    *(dkeys + dkeys_t, dv + dv_t, *map(ops.add, dgains, more)),
                )
                return carry, (dboth, dcontext) if cell.sums_shares else (dboth, dcontext, dx)

            start = tuple(ops.zeros_like(y) for y in (h0, c0, keys, v, *gains))
            given = (
                *(dh_out, dcontext_out, dweights_out, saved, c_previous, cell_memory, weights),
                linear(h_previous, state_kernel[:, width:]),
                flowing(ops.shape(x)[0], kind.truncate),
            )
            (dh0, dc0, dkeys, dv, *dgains), (dboth, dcontext, *rest) = scan(
                step_back, start, given, outputs=3 - cell.sums_shares, reverse=True
            )
            dx = rest[0] if rest else dboth[..., :width]
            dmemory = batched(  # batch x source x time, times batch x time x memory
                ops.transpose(weights, (1, 2, 0)), ops.transpose(dcontext, (1, 0, 2)), dtype
            )
            return (
                *(dx, dh0, dc0, dmemory, dkeys, ops.zeros_like(bias)),
                linear_gradient(h_previous, dboth, dtype),
                linear_gradient(context, dx, dtype),
                *(dv, *dgains),
            )

        return (h, context, weights), gradient

    given = (*source, kernels.state, kernels.context, kernels.v, *kernels.gains)
    h, context, weights = run(x, h0, c0, *given)
    return h, context, weights


class AttentiveRecurrent(Recurrent):
    """The decoder's first layer: a recurrent layer that looks at the source at every step.

    Args:
        units: Width H of the state.
        config: The kinds of recurrence and attention, and their sizes.
    """

    def __init__(self, units: int, config: ModelConfig, **kwargs: object) -> None:
        super().__init__(units, config, **kwargs)
        self.kind = Attentive(self.cell, make_score(config.attention), config.truncate_bptt)
        self.memory_size = config.memory_size
        self.attention_size = 0 if config.attention == "none" else config.attention_size
        self.v_size = self.attention_size if config.attention == "additive" else 0

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        width, size = self.cell.gates * self.units, self.attention_size
        self.context_kernel = self.add_weight(
            autocast=False, name="context_kernel", shape=(self.memory_size, width)
        )
        self.query_kernel = self.add_weight(
            autocast=False, name="query_kernel", shape=(self.units, size)
        )
        self.key_kernel = self.add_weight(
            autocast=False, name="key_kernel", shape=(self.memory_size, size)
        )
        self.key_bias = self.add_weight(
            autocast=False, name="key_bias", shape=(size,), initializer="zeros"
        )
        self.v = self.add_weight(autocast=False, name="v", shape=(self.v_size, 1))

    def source(self, memory: Tensor, source_ids: Tensor) -> Source:
        """Projects annotations, once for each sentence.

        Args:
            memory: batch x source_length x memory_size.
            source_ids: batch x source_length, 0-padded.
        """
        keys = linear(memory, self.cast(self.key_kernel)) + ops.convert_to_tensor(self.key_bias)
        return Source(memory, keys, mask_bias(source_ids))

    def attending_call(
        self, x: Tensor, h0: Tensor, c0: Tensor, source: Source
    ) -> tuple[Tensor, Tensor, Tensor]:
        """All steps: inputs time x batch x input_size to states, contexts and weights."""
        return attentive_recur(self.kind, self.project(x), h0, c0, source, self.attending_kernels())

    def attending_kernels(self) -> Kernels:
        """The weights of the recurrence, in the dtypes of their products."""
        state = ops.concatenate([self.recurrent_kernel, self.query_kernel], axis=-1)
        v = ops.reshape(ops.convert_to_tensor(self.v), (-1,))
        return Kernels(self.cast(state), self.cast(self.context_kernel), v, self.gains())
