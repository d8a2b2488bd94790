"""What pydantic found wrong, in this project's words."""

from __future__ import annotations

import reprlib

from pydantic import ValidationError


def explain(error: ValidationError) -> tuple[str, str]:
    """Turns the first complaint of a ValidationError into words for the one who sent the value.

    Returns:
        The name of the field ("" where several fields together are wrong), and
        `expected ... Received: ...`; a long value is shortened.
    """
    first = error.errors(include_url=False)[0]
    if first["type"] == "value_error":
        return "", str(first["ctx"]["error"])
    field = ".".join(str(part) for part in first["loc"])
    expected = first["msg"].replace("Input should be", "expected", 1)
    return field, f"{expected}. Received: {reprlib.repr(first['input'])}"
