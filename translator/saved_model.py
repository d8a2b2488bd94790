"""A model folder to something callable, verified byte by byte first.

TensorFlow is imported where something needs it, which a search with a compiled model does not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from translator.batch import Ids
from translator.decoders import Decoder
from translator.dictionary import Dictionary
from translator.errors import ModelFolderError
from translator.hardware import has_bfloat16
from translator.lite_decoder import LiteDecoder
from translator.model_folder import (
    COMPILED,
    DICTIONARY,
    LEXICON,
    check_files,
    find_version,
    read_info,
)
from translator.quiet import import_tensorflow
from translator.shortlist import Lexicon
from translator.tokenizer import Tokenizer

if TYPE_CHECKING:
    from translator.graphs import Graphs
    from translator.signatures import Precision, Stepwise

Tensor = Any


class SavedTranslator:
    """A loaded model folder.

    Attributes:
        info: `model.json`, as read.
        version: Number of the version folder; 0 where the folder's name is no number.
        source: Tokenizer of the source side.
        target: Tokenizer of the target side; the same where the vocabulary is joint.
        lexicon: What source pieces may translate to; None where the folder has none.
        dictionary: The words of its pairs; None where the folder has none.
    """

    def __init__(
        self,
        folder: Path,
        info: Mapping[str, Any],
        lexicon: Lexicon | None,
        dictionary: Dictionary | None,
    ) -> None:
        self.info = info
        self.version = int(folder.name) if folder.name.isdecimal() else 0
        self.source = Tokenizer.load(folder / "assets" / "source.model")
        self.target = self.source
        if info["files"]["assets/target.model"] != info["files"]["assets/source.model"]:
            self.target = Tokenizer.load(folder / "assets" / "target.model")
        self.lexicon = lexicon
        self.dictionary = dictionary
        self._folder = folder

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SavedTranslator:
        """Loads a version folder, or the highest version below a model folder.

        Raises:
            ModelFolderError: It is missing, damaged, or of an unknown format.
        """
        folder = find_version(Path(path))
        info = read_info(folder)
        check_files(folder, info)
        lexicon = None
        if (folder / LEXICON).exists():
            sizes = info["sizes"]
            lexicon = Lexicon.load(
                folder / LEXICON, sizes["source_vocab_size"], sizes["target_vocab_size"]
            )
        dictionary = None
        if (folder / DICTIONARY).exists():
            dictionary = Dictionary.load(folder / DICTIONARY)
        return cls(folder, info, lexicon, dictionary)

    def stepwise(self, precision: Precision | None = None) -> Stepwise:
        """The model taken apart, for a search that is driven from outside.

        Args:
            precision: Of the products; bfloat16 by default, where the processor has it.

        Raises:
            ModelFolderError: TensorFlow cannot load it.
        """
        from translator.signatures import Stepwise, step_signature

        precision = precision or ("bfloat16" if has_bfloat16() else "float32")
        weights, encode, step = (step_signature(f, precision) for f in Stepwise._fields)
        return Stepwise(
            lambda: self._graphs.weights(weights, self._folder),
            self._graphs.signature(encode),
            self._graphs.signature(step),
        )

    def decoder(self) -> Decoder:
        """The model as a search drives it: compiled, or as graphs of TensorFlow if it is not.

        Raises:
            ModelFolderError: What is compiled is no such model.
        """
        listed = None if self.lexicon is None else self.lexicon.listed
        names = [name for name in self.info["files"] if name.startswith(f"{COMPILED}/")]
        if not names:
            return self._graph_decoder(listed)
        size = self.info["sizes"]["target_vocab_size"]
        try:
            functions = {Path(name).stem: (self._folder / name).read_bytes() for name in names}
            return LiteDecoder(functions, size, listed)
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelFolderError(
                f"{self._folder / COMPILED}: expected the compiled functions of the model: {error}"
            ) from error

    def _graph_decoder(self, listed: Ids | None) -> Decoder:
        try:
            import_tensorflow(threads=1)
        except ImportError as error:
            raise ModelFolderError(
                f"{self._folder}: expected compiled functions in {COMPILED}, or TensorFlow, which "
                "`make train-ready` installs; an export by this version has them. Received: neither"
            ) from error
        from translator.graph_decoder import GraphDecoder

        return GraphDecoder(self.stepwise(), listed)

    def translate(self, **inputs: Tensor) -> dict[str, Tensor]:
        """The signature `serving_default`; see `inference.translate`."""
        return self._call("serving_default", inputs)

    def score(self, **inputs: Tensor) -> dict[str, Tensor]:
        """The signature `score`; see `inference.score`."""
        return self._call("score", inputs)

    def _call(self, name: str, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        outputs: dict[str, Tensor] = self._whole.signatures[name](**inputs)
        return outputs

    @cached_property
    def _graphs(self) -> Graphs:
        from translator.graphs import Graphs, Stored

        return Graphs.of(Stored(self._folder, self.info["files"]["saved_model.pb"]))

    @cached_property
    def _whole(self) -> Any:
        from translator.graphs import load_whole

        return load_whole(self._folder)
