"""What can go wrong, as types. A message names the input and ends with what was expected.

Commands print the message and exit with status 2; the server answers an InputError with 400. A
traceback is for defects only.
"""


class TranslatorError(Exception):
    """Base of every error that a user of this project can cause or meet."""


class ConfigError(TranslatorError, ValueError):
    """An option or a size is outside what the model or the search allows."""


class InputError(TranslatorError, ValueError):
    """A text, or an array of ids, cannot be used as it is."""


class CorpusError(TranslatorError):
    """A file of pairs cannot be read; the message names file and line."""


class ModelFolderError(TranslatorError):
    """A model folder is missing, damaged, or of a format that this version does not know."""


class ExportError(TranslatorError):
    """A model could not be written; whatever was served before is untouched."""


class CheckpointError(TranslatorError):
    """A training run cannot go on from what its folder holds."""


class ClusterError(TranslatorError):
    """A process of those that work together is lost, did not come, or is not like the others."""


class DownloadError(TranslatorError):
    """A file cannot be had from a server; what has come of it is kept."""


class ChecksumError(DownloadError):
    """A file is not the one that was expected: damaged, or changed since."""
