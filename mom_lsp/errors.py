"""The exceptions of this package. Each message says what happened and what to do about it.

MomError
├── UsageError            an invalid request (a line that does not exist, an unknown id)
│   └── OtherRepository   a folder whose data folder is another one
├── RepositoryError       git failed, or the repository does not allow the request
│   └── UntrustedPath     a path outside the workspace, possibly through a symbolic link
├── DataFolderError       the data folder is inaccessible: read-only, another user's, or deleted
├── StoreError            LanceDB cannot be read or written
│   ├── NoIndex           nothing has been indexed yet
│   │   └── Damaged       the index was damaged, and is rebuilt by itself
│   ├── Outdated          the version being read was deleted; read a newer one
│   ├── Conflict          another process wrote the same shared table meanwhile
│   └── NoAccess          the user may not read a part of an object store
├── JournalError          SQLite cannot be read or written
├── ArchiveError          the archive of discussions cannot be read or written
├── EncoderError          the encoder is not installed, or its model cannot be loaded
├── ModelError            the language model is not installed, cannot be loaded, or failed
│   └── Interrupted       a background run of the model was cancelled
└── ChildError            a child process exited, or did not answer
    ├── ChildTimeout      it did not answer in time
    └── NewerEngine       the engine is of a newer version of mom than this process
"""


class MomError(Exception):
    """Base class; the message is shown to the user unchanged."""


class UsageError(MomError):
    """An invalid request."""


class OtherRepository(UsageError):
    """A folder whose data folder is another one than that of the service that was asked."""


class RepositoryError(MomError):
    """Git failed, or the repository does not allow the request."""


class UntrustedPath(RepositoryError):
    """A path outside the workspace, possibly through a symbolic link."""


class DataFolderError(MomError):
    """The data folder is inaccessible: read-only, another user's, or deleted."""


class StoreError(MomError):
    """LanceDB cannot be read or written."""


class NoIndex(StoreError):
    """Nothing has been indexed yet."""


class Damaged(NoIndex):
    """The index was damaged, or written by an older version of mom, and is rebuilt by itself."""


class Outdated(StoreError):
    """The indexer deleted the version being read; read the newest one instead."""


class Conflict(StoreError):
    """Another process wrote the same shared table meanwhile; what this one wrote is not published."""


class NoAccess(StoreError):
    """The user may not read a part of an object store."""


class JournalError(MomError):
    """SQLite cannot be read or written."""


class ArchiveError(MomError):
    """The archive of discussions cannot be read or written."""


class EncoderError(MomError):
    """The encoder is not installed, or its model cannot be loaded."""


class ModelError(MomError):
    """The language model is not installed, cannot be loaded, or failed."""


class Interrupted(ModelError):
    """A background run of the model was cancelled."""


class ChildError(MomError):
    """A child process exited, or did not answer."""


class ChildTimeout(ChildError):
    """A child process did not answer in time."""


class NewerEngine(ChildError):
    """The engine is of a newer version of mom than this process."""
