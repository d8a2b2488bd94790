"""What is written is read; what is damaged is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from translator.dictionary import WORD, Dictionary
from translator.errors import ModelFolderError

DICTIONARY = Dictionary(
    frozenset({"dog", "paris", "the", "hound"}), {"perro": "dog", "can": "dog", "parís": "Paris"}
)


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "dictionary.tsv.gz"
    DICTIONARY.save(path)
    assert Dictionary.load(path) == DICTIONARY
    first = path.read_bytes()
    DICTIONARY.save(path)
    assert path.read_bytes() == first
    assert os.listdir(tmp_path) == [path.name]


def test_of_no_words(tmp_path: Path) -> None:
    nothing = Dictionary(frozenset(), {})
    nothing.save(tmp_path / "dictionary.tsv.gz")
    assert Dictionary.load(tmp_path / "dictionary.tsv.gz") == nothing


@pytest.mark.parametrize(
    ("word", "translation"),
    [("perro", "dog"), ("Perro", "dog"), ("PARÍS", "Paris"), ("gato", None)],
)
def test_translate(word: str, translation: str | None) -> None:
    assert DICTIONARY.translate(word) == translation


def test_two_together() -> None:
    other = Dictionary(frozenset({"cat"}), {"perro": "cur", "gato": "cat"})
    both = DICTIONARY.merged(other)
    assert both.known == DICTIONARY.known | {"cat"}
    assert (both.translate("perro"), both.translate("gato")) == ("dog", "cat")


def test_words() -> None:
    assert WORD.findall("L'été, c’est 2 x-ray_z!") == ["L", "été", "c", "est", "x", "ray", "z"]
    assert WORD.findall("हिन्दी किताब") == ["हिन्दी", "किताब"]


@pytest.mark.parametrize("damage", [lambda raw: raw[:-9], lambda raw: b"\xff\xfe" + raw])
def test_damage_is_told(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "dictionary.tsv.gz"
    DICTIONARY.save(path)
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ModelFolderError, match=r"dictionary\.tsv\.gz"):
        Dictionary.load(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match=r"none\.tsv\.gz: cannot be read: No such file"):
        Dictionary.load(tmp_path / "none.tsv.gz")
