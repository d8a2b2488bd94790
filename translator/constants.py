"""The four special tokens. PAD is 0, so an array of zeros is all padding, and PAD is never EOS.

And the slack of every search.
"""

from typing import Final

PAD: Final = 0
UNK: Final = 1
BOS: Final = 2
EOS: Final = 3

NUM_SPECIAL: Final = 4

BACK_TRANSLATED: Final = "<bt>"
"""The piece in front of a source that was made by a machine (Caswell et al., arXiv 1906.06442).

It is a control symbol: no text is ever encoded to it, also not one in which it stands literally.
"""

EXTRA_LENGTH: Final = 10
"""A translation may have this many tokens more than `max_length_ratio` times its source."""

PLACEHOLDERS: Final = tuple(chr(0x10FF00 + n) for n in range(8))
"""Characters for private use that stand in a sentence for what must survive translation.

Each is a piece of every vocabulary, and stands in a sentence at most once.
"""
