"""A real S3-compatible server on loopback, moto's, that can fail, be slow, or be away."""

from __future__ import annotations

import io
import logging
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import pytest

BUCKET = "fleet"
FAILURE = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
Application = Callable[[dict[str, Any], Callable[..., Any]], Any]


@dataclass
class ObjectStore:
    """The server, and how it misbehaves."""

    application: Application
    port: int = 0
    fail_every: int = 0  # each n-th request fails; 0 for none
    delay: float = 0.0  # seconds before each answer
    away: bool = False  # every request fails
    refuse: str = ""  # writes of names with this in them are forbidden
    secret: str = ""  # so is any request about names with this in them
    requests: int = 0
    failed: int = 0
    written: list[str] = field(default_factory=list)  # the names of all writes, in order
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def environment(self) -> Mapping[str, str]:
        """The usual variables, with which libraries find it."""
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
        }

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        """Answer one request."""
        with self.lock:
            self.requests += 1
            fails = self.away or (self.fail_every > 0 and self.requests % self.fail_every == 0)
            self.failed += fails
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        about = environ["PATH_INFO"] + unquote(environ["QUERY_STRING"])
        refused = self.refuse and self.refuse in environ["PATH_INFO"] and environ["REQUEST_METHOD"] == "PUT"
        if refused or (self.secret and self.secret in about):
            start("403 Forbidden", [("Content-Type", "text/xml")])
            return [b"<Error><Code>AccessDenied</Code></Error>"]
        if fails:
            start("503 Slow Down", [("Content-Type", "text/xml")])
            return [FAILURE]
        if environ["REQUEST_METHOD"] == "PUT":
            self.written.append(environ["PATH_INFO"].removeprefix(f"/{BUCKET}/"))
        time.sleep(self.delay)
        if environ["REQUEST_METHOD"] == "GET":
            return self.application(environ, start)
        with self.lock:  # moto checks the condition of a write, then writes; a real server does both at once
            return list(self.application(environ, start))

    def objects(self, prefix: str = "") -> dict[str, bytes]:
        """Return every object of the bucket by its name."""
        from moto.s3.models import s3_backends

        keys = s3_backends["123456789012"]["aws"].buckets[BUCKET].keys
        return {name: key.value for name, key in list(keys.items()) if name.startswith(prefix)}


@contextmanager
def object_store() -> Iterator[ObjectStore]:
    """Yield a server with one empty bucket."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    store = ObjectStore(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, store, threaded=True)
    store.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        bucket = f"http://127.0.0.1:{store.port}/{BUCKET}"
        for method in ("PUT", "DELETE", "PUT"):  # moto keeps the buckets of the process
            if method == "DELETE":
                _empty(store)
            request = urllib.request.Request(bucket, method=method)
            with urllib.request.urlopen(request) as answer:
                answer.read()
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _empty(store: ObjectStore) -> None:
    from moto.s3.models import s3_backends

    s3_backends["123456789012"]["aws"].buckets[BUCKET].keys.clear()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """A server, and the variables in the environment with which it is found."""
    with object_store() as store:
        for name, value in store.environment.items():
            monkeypatch.setenv(name, value)
        yield store
