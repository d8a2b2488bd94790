import io
import random
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from translator.constants import BACK_TRANSLATED, BOS, EOS, PAD, UNK
from translator.errors import ConfigError, InputError, ModelFolderError
from translator.text import normalize
from translator.tokenizer import Tokenizer, train_tokenizer

_rng = random.Random(1)
_WORDS = [
    "la",
    "casa",
    "es",
    "grande",
    "y",
    "el",
    "perro",
    "come",
    "en",
    "el",
    "jardín",
    "con",
    "los",
    "niños",
    "a",
    "las",
    "13",
    "24",
    "de",
    "mañana",
]
TEXTS = [" ".join(_rng.choices(_WORDS, k=6)) for _ in range(300)]

ALGORITHMS: list[Any] = ["unigram", "bpe"]
TOKENIZERS = {name: train_tokenizer(TEXTS, 320, name) for name in ALGORITHMS}

SPACE_MARK = "▁"

each = pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)


@each
def test_special_tokens_come_first(tokenizer: Tokenizer) -> None:
    assert (PAD, UNK, BOS, EOS) == (0, 1, 2, 3)
    assert tokenizer.pieces(range(4)) == ("<pad>", "<unk>", "<s>", "</s>")


def test_a_frequent_word_is_one_piece() -> None:
    tokenizer = TOKENIZERS["unigram"]
    assert tokenizer.pieces(tokenizer.encode("la casa")) == ("▁la", "▁casa")


