"""The words of the pairs that a model was trained on, and which of them translate each other."""

from __future__ import annotations

import gzip
import os
from collections.abc import Mapping, Set
from dataclasses import dataclass

import regex

from translator.atomic import atomic_writer
from translator.errors import InputError, ModelFolderError
from translator.files import read_file

WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*")
"""Letters in a row: what stands between spaces, marks, digits and placeholders."""

_GOES_ON = r"[\p{L}\p{M}\d]"
DOUBLED = regex.compile(rf"(?<!{_GOES_ON})({WORD.pattern}) \1(?!{_GOES_ON})", regex.I)
"""A word that stands twice in a row; nearly always a slip, but "we know that that is so"."""


@dataclass(frozen=True)
class Dictionary:
    """What is known of single words.

    Attributes:
        known: Words of the target language in lower case, all that stand in some pair; and, with
            a space between, those that stand there twice in a row: "nous", "nous nous".
        translations: Of source words in lower case; as they are written within sentences. There
            may be another one of a word that stands alone; see `standing_alone`.
    """

    known: frozenset[str]
    translations: Mapping[str, str]

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Dictionary:
        """Reads what `save` wrote.

        Raises:
            ModelFolderError: The file is missing or damaged.
        """
        known: set[str] = set()
        translations: dict[str, str] = {}
        try:
            for line in read_file(path):
                target, *source = line.split("\t")
                known.add(target.lower())
                translations.update(dict.fromkeys(source, target))
        except OSError as error:
            raise ModelFolderError(f"{path}: cannot be read: {error.strerror or error}") from error
        except InputError as error:
            raise ModelFolderError(str(error)) from error
        return cls(frozenset(known), translations)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes it, gzipped, a line for each target word and the source words it translates.

        Raises:
            OSError: The disk is full, or the file cannot be written.
        """
        lines = [[word] for word in sorted(self.known - {*self.translations.values()})]
        sources: dict[str, list[str]] = {}
        for source, target in sorted(self.translations.items()):
            sources.setdefault(target, []).append(source)
        lines += [[target, *words] for target, words in sorted(sources.items())]
        text = "".join("\t".join(line) + "\n" for line in lines)
        with atomic_writer(path) as file:
            file.write(gzip.compress(text.encode(), mtime=0))

    @property
    def source_words(self) -> Set[str]:
        """Source words whose translation is known, in lower case."""
        return self.translations.keys()

    def merged(self, other: Dictionary) -> Dictionary:
        """What either of two dictionaries knows; of two translations this one's."""
        return Dictionary(self.known | other.known, {**other.translations, **self.translations})

    def translate(self, word: str) -> str | None:
        """The translation of a source word, whatever its case."""
        return self.translations.get(word.lower())

    def translate_alone(self, word: str) -> str | None:
        """The translation of a source word that is a sentence of its own."""
        return self.translations.get(standing_alone(word.lower())) or self.translate(word)

    def is_known_alone(self, word: str) -> bool:
        """Whether pairs show what a source word becomes that is a sentence of its own."""
        return standing_alone(word.lower()) in self.translations


def standing_alone(word: str) -> str:
    """How a dictionary has a word that stands alone: with a full stop."""
    return f"{word}."
