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

    Files of a known format (PO, XLIFF, TMX, JSON Lines, ...) keep everything except their texts.
    Anything else is plain lines in UTF-8, gzipped or not: each line in gives one line out; "-" is
    standard input. Only a line feed ends a line, the order is kept, and blank lines stay as they
    are. Several FILEs of lines give one output, in order, unless --output names a file for each.

    An output is complete or absent. Until it is complete, finished work is in OUTPUT.journal;
    after a kill, the same command with --resume continues from there and produces the same output.

    A line may hold any number of sentences; a tab also ends a sentence. White space at the ends
    of a line and between its sentences, tabs, list markers, markup, and anything that is not words
    (links, placeholders, numbers with units, ...) stay as they are. Within a sentence, white space
    becomes single spaces, and control characters are removed.

    With --scores, --confidence and --alignments, a line has several tab-separated columns, in this
    order; the translation comes last, and may itself contain tabs. The score is that of the
    search: the log-probability divided by the length penalty, summed over the sentences. The
    confidence is an estimate of the chrF, averaged over the sentences. The alignment has three
    columns: word pairs, and the source pieces and target pieces of all sentences. "2-0" means that
    the first word of the translation came from the third word of the line. Words are separated by
    white space; a word that came from none has no pair.

    With --n-best, each line gives several lines in the format of Moses,

    \b
        number ||| translation ||| score
        number ||| translation ||| score ||| pairs ||| source pieces ||| target pieces

    where number counts input lines from 0; the confidence, if requested, follows the score. A
    blank line has one translation, and a short one may have fewer than --n-best.

    Exit status: 0 if everything was translated; 1 if some segments could not be, which stay as
    they were and are named on standard error; 2 if something was wrong with the options, the input
    or the model; 130 if interrupted; 143 if terminated.
    """  # noqa: D301 - click reads the backspace: these lines are not to be wrapped
    with exit_statuses():
        options = parsed(given)
        sys.exit(run_on_ray(options) if options.engine == "ray" else run(options))


if __name__ == "__main__":
    main(prog_name="python -m translator")