@each
@given(text=st.text(alphabet=st.characters(codec="utf-8", exclude_characters=SPACE_MARK)))
def test_any_text_comes_back_normalized(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == normalize(text)
    assert not set(ids) & {PAD, UNK, BOS, EOS}
    assert (ids == []) == (normalize(text) == "")


@each
@pytest.mark.parametrize(
    "text",
    ["日本語 한국어", "مرحبا بالعالم", "😀👨‍👩‍👧", "\U0010ffff", "</s>", "<unk> <s>", "<0x41>"],
)
def test_what_was_never_seen_is_spelled_by_bytes(tokenizer: Tokenizer, text: str) -> None:
    assert UNK not in tokenizer.encode(text)
    assert tokenizer.decode(tokenizer.encode(text)) == text


@each
def test_the_mark_of_a_space_is_a_space(tokenizer: Tokenizer) -> None:
    # SentencePiece itself writes a space so; the two cannot be told apart.
    assert tokenizer.encode(f"la{SPACE_MARK}casa") == tokenizer.encode("la casa")


@each
def test_digits_stand_alone(tokenizer: Tokenizer) -> None:
    pieces = [
        piece.removeprefix(SPACE_MARK) for piece in tokenizer.pieces(tokenizer.encode("24 1423"))
    ]
    assert [piece for piece in pieces if piece] == ["2", "4", "1", "4", "2", "3"]


@each
def test_encode_all_is_encode(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode_all(TEXTS[:20]) == [tokenizer.encode(text) for text in TEXTS[:20]]
    assert tokenizer.encode_all([]) == []


@each
def test_text_is_normalized_first(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("\ufeff man\u0303ana\u00a0\x00 es ") == tokenizer.encode("mañana es")
    assert tokenizer.encode(" \t\u3000") == []


@each
def test_special_tokens_leave_no_trace(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("la casa")
    assert tokenizer.decode([BOS, ids[0], PAD, *ids[1:], EOS, PAD, PAD]) == "la casa"
    assert tokenizer.decode([BOS, EOS]) == ""
    assert tokenizer.decode([]) == ""


@each
def test_bytes_that_are_no_utf_8_decode_to_something(tokenizer: Tokenizer) -> None:
    # A model may put out any order of bytes: here the first one of "ñ", and no second.
    first = tokenizer.encode("\u00d1")[-2:][0]
    assert isinstance(tokenizer.decode([first]), str)


@each
def test_no_text_turns_into_the_tag(tokenizer: Tokenizer) -> None:
    assert tokenizer.tag is not None
    assert tokenizer.pieces([tokenizer.tag]) == (BACK_TRANSLATED,)
    for text in (BACK_TRANSLATED, f"{BACK_TRANSLATED} la casa", f"la{BACK_TRANSLATED}"):
        ids = tokenizer.encode(text)
        assert tokenizer.tag not in ids
        assert tokenizer.decode(ids) == text
        assert tokenizer.decode([tokenizer.tag, *ids]) == text


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_tag_may_stand_in_what_is_learnt_from(algorithm: Any) -> None:
    texts = [f"{BACK_TRANSLATED} {text} <s> {BACK_TRANSLATED}" for text in TEXTS]
    tokenizer = train_tokenizer(texts, 330, algorithm)
    assert tokenizer.tag not in tokenizer.encode(texts[0])
    assert tokenizer.decode(tokenizer.encode(texts[0])) == texts[0]


def test_a_vocabulary_without_the_tag() -> None:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([BACK_TRANSLATED] * 99),
        model_writer=model,
        vocab_size=270,
        byte_fallback=True,
        pad_id=PAD,
        unk_id=UNK,
        bos_id=BOS,
        eos_id=EOS,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    assert Tokenizer(model.getvalue()).tag is None


@each
def test_pieces_that_spell_text(tokenizer: Tokenizer) -> None:
    pieces = tokenizer.text_pieces()
    assert pieces["▁la"][0] == tokenizer.encode("la")[0]
    assert len(pieces) == tokenizer.size - 5 - 256  # special tokens, the tag, bytes
    assert all(score <= 0 for _, score in pieces.values())


def test_a_lone_surrogate_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"U\+D800"):
        TOKENIZERS["unigram"].encode("la \ud800")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_small_corpus_gets_as_many_pieces_as_it_has(algorithm: Any) -> None:
    tokenizer = train_tokenizer(TEXTS, 100_000, algorithm)
    assert 260 < tokenizer.size < 1000
    assert tokenizer.decode(tokenizer.encode("la casa es mañana")) == "la casa es mañana"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_so_does_one_of_many_characters(algorithm: Any) -> None:
    tokenizer = train_tokenizer(["".join(han(600)[n : n + 6]) for n in range(600)], 8000, algorithm)
    assert 600 + 256 < tokenizer.size < 8000
    assert all(len(tokenizer.encode(character)) <= 2 for character in han(600))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_one_word_is_enough(algorithm: Any) -> None:
    tokenizer = train_tokenizer(["a"], 8000, algorithm)
    assert tokenizer.decode(tokenizer.encode("a ñ 😀")) == "a ñ 😀"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("size", [5, 100, 262])
def test_too_few_pieces_are_refused(size: int, algorithm: Any) -> None:
    with pytest.raises(ConfigError, match=f"vocab_size: {size} pieces cannot be learnt"):
        train_tokenizer(TEXTS, size, algorithm)


def han(count: int) -> list[str]:
    return [chr(0x4E00 + n) for n in range(count)]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_rare_characters_leave_room_for_words(algorithm: Any) -> None:
    """Of 900 characters 100 make up 99 % of the text; 350 may be pieces, half of all."""
    common, rare = han(900)[:100], han(900)[100:]
    words = ["".join(common[n : n + 4]) for n in range(0, 100, 4)]
    rng = random.Random(1)
    texts = [" ".join(rng.choices(words, k=5)) for _ in range(4000)]
    texts += ["".join(rare[n : n + 8]) for n in range(0, 800, 8)]
    tokenizer = train_tokenizer(texts, 700, algorithm)

    single = [piece for piece in tokenizer.text_pieces() if piece in {*common, *rare}]
    assert 100 <= len(single) <= 350
    assert len(tokenizer.encode(f"{words[0]} {words[9]}")) == 2
    assert tokenizer.decode(tokenizer.encode(rare[-1])) == rare[-1]  # by its bytes


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_too_many_frequent_characters_are_refused_with_advice(algorithm: Any) -> None:
    rng = random.Random(1)
    texts = ["".join(rng.sample(han(1000), 20)) for _ in range(2000)]
    with pytest.raises(ConfigError, match=r"700 pieces .* set vocab_size to more") as caught:
        train_tokenizer(texts, 700, algorithm)
    assert "coverage" not in str(caught.value)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_same_text_gives_the_same_bytes(algorithm: Any) -> None:
    assert train_tokenizer(TEXTS, 320, algorithm).serialized == TOKENIZERS[algorithm].serialized


def test_a_file_comes_back(tmp_path: Path) -> None:
    tokenizer = TOKENIZERS["bpe"]
    (tmp_path / "source.model").write_bytes(tokenizer.serialized)
    loaded = Tokenizer.load(tmp_path / "source.model")

    assert loaded.size == tokenizer.size
    assert loaded.encode(TEXTS[0]) == tokenizer.encode(TEXTS[0])


@pytest.mark.parametrize("content", [b"", b"text", b"\x00" * 50], ids=["none", "text", "zeros"])
def test_bytes_that_are_no_model_are_refused(content: bytes) -> None:
    with pytest.raises(ModelFolderError, match="SentencePiece model"):
        Tokenizer(content)


def test_half_a_model_is_refused() -> None:
    serialized = TOKENIZERS["unigram"].serialized
    with pytest.raises(ModelFolderError, match="SentencePiece model"):
        Tokenizer(serialized[: len(serialized) // 2])


def test_special_tokens_elsewhere_are_refused() -> None:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS), model_writer=model, vocab_size=40, minloglevel=2
    )
    with pytest.raises(ModelFolderError, match=r"expected pad, unk, bos, eos at \(0, 1, 2, 3\)"):
        Tokenizer(model.getvalue())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match=r"source\.model"):
        Tokenizer.load(tmp_path / "source.model")
