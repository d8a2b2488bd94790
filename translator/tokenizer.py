"""SentencePiece: text to ids and back (Kudo & Richardson, arXiv 1808.06226)."""

from __future__ import annotations

import io
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import sentencepiece as spm

from translator.constants import BACK_TRANSLATED, BOS, EOS, PAD, PLACEHOLDERS, UNK
from translator.errors import ConfigError, ModelFolderError
from translator.text import normalize

Algorithm = Literal["unigram", "bpe"]

_COVERAGE, _LEAST_COVERAGE = 0.9999, 0.98
"""Share of the text whose characters are pieces; SentencePiece takes no lower one."""


class Tokenizer:
    """One SentencePiece model.

    Args:
        serialized: The bytes of the model file.

    Raises:
        ModelFolderError: The bytes are no SentencePiece model, or its special tokens are not those
            of `constants`.
    """

    def __init__(self, serialized: bytes) -> None:
        self.serialized = serialized
        try:
            self._processor = spm.SentencePieceProcessor(model_proto=serialized)
        except RuntimeError as error:
            raise ModelFolderError(
                "expected a SentencePiece model. Received: other bytes"
            ) from error
        specials = tuple(
            getattr(self._processor, f"{name}_id")() for name in ("pad", "unk", "bos", "eos")
        )
        if specials != (PAD, UNK, BOS, EOS):
            raise ModelFolderError(
                f"SentencePiece model: expected pad, unk, bos, eos at {(PAD, UNK, BOS, EOS)}. "
                f"Received: {specials}"
            )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Tokenizer:
        """Reads a model file.

        Raises:
            ModelFolderError: There is no such file, or it is no SentencePiece model.
        """
        try:
            return cls(Path(path).read_bytes())
        except OSError as error:
            raise ModelFolderError(f"{path}: cannot be read: {error.strerror}") from error

    @property
    def size(self) -> int:
        """Number of pieces, the special tokens included."""
        return int(self._processor.get_piece_size())

    @property
    def tag(self) -> int | None:
        """Id of `BACK_TRANSLATED`; None in vocabularies that were learnt without it."""
        tag = self._processor.piece_to_id(BACK_TRANSLATED)
        return int(tag) if self._processor.is_control(tag) else None

    @property
    def placeholders(self) -> tuple[int, ...]:
        """Ids of `PLACEHOLDERS`; none in vocabularies that were learnt without them."""
        ids = tuple(int(self._processor.piece_to_id(symbol)) for symbol in PLACEHOLDERS)
        return () if UNK in ids else ids

    def joining(self) -> npt.NDArray[np.bool_]:
        """For each piece, whether it goes on with the word before it."""
        pieces = (self._processor.id_to_piece(i) for i in range(self.size))
        return np.array(
            [piece[:1].isalnum() or self._processor.is_byte(i) for i, piece in enumerate(pieces)]
        )

    def encode(self, text: str) -> list[int]:
        """Ids of a text's pieces, without BOS and EOS; the text is normalised first.

        Raises:
            InputError: The text holds a lone surrogate.
        """
        return list(self._processor.encode(normalize(text)))

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where each piece of `encode` stands in a normalised text: start and stop, in characters.

        The pieces of a character that is spelt in bytes all stand where it does.
        """
        mapping = self._processor.encode(text, out_type="offset_mapping")
        spans = [(int(start), int(stop)) for start, stop in mapping["offsets"]]
        # Of a character in bytes, only the last piece is as wide as the character.
        for n in range(len(spans) - 2, -1, -1):
            if spans[n][0] == spans[n][1]:
                spans[n] = spans[n + 1]
        return spans

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """As `encode`, for many texts that are normalised already."""
        return list(self._processor.encode(list(texts)))

    def decode(self, ids: Iterable[int]) -> str:
        """Text of ids; special tokens leave no trace."""
        kept = [int(i) for i in ids if int(i) not in (PAD, BOS, EOS)]
        return str(self._processor.decode(kept))

    def pieces(self, ids: Iterable[int]) -> tuple[str, ...]:
        """The pieces as they stand in the vocabulary, `▁` for a space."""
        return tuple(self._processor.id_to_piece(int(i)) for i in ids)

    def text_pieces(self) -> dict[str, tuple[int, float]]:
        """Ids and scores of the pieces that spell text: no special tokens, no bytes.

        A score is a log probability in a unigram vocabulary, and less for each merge that was
        learnt later in a BPE vocabulary.
        """
        processor = self._processor
        return {
            processor.id_to_piece(i): (i, processor.get_score(i))
            for i in range(self.size)
            if not (processor.is_control(i) or processor.is_unknown(i) or processor.is_byte(i))
        }


def train_tokenizer(texts: Sequence[str], size: int, algorithm: Algorithm = "unigram") -> Tokenizer:
    """Learns the pieces of some text.

    Digits stand alone, so that a number never seen is still read digit by digit, and a character
    never seen falls back to its bytes, so that nothing is unknown. So do the rarest characters of
    a script that has very many, which would leave no room for longer pieces.

    Args:
        texts: Normalised text, a sentence each; both languages where the vocabulary is joint. A
            few hundred thousand are enough: more add time and memory, not pieces.
        size: Number of pieces. A corpus too small for that many gets as many as it has.
        algorithm: `unigram` (Kudo, arXiv 1804.10959) or `bpe` (Sennrich et al., arXiv 1508.07909).

    Raises:
        ConfigError: The size is too small for the characters of the text.
    """
    coverage = _coverage(texts, size)
    try:
        return _train(texts, size, algorithm, coverage)
    except RuntimeError as error:
        most = re.search(r"set it to a value <= (\d+)", str(error))
        if most:
            return _train(texts, int(most.group(1)), algorithm, coverage)
        needed = re.search(r"smaller than required_chars. \d+ vs (\d+)", str(error))
        reason = str(error)
        if needed:
            reason = (
                f"the bytes and the characters of the text take {needed.group(1)} alone; "
                "set vocab_size to more than that, better to twice as many"
            )
        raise ConfigError(f"vocab_size: {size} pieces cannot be learnt: {reason}") from error


def _coverage(texts: Sequence[str], size: int) -> float:
    """Share of the text that the characters take which are to be pieces: half of the pieces."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text)
    covered = sum(count for _, count in counts.most_common(size // 2))
    return min(_COVERAGE, max(_LEAST_COVERAGE, covered / max(1, counts.total())))


def _train(texts: Sequence[str], size: int, algorithm: Algorithm, coverage: float) -> Tokenizer:
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_writer=model,
        model_type=algorithm,
        vocab_size=size,
        pad_id=PAD,
        unk_id=UNK,
        bos_id=BOS,
        eos_id=EOS,
        control_symbols=[BACK_TRANSLATED],
        user_defined_symbols=list(PLACEHOLDERS),
        byte_fallback=True,
        split_digits=True,
        required_chars="0123456789",
        character_coverage=coverage,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        max_sentence_length=16384,
        hard_vocab_limit=algorithm == "bpe",
        num_threads=4,
        minloglevel=2,
    )
    return Tokenizer(model.getvalue())
