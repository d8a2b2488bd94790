"""How good a model is: loss per token, BLEU and chrF."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from training.config import TrainConfig
from training.corpus import Pair
from training.dataset import Batches, encode_pairs, widths_to_compile
from training.greedy import GreedyTranslator
from training.losses import token_cross_entropy
from translator.config import SearchConfig
from translator.constants import PAD
from translator.dictionary import Dictionary
from translator.languages import base_language, is_unspaced
from translator.model import Seq2Seq
from translator.tokenizer import Tokenizer

if TYPE_CHECKING:
    from translator.decoders import Decoder
    from translator.shortlist import Lexicon


@dataclasses.dataclass(frozen=True)
class Score:
    """A corpus score of sacreBLEU (Post, arXiv 1804.08771): cased, detokenised.

    Attributes:
        metric: `BLEU` or `chrF`.
        value: 0 to 100.
        signature: What makes it comparable: metric, tokenisation and version.
    """

    metric: str
    value: float
    signature: str


def corpus_scores(
    hypotheses: Sequence[str], references: Sequence[str], language: str = ""
) -> list[Score]:
    """BLEU and chrF of translations against one reference each.

    Args:
        hypotheses: The translations.
        references: What they should be.
        language: Code of their language: BLEU counts characters, not words, where there are no
            spaces between words.
    """
    from sacrebleu.metrics import BLEU, CHRF

    scores = []
    # By force: else it warns of translations that end in a lone full stop, as those of a model do
    # that has hardly begun to learn.
    bleu = BLEU(tokenize=_bleu_tokenizer(language), force=True)
    for name, metric in (("BLEU", bleu), ("chrF", CHRF())):
        result = metric.corpus_score(list(hypotheses), [list(references)])
        scores.append(Score(name, round(result.score, 2), str(metric.get_signature())))
    return scores


def _bleu_tokenizer(language: str) -> str:
    if base_language(language) == "zh":
        return "zh"  # characters, but words of Latin letters stay whole
    return "char" if is_unspaced(language) else "13a"


class LiveModel:
    """A model in memory, in the place of a model folder: `Translator(LiveModel(...))`.

    Args:
        model: The model.
        source: Tokenizer of the source side.
        target: Tokenizer of the target side.
        info: What a folder's `model.json` would say.
    """

    def __init__(
        self,
        model: Seq2Seq,
        source: Tokenizer,
        target: Tokenizer,
        info: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.info = info
        self.version = 0
        self.source = source
        self.target = target
        self.lexicon: Lexicon | None = None
        self.dictionary: Dictionary | None = None
        self._model = model

    def decoder(self) -> Decoder:
        """The model as a search drives it; its weights as they stand when they are read."""
        from translator.graph_decoder import GraphDecoder
        from translator.stepwise import stepwise

        return GraphDecoder(stepwise(self._model))


class Validator:
    """Measures a model in training on the valid split.

    The search needs TensorFlow; on another Keras backend the valid split is decoded greedily,
    whatever `valid_beam_size` is.

    Args:
        model: The model, measured as it stands at each call.
        source: Tokenizer of the source side.
        target: Tokenizer of the target side.
        pairs: The valid split.
        config: Settings of the run.
        language: Code of the target language.
    """

    def __init__(
        self,
        model: Seq2Seq,
        source: Tokenizer,
        target: Tokenizer,
        pairs: Sequence[Pair],
        config: TrainConfig,
        language: str = "",
    ) -> None:
        self._losses = TokenLosses(model)
        self._batches = Batches(
            encode_pairs(pairs, source, target, config.max_length),
            config.batch_tokens,
            widths=widths_to_compile(least=32),
        )
        self._pairs = pairs
        self._select = config.select
        self._language = language
        self._translate = _translate_function(model, source, target, config)

    def measure(self) -> dict[str, float]:
        """The figures, named as in the log."""
        loss, tokens = 0.0, 0
        for indices in self._batches.order(0):
            inputs, labels = self._batches.batch(indices)
            losses = np.asarray(self._losses.predict_on_batch({**inputs, "labels": labels}))
            loss += float(losses[labels != PAD].sum())
            tokens += int((labels != PAD).sum())
        figures = {"valid_loss": loss / tokens}
        if math.isfinite(loss):
            translations = self._translate([s for s, _ in self._pairs])
            references = [target for _, target in self._pairs]
            scores = corpus_scores(translations, references, self._language)
            figures |= {f"valid_{score.metric.lower()}": score.value for score in scores}
        return figures

    def quality(self, figures: Mapping[str, float]) -> float:
        """What the best checkpoint has most of.

        A model whose loss is no number has less than any other.
        """
        if not math.isfinite(figures["valid_loss"]):
            return -math.inf
        if self._select == "loss":
            return -figures["valid_loss"]
        return figures[f"valid_{self._select}"]


def _translate_function(
    model: Seq2Seq, source: Tokenizer, target: Tokenizer, config: TrainConfig
) -> Callable[[Sequence[str]], list[str]]:
    if keras.config.backend() != "tensorflow":
        return GreedyTranslator(
            model, source, target, config.max_length, config.batch_tokens
        ).translate
    from translator.translator import Translator

    translator = Translator(LiveModel(model, source, target))
    search = SearchConfig(beam_size=config.valid_beam_size)

    def translate(texts: Sequence[str]) -> list[str]:
        translator.refresh()
        return [t.text for t in translator.translate(texts, search, workers=search_workers())]

    return translate


def search_workers() -> int:
    """Searches side by side: one for each thread, where each operation has one of them."""
    import tensorflow as tf

    threading = tf.config.threading
    alone = threading.get_intra_op_parallelism_threads() == 1
    return max(1, threading.get_inter_op_parallelism_threads()) if alone else 1


class TokenLosses(keras.Model):
    """Loss of each reference token, without label smoothing: batch x target_length."""

    def __init__(self, model: Seq2Seq) -> None:
        super().__init__(autocast=False, name="losses")
        self.model = model

    def call(self, inputs: dict[str, Any]) -> Any:
        logits = self.model({name: inputs[name] for name in ("source_ids", "target_ids")})
        return token_cross_entropy(inputs["labels"], logits)
