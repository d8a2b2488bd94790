"""The four special tokens. PAD is 0, so an array of zeros is all padding, and PAD is never EOS."""

from typing import Final

PAD: Final = 0
UNK: Final = 1
BOS: Final = 2
EOS: Final = 3

NUM_SPECIAL: Final = 4
