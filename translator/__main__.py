"""The batch command: lines of text in, translations out, one line for one line.

    python -m translator --model saved_models/es-en < spanish.txt > english.txt

What it prints to standard output is translations only; all else goes to standard error.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO, NoReturn

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from translator.atomic import atomic_writer
from translator.config import SearchConfig
from translator.errors import TranslatorError
from translator.files import chunked, read_file, read_lines
from translator.quiet import import_tensorflow

if TYPE_CHECKING:
    from types import FrameType

    from translator.translator import Hypothesis, Translation, Translator

_CHUNK_SIZE = 2000
_STANDARD_STREAM = "-"

_EXIT_FAILED = 2
_EXIT_INTERRUPTED = 128 + signal.SIGINT
_EXIT_BROKEN_PIPE = 128 + signal.SIGPIPE
_EXIT_TERMINATED = 128 + signal.SIGTERM


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument(
    "files",
    nargs=-1,
    metavar="[FILE]...",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
)
@click.option(
    "--model",
    required=True,
    type=click.Path(exists=True, file_okay=False),
    help="Model folder, such as saved_models/es-en.",
)
@click.option(
    "--output",
    default=_STANDARD_STREAM,
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Write to this file, which appears once all lines are done. Default: standard output.",
)
@click.option(
    "--beam-size",
    default=SearchConfig.beam_size,
    show_default=True,
    help="Hypotheses kept at each step; 1 is greedy search.",
)
@click.option(
    "--n-best",
    type=int,
    help="Print this many translations of each line, in the n-best format.",
)
@click.option("--scores", is_flag=True, help="Put each translation's score before it.")
@click.option(
    "--alignments",
    is_flag=True,
    help="Put the alignment, the source pieces and the target pieces before each translation.",
)
@click.option(
    "--length-penalty",
    default=SearchConfig.length_penalty,
    show_default=True,
    help="Favor longer translations; 0 is no such penalty.",
)
@click.option(
    "--coverage-penalty",
    default=SearchConfig.coverage_penalty,
    show_default=True,
    help="Favor translations that attend to the whole source; 0 is no such penalty.",
)
@click.option(
    "--min-length",
    default=SearchConfig.min_length,
    show_default=True,
    help="Least pieces in a translation.",
)
@click.option(
    "--max-length-ratio",
    default=SearchConfig.max_length_ratio,
    show_default=True,
    help="Cut a translation at this multiple of the source's length, plus 10 pieces.",
)
@click.option(
    "--no-repeat-ngram-size",
    default=SearchConfig.no_repeat_ngram_size,
    show_default=True,
    help="Pieces in a row that may stand only once; 0 is no such rule.",
)
@click.option(
    "--batch-size",
    default=64,
    show_default=True,
    type=click.IntRange(min=1),
    help="Lines translated at a time.",
)
@click.option(
    "--chunk-size",
    type=click.IntRange(min=1),
    help="Lines read before they are translated and printed; 1 answers each line at once. "
    f"Default: {_CHUNK_SIZE}, or 1 where standard input is a terminal.",
)
@click.option("--quiet", is_flag=True, help="Show neither progress nor the summary.")
def main(
    files: tuple[str, ...],
    model: str,
    output: str,
    beam_size: int,
    n_best: int | None,
    scores: bool,
    alignments: bool,
    length_penalty: float,
    coverage_penalty: float,
    min_length: int,
    max_length_ratio: float,
    no_repeat_ngram_size: int,
    batch_size: int,
    chunk_size: int | None,
    quiet: bool,
) -> None:
    """Translate each line of the FILEs, or of standard input, into one line.

    Input is UTF-8, gzipped or not; "-" is standard input. A line ends at a line feed alone,
    order is kept, and a blank line stays blank.

    With --scores and --alignments a line has several columns, with tabs between them; the
    translation is the last one. The score is the search's: the log-probability, divided by the
    length penalty. In an alignment, "2-0" says that the first target piece looks at the third
    source piece most; pieces that look at the sentence end have no pair.

    With --n-best there are several lines for one, as Moses prints them,

    \b
        number ||| translation ||| score
        number ||| translation ||| score ||| alignment ||| source pieces ||| target pieces

    where number counts input lines from 0. A blank line has one translation, and a short one may
    have fewer than --n-best.

    Exit status: 0 all lines are translated, 2 something was wrong with the input or the model,
    130 interrupted.
    """  # noqa: D301 - click reads the backspace: these lines are not to be wrapped
    with _exit_statuses():
        search = SearchConfig(
            beam_size=beam_size,
            n_best=1 if n_best is None else n_best,
            length_penalty=length_penalty,
            coverage_penalty=coverage_penalty,
            min_length=min_length,
            max_length_ratio=max_length_ratio,
            no_repeat_ngram_size=no_repeat_ngram_size,
        )
        files = files or (_STANDARD_STREAM,)
        chunk_size = chunk_size or _default_chunk_size(files)
        # The output comes first: that it cannot be written should show before the model loads.
        with _open_output(output) as stream:
            translator = _load(model)
            lines = truncated = 0
            started = time.monotonic()
            with _progress(visible=not quiet and _may_show_progress(output)) as show:
                for chunk in chunked(_input_lines(files), chunk_size):
                    translations = translator.translate(chunk, search, batch_size=batch_size)
                    for number, translation in enumerate(translations, start=lines):
                        if n_best is None:
                            written = _columns(translation, scores, alignments)
                        else:
                            written = _n_best(number, translation, alignments)
                        stream.write(written.encode())
                    stream.flush()
                    lines += len(chunk)
                    truncated += sum(translation.truncated for translation in translations)
                    show(lines)
        if not quiet:
            seconds = time.monotonic() - started
            click.echo(f"{lines:,} lines, {truncated:,} truncated, {seconds:.1f} s", err=True)


def _load(model: str) -> Translator:
    # TensorFlow takes seconds to import, which nobody should wait for to read an error or --help.
    import_tensorflow()
    from translator.translator import Translator

    return Translator.load(model)


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


def _columns(translation: Translation, scores: bool, alignments: bool) -> str:
    """Returns the best hypothesis as a line; the asked columns stand before it."""
    best = translation.hypotheses[0]
    columns = [_score(best)] if scores else []
    if alignments:
        columns += _alignment(translation, best)
    return "\t".join([*columns, _one_line(best.text)]) + "\n"


def _n_best(number: int, translation: Translation, alignments: bool) -> str:
    """Returns all hypotheses, one on a line, in the format of Moses."""
    lines = []
    for hypothesis in translation.hypotheses:
        fields = [str(number), _one_line(hypothesis.text), _score(hypothesis)]
        if alignments:
            fields += _alignment(translation, hypothesis)
        lines.append(" ||| ".join(fields) + "\n")
    return "".join(lines)


def _score(hypothesis: Hypothesis) -> str:
    return f"{hypothesis.score:.4f}"


def _alignment(translation: Translation, hypothesis: Hypothesis) -> list[str]:
    """Returns source-target pairs, the source pieces and the target pieces, as three fields."""
    source = translation.source_tokens[:-1]
    target = hypothesis.tokens[:-1] if hypothesis.finished else hypothesis.tokens
    pairs = [
        f"{weights.argmax()}-{position}"
        for position, weights in enumerate(hypothesis.alignment[: len(target)])
        if weights.argmax() < len(source)
    ]
    return [" ".join(pairs), " ".join(source), " ".join(target)]


def _one_line(text: str) -> str:
    # A model that spells by bytes can spell a line feed, which would shift all lines below.
    return text.replace("\n", " ")


def _may_show_progress(output: str) -> bool:
    # On one terminal, progress and translations would overwrite each other.
    shares_terminal = output == _STANDARD_STREAM and sys.stdout.isatty()
    return sys.stderr.isatty() and not shares_terminal


@contextlib.contextmanager
def _progress(visible: bool) -> Iterator[Callable[[int], None]]:
    """Shows lines and lines per second on standard error while the block runs.

    Yields:
        A function that takes the number of lines done so far.
    """
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    console = Console(stderr=True)
    started = time.monotonic()
    with Progress(*columns, console=console, transient=True, disable=not visible) as progress:
        task = progress.add_task("0 lines", total=None)

        def show(lines: int) -> None:
            rate = lines / max(time.monotonic() - started, 1e-3)
            progress.update(task, description=f"{lines:,} lines, {rate:,.1f} lines/s")

        yield show


@contextlib.contextmanager
def _exit_statuses() -> Iterator[None]:
    """Turns what can end the command into an exit status and, where it is news, a message."""
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    except TranslatorError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        sys.exit(_EXIT_INTERRUPTED)
    except BrokenPipeError:
        # Python flushes standard output once more when it ends; that must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_EXIT_BROKEN_PIPE)
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    finally:
        signal.signal(signal.SIGTERM, previous)


def _fail(message: str) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(_EXIT_FAILED)


def _terminate(_signal_number: int, _frame: FrameType | None) -> NoReturn:
    # Without this, the process would end at once and leave its temporary file behind.
    sys.exit(_EXIT_TERMINATED)


if __name__ == "__main__":
    main(prog_name="python -m translator")
