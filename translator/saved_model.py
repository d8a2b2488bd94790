"""A model folder to something callable, verified byte by byte first."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from translator.errors import ModelFolderError
from translator.hardware import has_bfloat16
from translator.model_folder import LEXICON, check_files, find_version, read_info
from translator.shortlist import Lexicon
from translator.signatures import SIGNATURES, Precision, Stepwise, step_signature
from translator.tokenizer import Tokenizer

Tensor = Any


class SavedTranslator:
    """A loaded model folder.

    Attributes:
        info: `model.json`, as read.
        version: Number of the version folder; 0 where the folder's name is no number.
        source: Tokenizer of the source side.
        target: Tokenizer of the target side.
        lexicon: What source pieces may translate to; None where the folder has none.
    """

    def __init__(
        self, folder: Path, info: Mapping[str, Any], module: Any, lexicon: Lexicon | None
    ) -> None:
        self.info = info
        self.version = int(folder.name) if folder.name.isdecimal() else 0
        self.source = Tokenizer.load(folder / "assets" / "source.model")
        self.target = Tokenizer.load(folder / "assets" / "target.model")
        self.lexicon = lexicon
        self._module = module  # the signatures hold its variables weakly

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
        try:
            module = tf.saved_model.load(str(folder))
        except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
            reason = str(error).partition("\n")[0]
            raise ModelFolderError(f"{folder}: TensorFlow cannot load it: {reason}") from error
        missing = set(SIGNATURES) - set(module.signatures)
        if missing:
            raise ModelFolderError(
                f"{folder}: expected the signatures {', '.join(SIGNATURES)}. "
                f"Received: none called {', '.join(sorted(missing))}"
            )
        return cls(folder, info, module, lexicon)

    def stepwise(self, precision: Precision | None = None) -> Stepwise:
        """The model taken apart, for a search that is driven from outside.

        Args:
            precision: Of the products; bfloat16 by default, where the processor has it.
        """
        precision = precision or ("bfloat16" if has_bfloat16() else "float32")
        return Stepwise(
            *(
                self._module.signatures[step_signature(function, precision)]
                for function in Stepwise._fields
            )
        )

    def translate(self, **inputs: Tensor) -> dict[str, Tensor]:
        """The signature `serving_default`; see `inference.translate`."""
        outputs: dict[str, Tensor] = self._module.signatures["serving_default"](**inputs)
        return outputs

    def score(self, **inputs: Tensor) -> dict[str, Tensor]:
        """The signature `score`; see `inference.score`."""
        outputs: dict[str, Tensor] = self._module.signatures["score"](**inputs)
        return outputs
