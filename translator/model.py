"""The model: a recurrent encoder-decoder with attention (Bahdanau et al., arXiv 1409.0473)."""

from __future__ import annotations

import keras
from keras import ops

from translator.config import ModelConfig
from translator.layers.attentive import Source
from translator.layers.decoder import Decoder, DecoderKernels, State
from translator.layers.encoder import Encoder
from translator.layers.numerics import Tensor, linear


class Seq2Seq(keras.Model):
    """Source ids in, logits over target pieces out.

    Args:
        config: The sizes.
        dtype: A Keras dtype policy; `mixed_bfloat16` multiplies in bfloat16 and keeps weights,
            states and logits in float32.
    """

    def __init__(self, config: ModelConfig, dtype: str = "float32", **kwargs: object) -> None:
        super().__init__(autocast=False, dtype=dtype, **kwargs)
        self.config = config
        size = config.embedding_size
        tables = {"target": config.target_vocab_size}
        if not config.share_embeddings:
            tables["source"] = config.source_vocab_size
        embeddings = {
            side: self.add_weight(
                autocast=False,
                name=f"{side}_embeddings",
                shape=(pieces, size),
                initializer=keras.initializers.RandomNormal(stddev=size**-0.5),
            )
            for side, pieces in tables.items()
        }
        self.target_embeddings = embeddings["target"]
        self.source_embeddings = embeddings.get("source", self.target_embeddings)
        self.output_embeddings = (
            self.target_embeddings
            if config.tie_output
            else self.add_weight(
                autocast=False, name="output_embeddings", shape=(config.target_vocab_size, size)
            )
        )
        self.output_bias = self.add_weight(
            autocast=False,
            name="output_bias",
            shape=(config.target_vocab_size,),
            initializer="zeros",
        )
        self.encoder = Encoder(config, dtype=dtype, name="encoder")
        self.decoder = Decoder(config, dtype=dtype, name="decoder")
        self.dropout = keras.layers.Dropout(config.embedding_dropout, dtype="float32")
        self.word_dropout = keras.layers.Dropout(
            config.word_dropout, noise_shape=(None, None, 1), dtype="float32"
        )
        self.built = True

    def encode(self, source_ids: Tensor, training: bool = False) -> tuple[Source, State]:
        """Reads the source sentences.

        Args:
            source_ids: batch x source_length, int32: pieces, then EOS, 0-padded.
            training: Whether dropout is on.

        Returns:
            What the decoder sees of them, and its state before BOS, with one beam.
        """
        embedded = self._embed(self.source_embeddings, source_ids, training)
        memory, final = self.encoder(embedded, source_ids, training=training)
        return self.decoder.source(memory, source_ids), self.decoder.initial_state(final)

    def step(
        self, previous_ids: Tensor, state: State, source: Source, kernels: DecoderKernels
    ) -> tuple[Tensor, State, Tensor]:
        """One decoding step, as search and sampling drive it.

        Args:
            previous_ids: batch x beams, the tokens put out last (BOS at the start).
            state: The state of every hypothesis.
            source: The sentences.
            kernels: `decoder.kernels()`, made once, outside the loop over the steps.

        Returns:
            Logits (batch x beams x target_vocab_size), the new state, and attention weights
            (batch x beams x source_length).
        """
        embedded = embed(self.target_embeddings, previous_ids)
        features, state, weights = self.decoder.step(embedded, state, source, kernels)
        return self.logits(features), state, weights

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """The teacher-forced pass, as `features`, to the end.

        Returns:
            Logits for the token after each one fed, batch x target_length x target_vocab_size.
        """
        return self.logits(self.features(inputs, training=training))

    def features(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """The teacher-forced pass, up to the output layer.

        Args:
            inputs: `source_ids`, batch x source_length, and `target_ids`, batch x target_length:
                the tokens to feed, BOS first. Where training samples its own tokens (scheduled
                teacher forcing), they are in `target_ids` already.
            training: Whether dropout is on.

        Returns:
            What the output layer reads, batch x target_length x embedding_size.
        """
        source, state = self.encode(inputs["source_ids"], training=training)
        embedded = self._embed(self.target_embeddings, inputs["target_ids"], training)
        features, _ = self.decoder(embedded, state, source, training=training)
        return features

    def logits(self, features: Tensor) -> Tensor:
        """The output layer, ... x embedding_size to ... x target_vocab_size, float32."""
        kernel = ops.transpose(ops.cast(self.output_embeddings, self.compute_dtype))
        return linear(features, kernel) + ops.convert_to_tensor(self.output_bias)

    def _embed(self, table: Tensor, ids: Tensor, training: bool) -> Tensor:
        """Embeddings with both dropouts, batch x length x embedding_size."""
        embedded = self.dropout(embed(table, ids), training=training)
        return self.word_dropout(embedded, training=training)


def build(config: ModelConfig, dtype: str = "float32", seed: int = 0) -> Seq2Seq:
    """A model with all its weights made, drawn from `seed`."""
    keras.utils.set_random_seed(seed)
    return Seq2Seq(config, dtype=dtype, name="seq2seq")


def embed(table: Tensor, ids: Tensor) -> Tensor:
    """Rows of an embedding table, ids' shape x embedding_size, float32."""
    return ops.cast(ops.take(ops.convert_to_tensor(table), ids, axis=0), "float32")
