"""Files with text in them: segments out, translations back in place, all else byte for byte."""
