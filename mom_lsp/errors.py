"""The one error tree. Every message says what happened and what to do about it.

MomError
├── UsageError            the request itself makes no sense (a line that does not exist, an unknown id)
├── RepositoryError       git, or the repository, cannot do what was asked
│   └── UntrustedPath     a path outside the workspace, or one that leads there by a symbolic link
├── DataFolderError       the data folder is out of reach: read-only, another user's, or gone with its repository
├── StoreError            LanceDB cannot be read or written
│   ├── NoIndex           nothing has been indexed yet
│   └── Outdated          the version that was read is gone: read a newer one
├── JournalError          SQLite cannot be read or written
├── EncoderError          the encoder is not installed, or its model cannot be loaded
├── ModelError            the language model is not installed, cannot be loaded, or cannot do what was asked
│   └── Interrupted       reading was given up, since somebody else asks
└── ChildError            a child process ended, or did not answer
    └── ChildTimeout      it did not answer in time
"""


class MomError(Exception):
    """Base of all errors of ours; its text is shown to the user as it is."""


class UsageError(MomError):
    """The request itself makes no sense."""


class RepositoryError(MomError):
    """Git, or the repository, cannot do what was asked."""


class UntrustedPath(RepositoryError):
    """A path outside the workspace, or one that leads there by a symbolic link."""


class DataFolderError(MomError):
    """The data folder is out of reach: read-only, another user's, or gone with its repository."""


class StoreError(MomError):
    """LanceDB cannot be read or written."""


class NoIndex(StoreError):
    """Nothing has been indexed yet."""


class Outdated(StoreError):
    """The indexer has removed the version that was read; the newest one can be read instead."""


class JournalError(MomError):
    """SQLite cannot be read or written."""


class EncoderError(MomError):
    """The encoder is not installed, or its model cannot be loaded."""


class ModelError(MomError):
    """The language model is not installed, cannot be loaded, or cannot do what was asked."""


class Interrupted(ModelError):
    """Reading was given up, since somebody else asks."""


class ChildError(MomError):
    """A child process ended, or did not answer."""


class ChildTimeout(ChildError):
    """A child process did not answer in time."""
