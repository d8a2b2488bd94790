"""The batch command: lines of text in, translations out, one line for one line.

    python -m translator --model saved_models/es-en < spanish.txt > english.txt

What it prints to standard output is translations only; all else goes to standard error.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from translator.atomic import atomic_writer
from translator.batch_output import LineFormat
from translator.config import SearchConfig
from translator.console import exit_statuses, show_progress
from translator.files import chunked, read_file, read_lines
from translator.glossary_file import read_glossary
from translator.hardware import count_cores
from translator.quiet import import_tensorflow

if TYPE_CHECKING:
    from translator.translator import Translator

_CHUNK_SIZE = 2000
_STANDARD_STREAM = "-"


def _search_option(*names: str, help: str) -> Callable[[Any], Any]:
    """Makes the option of a setting of the search; the last name is that of the setting."""
    default = getattr(SearchConfig, names[-1])
    return click.option(
        *names, type=type(default), help=f"{help} Default: the model's own, else {default}."
    )


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument(
    "files",
    nargs=-1,
    metavar="[FILE]...",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
)
@click.option(
    "--model",
    "models",
    required=True,
    multiple=True,
    type=click.Path(exists=True, file_okay=False),
    help="Model folder, such as saved_models/es-en. Several, of the same vocabularies, translate "
    "together, as an ensemble.",
)
@click.option(
    "--output",
    default=_STANDARD_STREAM,
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Write to this file, which appears once all lines are done. Default: standard output.",
)
@click.option("--html", is_flag=True, help="The lines are HTML, a fragment each.")
@click.option(
    "--no-split",
    "split",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Take a line as one sentence, as the lines of test corpora are.",
)
@click.option(
    "--glossary",
    type=click.Path(exists=True, dir_okay=False),
    help="File of terms that must be translated in one way: source term, tab, target term.",
)
@click.option(
    "--n-best",
    type=int,
    help="Print this many translations of each line, in the n-best format.",
)
@click.option("--scores", is_flag=True, help="Put each translation's score before it.")
@click.option(
    "--confidence",
    is_flag=True,
    help="Put before each translation how good it is likely to be, from 0 to 1.",
)
@click.option(
    "--alignments",
    is_flag=True,
    help="Put before each translation which word came from which, and the pieces of both sides.",
)
@_search_option(
    "--beam-size",
    "beam_size",
    help="Hypotheses kept at each step; 1 is greedy search.",
)
@_search_option(
    "--length-penalty",
    "length_penalty",
    help="Favor longer translations; 0 is no such penalty.",
)
@_search_option(
    "--coverage-penalty",
    "coverage_penalty",
    help="Favor translations that attend to the whole source; 0 is no such penalty.",
)
@_search_option(
    "--min-length",
    "min_length",
    help="Least pieces in the translation of a sentence.",
)
@_search_option(
    "--max-length-ratio",
    "max_length_ratio",
    help="Cut a translation at this multiple of the source's length, plus 10 pieces.",
)
@_search_option(
    "--no-repeat-ngram",
    "--no-repeat-ngram-size",
    "no_repeat_ngram_size",
    help="Pieces in a row that may stand only once in a sentence; 0 is no such rule.",
)
@_search_option(
    "--max-repeats",
    "max_repeats",
    help="Times that the same pieces may stand in a row, unless the source repeats more; 0 is no "
    "such rule.",
)
@click.option(
    "--shortlist/--no-shortlist",
    default=True,
    show_default=True,
    help="Search among likely target pieces only, if the model has a lexicon: faster, and few "
    "translations become others.",
)
@click.option(
    "--batch-size",
    default=64,
    show_default=True,
    type=click.IntRange(min=1),
    help="Sentences translated together.",
)
@click.option(
    "--chunk-size",
    type=click.IntRange(min=1),
    help="Lines read before they are translated and printed; 1 answers each line at once. "
    f"Default: {_CHUNK_SIZE}, or 1 where standard input is a terminal.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="Batches translated side by side, a thread for each. Default: one for each core.",
)
@click.option("--quiet", is_flag=True, help="Show neither progress nor the summary.")
def main(
    files: tuple[str, ...],
    models: tuple[str, ...],
    output: str,
    html: bool,
    split: bool,
    glossary: str | None,
    n_best: int | None,
    scores: bool,
    confidence: bool,
    alignments: bool,
    shortlist: bool,
    batch_size: int,
    chunk_size: int | None,
    threads: int | None,
    quiet: bool,
    **settings: float | None,
) -> None:
    """Translate each line of the FILEs, or of standard input, into one line.

    Input is UTF-8, gzipped or not; "-" is standard input. A line ends at a line feed alone,
    order is kept, and a blank line stays as it is.

    A line may hold any number of sentences; a tab ends a sentence, too. Kept are white space at
    the ends of a line and between its sentences, tabs, signs of a list, markup, and what is no
    words: links, placeholders, numbers with units, ... Within a sentence, white space becomes
    single spaces, and control characters are left out.

    With --scores, --confidence and --alignments a line has several columns, in this order, with
    tabs between them; the translation is the last one, and may itself hold tabs. The score is the
    search's: the log-probability, divided by the length penalty, added up over the sentences. The
    confidence is an estimate of the chrF, the mean over the sentences. The alignment has three
    columns: pairs of words, the source pieces and the target pieces of all sentences. "2-0" says
    that the first word of the translation came from the third word of the line. Words are what
    white space divides; one that came from none has no pair.

    With --n-best there are several lines for one, as Moses prints them,

    \b
        number ||| translation ||| score
        number ||| translation ||| score ||| pairs ||| source pieces ||| target pieces

    where number counts input lines from 0, and the confidence, where it is asked for, follows the
    score. A blank line has one translation, and a short one may have fewer than --n-best.

    Exit status: 0 all lines are translated, 2 something was wrong with the input or the model,
    130 interrupted.
    """  # noqa: D301 - click reads the backspace: these lines are not to be wrapped
    with exit_statuses():
        files = files or (_STANDARD_STREAM,)
        chunk_size = chunk_size or _default_chunk_size(files)
        terms = read_glossary(glossary) if glossary else None
        # The output comes first: that it cannot be written should show before the model loads.
        with _open_output(output) as stream:
            translator = _load(models, shortlist)
            search = translator.search_config(n_best=n_best, **settings)
            line_format = LineFormat(
                n_best is not None,
                scores,
                translator.confidence if confidence else None,
                alignments,
            )
            lines = truncated = 0
            started = time.monotonic()
            with show_progress(visible=not quiet and _may_show_progress(output)) as show:
                for chunk in chunked(_input_lines(files), chunk_size):
                    translated = translator.translate_texts(
                        chunk,
                        search,
                        text_format="html" if html else "text",
                        glossary=terms,
                        split=split,
                        batch_size=batch_size,
                        workers=threads or count_cores(),
                    )
                    for number, text in enumerate(translated, start=lines):
                        stream.write(line_format.write(number, text).encode())
                    stream.flush()
                    lines += len(chunk)
                    truncated += sum(text.truncated for text in translated)
                    show(lines)
        if not quiet:
            seconds = time.monotonic() - started
            click.echo(f"{lines:,} lines, {truncated:,} truncated, {seconds:.1f} s", err=True)


def _load(models: Sequence[str], shortlist: bool) -> Translator:
    # TensorFlow takes seconds to import, which nobody should wait for to read an error or --help.
    import_tensorflow(threads=1)
    from translator.translator import Translator

    return Translator.load(*models, shortlist=shortlist)


def _default_chunk_size(files: Sequence[str]) -> int:
    interactive = _STANDARD_STREAM in files and sys.stdin.isatty()
    return 1 if interactive else _CHUNK_SIZE


def _input_lines(files: Iterable[str]) -> Iterator[str]:
    for name in files:
        if name == _STANDARD_STREAM:
            yield from read_lines(sys.stdin.buffer, "standard input")
        else:
            yield from read_file(name)


def _open_output(output: str) -> contextlib.AbstractContextManager[BinaryIO]:
    if output == _STANDARD_STREAM:
        return contextlib.nullcontext(sys.stdout.buffer)
    return atomic_writer(output)


def _may_show_progress(output: str) -> bool:
    # On one terminal, progress and translations would overwrite each other.
    shares_terminal = output == _STANDARD_STREAM and sys.stdout.isatty()
    return sys.stderr.isatty() and not shares_terminal


if __name__ == "__main__":
    main(prog_name="python -m translator")
