"""The queue between hooks and the indexer."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from mom_lsp import indexqueue


def test_requests_are_coalesced_by_worktree_and_done_once(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for _ in range(3):
        indexqueue.enqueue(tmp_path / "data", one, "post-commit")
    indexqueue.enqueue(tmp_path / "data", other, "post-merge")
    requests = indexqueue.pending(tmp_path / "data")
    assert {request.git_dir for request in requests} == {one, other}
    for request in requests:
        indexqueue.done(request)
        indexqueue.done(request)
    assert list((tmp_path / "data/requests").iterdir()) == []


def test_a_repeated_request_stays_pending(tmp_path: Path) -> None:
    indexqueue.enqueue(tmp_path, tmp_path, "post-commit")
    (first,) = indexqueue.pending(tmp_path)
    indexqueue.enqueue(tmp_path, tmp_path, "post-merge")
    indexqueue.done(first)
    (second,) = indexqueue.pending(tmp_path)
    assert second.reason == "post-merge"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b'{"git_dir": 1}', b"\xff", b'{"a":' * 3_000])
def test_an_invalid_request_is_removed(tmp_path: Path, content: bytes) -> None:
    indexqueue.enqueue(tmp_path, tmp_path, "post-commit")
    (tmp_path / "requests/bad.json").write_bytes(content)
    assert len(indexqueue.pending(tmp_path)) == 1
    assert not (tmp_path / "requests/bad.json").exists()


def test_a_failed_start_is_retried(tmp_path: Path) -> None:
    now = time.time()
    assert indexqueue.claim_start(tmp_path, now)
    assert not indexqueue.claim_start(tmp_path, now + 1)
    assert indexqueue.claim_start(tmp_path, now + indexqueue.START_SECONDS + 1)
    indexqueue.started(tmp_path)
    indexqueue.started(tmp_path)
    assert indexqueue.claim_start(tmp_path, now)


def test_a_path_of_any_bytes_is_kept(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff'\n"))
    file = indexqueue.enqueue(tmp_path, odd, "post-commit")
    assert json.loads(file.read_text())["reason"] == "post-commit"
    assert indexqueue.pending(tmp_path)[0].git_dir == odd


def test_a_hooks_request_does_not_replace_the_users(tmp_path: Path) -> None:
    indexqueue.enqueue(tmp_path, tmp_path / ".git", "forget")
    indexqueue.enqueue(tmp_path, tmp_path / ".git", "post-commit")
    (request,) = indexqueue.pending(tmp_path)
    assert request.reason == "forget" and indexqueue.asked_by_user(tmp_path)
    indexqueue.done(request)
    indexqueue.enqueue(tmp_path, tmp_path / ".git", "post-commit")
    assert not indexqueue.asked_by_user(tmp_path)
