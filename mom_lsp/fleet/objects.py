"""Small objects of a store that several machines read and write: a folder, or a bucket of an object store.

Nothing is ever replaced: an object is created if it does not exist yet, and deleted. That is the one conditional
write that a folder and every S3-compatible server have in common.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from mom_lsp.errors import NoAccess, StoreError, UsageError
from mom_lsp.pathnames import expanded

SCHEMES = ("s3",)
PATIENCE = timedelta(seconds=60)  # for requests that fail and are repeated
REFUSED = re.compile(r"\b(?:401 Unauthorized|403 Forbidden)\b")  # a listing that is refused has no error of its own
T = TypeVar("T")


class Objects:
    """The objects of a fleet by their names, `repository/…`. Methods raise StoreError."""

    def __init__(self, uri: str, *, patience: timedelta = PATIENCE) -> None:
        """Open a store; a folder is created by the first object.

        Args:
            uri: a folder, or `s3://bucket/prefix`; keys, region and endpoint come from the usual AWS_… variables.
            patience: how long a request is repeated that fails.

        Raises:
            UsageError: the address is none, or the `fleet` extra is missing.
        """
        self.uri = checked_uri(uri)
        try:
            import obstore
            from obstore import exceptions, store
        except ImportError as error:
            raise UsageError("a fleet needs the `fleet` extra: pip install 'mom-lsp[fleet]'") from error
        self._api, self._missing, self._exists = obstore, FileNotFoundError, exceptions.AlreadyExistsError
        self._failures = (exceptions.BaseError, OSError)
        self._forbidden = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError, PermissionError)
        if "://" in self.uri:
            retry: Any = {"retry_timeout": patience, "max_retries": 10}
            self._store: Any = store.from_url(self.uri, retry_config=retry)
        else:
            Path(self.uri).mkdir(parents=True, exist_ok=True)
            self._store = store.LocalStore(self.uri)

    def address(self, name: str) -> str:
        """Return the full address of a name, as LanceDB takes it."""
        return f"{self.uri}/{name}"

    def folders(self) -> list[str]:
        """Return the first parts of the names, each once."""
        found = self._guard(lambda: self._api.list_with_delimiter(self._store)["common_prefixes"])
        return sorted(str(name).strip("/") for name in found)

    def names(self, prefix: str) -> list[str]:
        """Return the names of the objects below a folder, in order."""

        def listed() -> Iterator[str]:
            for page in self._api.list(self._store, prefix=f"{prefix}/"):
                yield from (str(one["path"]) for one in page)

        return sorted(self._guard(lambda: list(listed())))

    def read(self, name: str) -> bytes | None:
        """Return an object, None if it does not exist."""
        try:
            return bytes(self._api.get(self._store, name).bytes())
        except self._missing:
            return None
        except self._failures as error:
            raise self._unusable(error) from error

    def has(self, name: str) -> bool:
        """Whether an object exists."""
        try:
            self._api.head(self._store, name)
        except self._missing:
            return False
        except self._failures as error:
            raise self._unusable(error) from error
        return True

    def create(self, name: str, data: bytes) -> bool:
        """Write an object; False if there is one of this name already, which stays."""
        try:
            self._api.put(self._store, name, data, mode="create")
        except self._exists:
            return False
        except self._failures as error:
            raise self._unusable(error) from error
        return True

    def delete(self, names: list[str]) -> None:
        """Delete objects; missing ones are passed over."""
        if names:
            self._guard(lambda: self._delete(names))

    def _delete(self, names: list[str]) -> None:
        try:
            self._api.delete(self._store, names)
        except self._missing:  # another process was faster; some may be left
            for name in names:
                try:
                    self._api.delete(self._store, name)
                except self._missing:
                    continue

    def _guard(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except self._failures as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> StoreError:
        reason = str(error).split("\n")[0]
        refused = isinstance(error, self._forbidden) or REFUSED.search(reason)
        kind = NoAccess if refused else StoreError
        return kind(f"the fleet at {self.uri} cannot be used: {reason}")


def checked_uri(uri: str, base: Path = Path()) -> str:
    """Return an address without a slash at its end, a folder as a full path, relative to `base`. Raises UsageError."""
    scheme, separator, _ = uri.partition("://")
    if not separator:
        if not uri.strip():
            raise UsageError(
                "no fleet is set: set mom.fleet.uri in your settings.toml, or use `mom fleet index --into`"
            )
        return str((base / expanded(uri)).absolute())
    parts = urlsplit(uri)
    if scheme not in SCHEMES:
        raise UsageError(f"{scheme}:// is not supported: use a folder or s3://bucket/prefix")
    if not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError("the address is s3://bucket/prefix; keys belong in AWS_ACCESS_KEY_ID and the like")
    return uri.rstrip("/")
