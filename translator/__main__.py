"""The batch command: files and lines of text in, translations out.

    python -m translator --model saved_models/es-en < spanish.txt > english.txt

What it prints to standard output is translations only; all else goes to standard error.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from translator.batch_options import parsed, with_options
from translator.cluster.running import run_on_ray
from translator.console import exit_statuses
from translator.pipeline.running import run


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@with_options
def main(**given: Any) -> None:
    """Translate the FILEs, or standard input.

    Files of a known format keep all but their texts: PO, XLIFF, TMX, JSON Lines, ... All else is
    plain lines: one line for one line, UTF-8, gzipped or not; "-" is standard input. A line ends
    at a line feed alone, order is kept, and a blank line stays as it is. Several FILEs of lines
    follow one another, unless --output names a file for each.

    An output is complete or absent. What is done of one is in OUTPUT.journal meanwhile; after a
    kill the same command with --resume goes on from there, and makes the same output.

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

    Exit status: 0 all is translated, 1 some segments could not be, stay as they were and are named
    on standard error, 2 something was wrong with the options, the input or the model, 130
    interrupted.
    """  # noqa: D301 - click reads the backspace: these lines are not to be wrapped
    with exit_statuses():
        options = parsed(given)
        sys.exit(run_on_ray(options) if options.engine == "ray" else run(options))


if __name__ == "__main__":
    main(prog_name="python -m translator")
