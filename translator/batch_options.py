"""The options of the batch command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

from translator.config import SearchConfig
from translator.formats.registry import formats
from translator.pipeline.lines import STANDARD_STREAM
from translator.pipeline.options import CHUNK_SIZE, Options

_SEARCH: Final = (
    "beam_size",
    "diversity",
    "length_penalty",
    "coverage_penalty",
    "min_length",
    "max_length_ratio",
    "no_repeat_ngram_size",
    "max_repeats",
)


def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the arguments that `parsed` takes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def parsed(given: dict[str, Any]) -> Options:
    """Makes options of a command's arguments.

    Raises:
        ConfigError: Some do not go together.
    """
    search = {name: given.pop(name) for name in _SEARCH}
    return Options(**given, search=search)


def _search_option(*names: str, help: str) -> Callable[[Any], Any]:
    """Makes the option of a setting of the search; the last name is that of the setting."""
    default = getattr(SearchConfig, names[-1])
    return click.option(
        *names, type=type(default), help=f"{help} Default: the model's own, else {default}."
    )


_OPTIONS: Final = (
    click.argument(
        "files",
        nargs=-1,
        metavar="[FILE]...",
        type=click.Path(exists=True, allow_dash=True),
    ),
    click.option(
        "--model",
        "models",
        multiple=True,
        type=click.Path(exists=True, file_okay=False),
        help="Model folder, such as saved_models/es-en. Repeat the option to translate with an "
        "ensemble of models with the same vocabularies.",
    ),
    click.option(
        "--into",
        multiple=True,
        type=click.Path(exists=True, file_okay=False),
        help="Instead of --model: model folders for the same source language, each for a different "
        "target language. Use {target} in --output to keep their outputs apart.",
    ),
    click.option(
        "--output",
        default=STANDARD_STREAM,
        type=click.Path(allow_dash=True),
        help="Write to this file, which appears only when complete; one that is there already is "
        "replaced then, without asking. {name}, {stem} and {target} stand for the FILE's name, its "
        "name without the extension, and the target language; a folder means FOLDER/{name}. "
        "Gzipped if it ends in .gz. Default: standard output.",
    ),
    click.option(
        "--resume",
        is_flag=True,
        help="Continue where a run with the same options was killed: what is in the journal beside "
        "the output is not translated again.",
    ),
    click.option(
        "--format",
        type=click.Choice([each.name for each in formats()]),
        help="Format of the FILEs. Default: by extension (ignoring .gz), else plain lines.",
    ),
    click.option(
        "--columns",
        help="Columns of a table to translate: numbers from 1, or names. FROM:TO writes the "
        "translation to another column. Separate several with commas.",
    ),
    click.option(
        "--fields",
        help="Fields of JSON Lines to translate: names, with dots for nested fields. FROM:TO "
        "writes the translation to another field. Separate several with commas.",
    ),
    click.option(
        "--delimiter",
        help="What separates the columns of a table. Default: a tab in TSV; in CSV, whichever of "
        "comma, semicolon, tab and bar stands most often in the first row.",
    ),
    click.option(
        "--encoding",
        help="Encoding of the FILEs and of what is written, such as windows-1252, where they do "
        "not tell it themselves. Default: UTF-8.",
    ),
    click.option("--html", is_flag=True, help="Each line is an HTML fragment."),
    click.option(
        "--no-split",
        "split",
        is_flag=True,
        flag_value=False,
        default=True,
        help="Treat each line as one sentence, as in test corpora.",
    ),
    click.option(
        "--glossary",
        type=click.Path(exists=True, dir_okay=False),
        help="File of terms with a required translation: source term, tab, target term.",
    ),
    click.option(
        "--memory",
        multiple=True,
        type=click.Path(exists=True, dir_okay=False),
        help="TMX file to search before asking the model. May be repeated.",
    ),
    click.option(
        "--memory-threshold",
        default=0.9,
        show_default=True,
        type=click.FloatRange(0.5, 1.0),
        help="How similar a text in the memory must be to stand in for a different one; such "
        "translations are marked as doubtful. 1 accepts only identical text.",
    ),
    click.option(
        "--protect",
        multiple=True,
        metavar="REGEX",
        help="Keep matching text as it is, in addition to links, numbers, placeholders, ... May be "
        "repeated.",
    ),
    click.option(
        "--confidence-threshold",
        type=click.FloatRange(0.0, 1.0),
        help="Treat translations with a lower confidence as --below says.",
    ),
    click.option(
        "--below",
        default="mark",
        show_default=True,
        type=click.Choice(["leave", "mark", "copy"]),
        help="What to do with translations below the threshold: leave the place as it was, mark "
        "them as doubtful where the format can, or copy the source.",
    ),
    click.option(
        "--n-best",
        type=int,
        help="Print this many translations of each line, in the n-best format of Moses.",
    ),
    click.option("--scores", is_flag=True, help="Precede each translation with its score."),
    click.option(
        "--confidence",
        is_flag=True,
        help="Precede each translation with an estimate of its quality, from 0 to 1.",
    ),
    click.option(
        "--alignments",
        is_flag=True,
        help="Precede each translation with its word alignment and the pieces of both sides.",
    ),
    _search_option(
        "--beam-size",
        "beam_size",
        help="Hypotheses kept at each step; 1 is greedy search.",
    ),
    _search_option(
        "--diversity",
        "diversity",
        help="Of the beam, print with --n-best those that differ most: what it costs to be like a "
        "better one, in units of the score. Wants a --beam-size some times as large as --n-best.",
    ),
    _search_option(
        "--length-penalty",
        "length_penalty",
        help="Favour longer translations; 0 disables this penalty.",
    ),
    _search_option(
        "--coverage-penalty",
        "coverage_penalty",
        help="Favour translations that attend to the whole source; 0 disables this penalty.",
    ),
    _search_option(
        "--min-length",
        "min_length",
        help="Minimum number of pieces in the translation of a sentence.",
    ),
    _search_option(
        "--max-length-ratio",
        "max_length_ratio",
        help="Cut a translation at this multiple of the source length, plus 10 pieces.",
    ),
    _search_option(
        "--no-repeat-ngram",
        "--no-repeat-ngram-size",
        "no_repeat_ngram_size",
        help="Let a sequence of this many pieces occur only once in a sentence; 0 disables this "
        "rule.",
    ),
    _search_option(
        "--max-repeats",
        "max_repeats",
        help="How many times in a row the same pieces may occur, unless about as many repeat more "
        "often in the source; 0 disables this rule.",
    ),
    click.option(
        "--shortlist/--no-shortlist",
        default=True,
        show_default=True,
        help="Search only likely target pieces, if the model has a lexicon: this is faster and "
        "changes few translations.",
    ),
    click.option(
        "--batch-size",
        default=64,
        show_default=True,
        type=click.IntRange(min=1),
        help="Number of sentences to translate together.",
    ),
    click.option(
        "--chunk-size",
        type=click.IntRange(min=1),
        help="Number of lines or segments to read before translating and writing them; 1 answers "
        f"each line at once. Default: {CHUNK_SIZE}, or 1 if standard input is a terminal.",
    ),
    click.option(
        "--threads",
        type=click.IntRange(min=1),
        help="Number of batches to translate in parallel, one thread each. Default: one per core.",
    ),
    click.option(
        "--engine",
        default="local",
        show_default=True,
        type=click.Choice(["local", "ray"]),
        help="ray: distribute the work over the machines of a Ray cluster. FILEs may be folders, "
        "and --output is a folder of parts.",
    ),
    click.option(
        "--address",
        help="Address of the Ray cluster, such as auto or 10.0.0.1:6379. Default: a cluster on "
        "this machine alone.",
    ),
    click.option(
        "--stats",
        type=click.Path(dir_okay=False),
        help="Write counts and the distribution of confidences to this file, as JSON.",
    ),
    click.option("--quiet", is_flag=True, help="Show neither progress nor the summary."),
)
