"""What a model folder computes, over a model that is alive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from translator.constants import BOS, PAD
from translator.graph_search.beam import beam_search
from translator.graph_search.hypotheses import Options
from translator.graph_search.sentences import sentences_of
from translator.layers.attentive import Source
from translator.layers.decoder import DecoderKernels, State
from translator.model import Seq2Seq, embed
from translator.signatures import SCORE_SPEC, TRANSLATE_SPEC

Tensor = Any
Function = Callable[..., dict[str, Tensor]]


class Weights(NamedTuple):
    """All weights as a search wants them: cast once. Tables that are one in the model are one here.

    Attributes:
        encoding: Those that `encode` reads.
        kernels: Those of a decoding step.
        embeddings: target pieces x embedding_size.
        output: target pieces x embedding_size, the output layer.
        output_bias: target pieces.
    """

    encoding: tuple[Tensor, ...]
    kernels: DecoderKernels
    embeddings: Tensor
    output: Tensor
    output_bias: Tensor


def prepare(model: Seq2Seq) -> Weights:
    """The weights of a model, in the dtypes of its products."""
    dtype = model.compute_dtype
    read = _encoding_weights(model)
    tables = model.target_embeddings, model.output_embeddings
    cast = {
        id(weight): tf.cast(
            weight, dtype if weight.name.endswith(("kernel", "embeddings")) else tf.float32
        )
        for weight in {id(weight): weight for weight in (*read, *tables)}.values()
    }
    return Weights(
        tuple(cast[id(weight)] for weight in read),
        model.decoder.projecting_kernels(),
        cast[id(model.target_embeddings)],
        cast[id(model.output_embeddings)],
        tf.convert_to_tensor(model.output_bias),
    )


def encode(model: Seq2Seq, weights: Weights, source_ids: Tensor) -> tuple[Source, State]:
    """As `model.encode`, with given weights; annotations projected."""
    with keras.StatelessScope() as scope:
        for variable, value in zip(_encoding_weights(model), weights.encoding, strict=True):
            # The scope's constructor would cast it back to float32.
            scope.add_update((variable, value))
        source, state = model.encode(source_ids)
    return model.decoder.projected(source, weights.kernels), state


def step(
    model: Seq2Seq, weights: Weights, tokens: Tensor, state: State, source: Source
) -> tuple[Tensor, State, Tensor]:
    """One decoding step with given weights, up to the output layer.

    Returns:
        Features (batch x beams x embedding_size), the new state, and attention weights (batch x
        beams x source_length).
    """
    return model.decoder.step(embed(weights.embeddings, tokens), state, source, weights.kernels)


def translate(
    model: Seq2Seq,
    source_ids: Tensor,
    beam_size: Tensor,
    n_best: Tensor,
    min_length: Tensor,
    no_repeat_ngram_size: Tensor,
    length_penalty: Tensor,
    coverage_penalty: Tensor,
    max_length_ratio: Tensor,
) -> dict[str, Tensor]:
    """Searches for the best translations; `SearchConfig` explains the settings.

    Args:
        model: The model.
        source_ids: batch x source_length, int32: pieces, then EOS, 0-padded.
        beam_size: int32.
        n_best: int32.
        min_length: int32.
        no_repeat_ngram_size: int32.
        length_penalty: float32.
        coverage_penalty: float32.
        max_length_ratio: float32; of source tokens, EOS counted.

    Returns:
        The fields of `search.hypotheses.Hypotheses`, by name.
    """
    tf.debugging.assert_less_equal(n_best, beam_size, "n_best: expected at most beam_size")
    source, start = model.encode(source_ids)
    kernels = model.decoder.kernels()

    def step(tokens: Tensor, state: State, source: Source) -> tuple[Tensor, State, Tensor]:
        logits, state, attention = model.step(tokens, state, source, kernels)
        return logits, state, attention

    options = Options(n_best, length_penalty, coverage_penalty, min_length, no_repeat_ngram_size)
    sentences = sentences_of(source, source_ids, beam_size, max_length_ratio)
    return beam_search(step, start, sentences, options)._asdict()


def score(model: Seq2Seq, source_ids: Tensor, target_ids: Tensor) -> dict[str, Tensor]:
    """Log-probability of each token of given translations.

    Args:
        model: The model.
        source_ids: batch x source_length, int32: pieces, then EOS, 0-padded.
        target_ids: batch x target_length, the same.

    Returns:
        `log_probs`: batch x target_length, float32, natural logarithm, 0 on padding.
    """
    fed = tf.concat([tf.fill([tf.shape(target_ids)[0], 1], BOS), target_ids[:, :-1]], axis=1)
    log_probs = tf.nn.log_softmax(model({"source_ids": source_ids, "target_ids": fed}))
    chosen = tf.gather(log_probs, target_ids, axis=2, batch_dims=2)
    return {"log_probs": tf.where(target_ids == PAD, 0.0, chosen)}


def compiled(model: Seq2Seq) -> tuple[Function, Function]:
    """`translate` and `score` of a model as graphs; they follow its weights as these change."""

    @tf.function(input_signature=[TRANSLATE_SPEC], autograph=False)
    def translate_graph(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return translate(model, **inputs)

    @tf.function(input_signature=[SCORE_SPEC], autograph=False)
    def score_graph(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return score(model, **inputs)

    return (lambda **inputs: translate_graph(inputs)), (lambda **inputs: score_graph(inputs))


def _encoding_weights(model: Seq2Seq) -> list[Any]:
    decoder = model.decoder
    return [
        model.source_embeddings,
        *model.encoder.weights,
        *(decoder.attending.key_kernel, decoder.attending.key_bias),
        *(decoder.bridge_kernel, decoder.bridge_bias),
    ]
