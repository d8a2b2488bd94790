"""What NumPy raises for archives that are damaged."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from typing import Final

NPZ_DAMAGE: Final = (
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
    RuntimeError,  # it claims a later format
    KeyError,  # or other members
    EOFError,  # or other sizes
    MemoryError,
    # An array's header is read before its checksum is.
    SyntaxError,
    tokenize.TokenError,
)
