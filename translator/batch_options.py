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
        help="Model folder, such as saved_models/es-en. Several, of the same vocabularies, "
        "translate together, as an ensemble.",
    ),
    click.option(
        "--into",
        multiple=True,
        type=click.Path(exists=True, file_okay=False),
        help="In place of --model: model folders of one source language, each of which translates "
        "into a language of its own. --output keeps them apart by {target}.",
    ),
    click.option(
        "--output",
        default=STANDARD_STREAM,
        type=click.Path(allow_dash=True),
        help="Write to this file, which appears once all of it is done. {name}, {stem} and "
        "{target} in it stand for the FILE's name, that without its extension, and the target "
        "language; a folder is FOLDER/{name}. Packed by gzip if it ends in .gz. Default: standard "
        "output.",
    ),
    click.option(
        "--resume",
        is_flag=True,
        help="Go on where a run with the same options was killed: what the journal beside the "
        "output holds is not translated again.",
    ),
    click.option(
        "--format",
        type=click.Choice([each.name for each in formats()]),
        help="What the FILEs are. Default: as their names end (.gz is looked past), else plain "
        "lines.",
    ),
    click.option(
        "--columns",
        help="What of a table is translated: numbers from 1, or names; FROM:TO writes into another "
        "column. Several with commas.",
    ),
    click.option(
        "--fields",
        help="What of JSON Lines is translated: names, with dots into what is nested; FROM:TO "
        "writes into another field. Several with commas.",
    ),
    click.option("--html", is_flag=True, help="The lines are HTML, a fragment each."),
    click.option(
        "--no-split",
        "split",
        is_flag=True,
        flag_value=False,
        default=True,
        help="Take a line as one sentence, as the lines of test corpora are.",
    ),
    click.option(
        "--glossary",
        type=click.Path(exists=True, dir_okay=False),
        help="File of terms that must be translated in one way: source term, tab, target term.",
    ),
    click.option(
        "--memory",
        multiple=True,
        type=click.Path(exists=True, dir_okay=False),
        help="TMX file to look into before the model is asked. May be given several times.",
    ),
    click.option(
        "--memory-threshold",
        default=0.9,
        show_default=True,
        type=click.FloatRange(0.5, 1.0),
        help="How alike a text of the memory must be to stand for another one, whose translation "
        "is then marked as doubtful; 1 takes the same text only.",
    ),
    click.option(
        "--protect",
        multiple=True,
        metavar="REGEX",
        help="What must survive translation as it is, beside links, numbers, placeholders, ... May "
        "be given several times.",
    ),
    click.option(
        "--confidence-threshold",
        type=click.FloatRange(0.0, 1.0),
        help="Translations that are likely to be worse than this are not taken as they are.",
    ),
    click.option(
        "--below",
        default="mark",
        show_default=True,
        type=click.Choice(["leave", "mark", "copy"]),
        help="What is made of these: nothing is put there; they are marked as doubtful, where the "
        "format can; the source is put there.",
    ),
    click.option(
        "--n-best",
        type=int,
        help="Print this many translations of each line, in the n-best format.",
    ),
    click.option("--scores", is_flag=True, help="Put each translation's score before it."),
    click.option(
        "--confidence",
        is_flag=True,
        help="Put before each translation how good it is likely to be, from 0 to 1.",
    ),
    click.option(
        "--alignments",
        is_flag=True,
        help="Put before each translation which word came from which, and the pieces of both "
        "sides.",
    ),
    _search_option(
        "--beam-size",
        "beam_size",
        help="Hypotheses kept at each step; 1 is greedy search.",
    ),
    _search_option(
        "--length-penalty",
        "length_penalty",
        help="Favor longer translations; 0 is no such penalty.",
    ),
    _search_option(
        "--coverage-penalty",
        "coverage_penalty",
        help="Favor translations that attend to the whole source; 0 is no such penalty.",
    ),
    _search_option(
        "--min-length",
        "min_length",
        help="Least pieces in the translation of a sentence.",
    ),
    _search_option(
        "--max-length-ratio",
        "max_length_ratio",
        help="Cut a translation at this multiple of the source's length, plus 10 pieces.",
    ),
    _search_option(
        "--no-repeat-ngram",
        "--no-repeat-ngram-size",
        "no_repeat_ngram_size",
        help="Pieces in a row that may stand only once in a sentence; 0 is no such rule.",
    ),
    _search_option(
        "--max-repeats",
        "max_repeats",
        help="Times that the same pieces may stand in a row, unless the source repeats more; 0 is "
        "no such rule.",
    ),
    click.option(
        "--shortlist/--no-shortlist",
        default=True,
        show_default=True,
        help="Search among likely target pieces only, if the model has a lexicon: faster, and few "
        "translations become others.",
    ),
    click.option(
        "--batch-size",
        default=64,
        show_default=True,
        type=click.IntRange(min=1),
        help="Sentences translated together.",
    ),
    click.option(
        "--chunk-size",
        type=click.IntRange(min=1),
        help="Lines or segments read before they are translated and written; 1 answers each line "
        f"at once. Default: {CHUNK_SIZE}, or 1 where standard input is a terminal.",
    ),
    click.option(
        "--threads",
        type=click.IntRange(min=1),
        help="Batches translated side by side, a thread for each. Default: one for each core.",
    ),
    click.option(
        "--engine",
        default="local",
        show_default=True,
        type=click.Choice(["local", "ray"]),
        help="ray: divide the work among the machines of a Ray cluster. FILEs may be folders, and "
        "--output is a folder of parts.",
    ),
    click.option(
        "--address",
        help="The cluster's, such as auto or 10.0.0.1:6379. Default: one of this machine's own.",
    ),
    click.option(
        "--stats",
        type=click.Path(dir_okay=False),
        help="Write counts and the split of confidences to this file, as JSON.",
    ),
    click.option("--quiet", is_flag=True, help="Show neither progress nor the summary."),
)
