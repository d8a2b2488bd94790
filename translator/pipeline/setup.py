"""The model of one target language with all that it translates by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from translator.allocator import limit_arenas
from translator.batch_output import LineFormat
from translator.files import digest
from translator.formats.segment import FileFormat, Languages
from translator.glossary_file import read_glossary
from translator.hardware import count_cores
from translator.pipeline.memory import Memory, read_memory
from translator.pipeline.options import Options
from translator.pipeline.translating import ChunkTranslator
from translator.texts.protecting import Protect, compile_protect

if TYPE_CHECKING:
    from translator.translator import Translator


@dataclass(frozen=True)
class Setup:
    """What translates into one language.

    Attributes:
        languages: What is translated between.
        chunks: Translates.
        settings: What a translation depends on beside its text, for a journal.
    """

    languages: Languages
    chunks: ChunkTranslator
    settings: dict[str, Any]

    def settings_for(self, form: FileFormat | None, options: Options) -> dict[str, Any]:
        """All that the translations of a file depend on beside its texts."""
        own = {"format": repr(form), "html": options.html, "split": options.split}
        return {**self.settings, **own}


def set_up(options: Options, models: Sequence[str], chunk_size: int) -> Setup:
    """Loads models, glossary and memories.

    Raises:
        TranslatorError: A model, a file or a setting cannot be used.
        OSError: A file cannot be read.
    """
    terms = read_glossary(options.glossary) if options.glossary else None
    protect = compile_protect(options.protect)
    translator = _load(models, shortlist=options.shortlist)
    search = translator.search_config(n_best=options.n_best, **options.search)
    languages = Languages(translator.source_language, translator.target_language)
    chunks = ChunkTranslator(
        translator,
        search,
        glossary=terms,
        protect=protect,
        memory=_memory(options, languages, protect),
        estimate=options.stats is not None,
        threshold=options.confidence_threshold,
        below=options.below,
        columns=_columns(options, translator),
        batch_size=options.batch_size,
        workers=options.threads or count_cores(),
    )
    settings = {
        "models": translator.identity,
        "languages": asdict(languages),
        "search": asdict(search),
        "shortlist": options.shortlist,
        "glossary": _digests([options.glossary] if options.glossary else []),
        "memory": [*_digests(options.memory), options.memory_threshold],
        "protect": options.protect,
        "threshold": [options.confidence_threshold, options.below],
        "columns": [options.n_best, options.scores, options.confidence, options.alignments],
        "estimate": chunks.estimate,
        "batch_size": options.batch_size,
        "chunk_size": chunk_size,
    }
    return Setup(languages, chunks, settings)


def _load(models: Sequence[str], *, shortlist: bool) -> Translator:
    limit_arenas()
    # Takes a while to import, which nobody should wait for to read an error or --help.
    from translator.translator import Translator

    return Translator.load(*models, shortlist=shortlist)


def _memory(options: Options, languages: Languages, protect: Protect) -> Memory | None:
    if not options.memory:
        return None
    pairs = chain.from_iterable(read_memory(path, languages) for path in options.memory)
    return Memory(pairs, options.memory_threshold, protect)


def _columns(options: Options, translator: Translator) -> LineFormat | None:
    if not options.has_columns:
        return None
    return LineFormat(
        options.n_best is not None,
        options.scores,
        translator.confidence if options.confidence else None,
        options.alignments,
    )


def _digests(paths: Iterable[str]) -> list[str]:
    return [digest(path) for path in paths]
