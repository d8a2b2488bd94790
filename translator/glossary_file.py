"""A glossary as a file: a term and its translation on each line, with a tab between them."""

from __future__ import annotations

import os

from translator.errors import InputError
from translator.files import read_file
from translator.texts.glossary import Glossary, check_term
from translator.wording import plural


def read_glossary(path: str | os.PathLike[str]) -> Glossary:
    """Reads a glossary.

    Args:
        path: UTF-8, gzipped or not: source term, tab, target term. Blank lines are passed over.

    Raises:
        InputError: A line is no pair of terms, or names a source term again with another
            translation; the message names file and line.
    """
    terms: dict[str, str] = {}
    for number, line in enumerate(read_file(path), start=1):
        if not line.strip():
            continue
        try:
            source, target = _terms(line)
            if terms.setdefault(source, target) != target:
                raise InputError(
                    f"expected one translation of {source!r}. "
                    f"Received: {terms[source]!r} and {target!r}"
                )
        except InputError as error:
            raise InputError(f"{os.fspath(path)}, line {number}: {error}") from error
    try:
        return Glossary(terms)
    except InputError as error:
        raise InputError(f"{os.fspath(path)}: {error}") from error


def _terms(line: str) -> tuple[str, str]:
    columns = line.split("\t")
    if len(columns) != 2:
        raise InputError(
            "expected a source term, a tab and a target term. "
            f"Received: {len(columns)} {plural('column', len(columns))}"
        )
    source, target = map(check_term, columns)
    return source, target
