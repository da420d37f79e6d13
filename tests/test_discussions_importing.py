"""Importing takes what is new or edited, masks what is secret, and loses nothing by what is broken."""

import json
from pathlib import Path
from threading import Event
from typing import Any

import exports
import pytest
from exports import write
from hypothesis import given
from hypothesis import strategies as st
from journals import folder_bytes

from mom_lsp import datafolder
from mom_lsp.discussions.archive import Archive
from mom_lsp.discussions.importing import Taken, import_discussions
from mom_lsp.discussions.sanitised import sanitised
from mom_lsp.discussions.values import Comment, Discussion, ReviewThread
from mom_lsp.errors import UsageError

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"


def take(folder: Path, *paths: Path, **options: Any) -> Taken:
    return import_discussions(folder / "mom", paths, name="s", named="export", **options)


def kept(folder: Path) -> list[Discussion]:
    with Archive(folder / "mom") as archive:
        return list(archive.all())


def pulls(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [
        exports.REST_PULL | {"number": number, "html_url": f"{exports.WEB}/pull/{number}"} | fields
        for number in range(1, count + 1)
    ]


def test_a_second_import_takes_what_is_new_or_edited(tmp_path: Path) -> None:
    file = write(tmp_path, {"pulls.json": pulls(40)}) / "pulls.json"
    assert take(tmp_path, file).changed == 40
    assert take(tmp_path, file).changed == 0
    edited = pulls(42)
    edited[4] |= {"body": "edited", "updated_at": "2024-06-01T00:00:00Z"}
    write(tmp_path, {"pulls.json": edited})
    result = take(tmp_path, file)
    assert (result.pull_requests, result.changed) == (42, 3)
    assert [one.body for one in kept(tmp_path) if one.number == 5] == ["edited"]


def test_worker_processes_keep_the_order_and_the_whole(tmp_path: Path) -> None:
    file = write(tmp_path, {"pulls.json": pulls(150)}) / "pulls.json"
    assert take(tmp_path, file).changed == 150
    assert [one.number for one in kept(tmp_path)] == list(range(1, 151))


def test_a_dry_run_counts_and_writes_nothing(tmp_path: Path) -> None:
    result = take(tmp_path, write(tmp_path / "export", exports.METADATA_BACKUP), dry_run=True)
    assert (result.pull_requests, result.issues, result.review_comments, result.changed) == (1, 1, 2, 0)
    assert not (tmp_path / "mom").exists()


def test_an_import_that_was_stopped_is_continued(tmp_path: Path) -> None:
    file = write(tmp_path, {"pulls.json": pulls(200)}) / "pulls.json"
    stop = Event()

    def report(phase: str, done: int, total: int) -> None:
        if phase == "keeping" and done > 100:
            stop.set()

    first = take(tmp_path, file, report=report, stop=stop)
    some = len(kept(tmp_path))
    assert first.stopped
    assert 0 < some == first.changed < 200
    assert take(tmp_path, file).changed == 200 - some


def test_progress_is_reported_to_the_end(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    take(tmp_path, write(tmp_path / "e", exports.METADATA_BACKUP), report=lambda *report: seen.append(report))
    assert [phase for phase, done, total in seen if done == total][-1] == "keeping"
    assert {phase for phase, _, _ in seen} == {"reading", "keeping"}


def test_a_broken_file_is_named_and_the_rest_is_taken(tmp_path: Path) -> None:
    files = exports.METADATA_BACKUP | {"pulls/8.json": '{"type": "pull", "pull": {', "pulls/9.json": "oops"}
    result = take(tmp_path, write(tmp_path / "export", files))
    assert (result.pull_requests, result.issues, result.broken) == (1, 1, 2)
    assert [problem.split(":")[0] for problem in result.problems] == ["export/pulls/8.json", "export/pulls/9.json"]


def test_a_missing_file_is_named_and_the_rest_is_taken(tmp_path: Path) -> None:
    write(tmp_path, {"pulls.json": pulls(1)})
    result = take(tmp_path, tmp_path / "none.json", tmp_path / "pulls.json")
    assert (result.changed, result.problems) == (1, ["none.json: No such file or directory"])


def test_many_problems_are_counted_and_some_listed(tmp_path: Path) -> None:
    result = take(tmp_path, write(tmp_path / "e", {"x.jsonl": "{oops}\n" * 500 + json.dumps(pulls(1)[0])}) / "x.jsonl")
    assert (result.broken, len(result.problems), result.changed) == (500, 20, 1)


def test_a_file_in_which_nearly_all_is_broken_is_given_up(tmp_path: Path) -> None:
    write(tmp_path / "e", {"x.jsonl": "{oops}\n" * 5000 + json.dumps(pulls(1)[0]), "y.json": [exports.REST_ISSUE]})
    result = take(tmp_path, tmp_path / "e")
    assert (result.broken, result.pull_requests, result.issues) == (1000, 0, 1)
    assert result.problems[-1] == "e/x.jsonl: the rest, since 1,000 values in it are broken"


def test_a_folder_without_json_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "e").mkdir()
    with pytest.raises(UsageError, match="no files that end in"):
        take(tmp_path, tmp_path / "e")


def test_what_is_not_said_to_be_of_a_project_is_of_the_only_one(tmp_path: Path) -> None:
    nameless = {key: value for key, value in exports.GH_PULL.items() if key != "url"} | {"number": 8}
    write(tmp_path, {"a.json": [exports.GH_PULL, nameless]})
    take(tmp_path, tmp_path / "a.json", project="remote/name")
    assert {one.project for one in kept(tmp_path)} == {"o/n"}


def test_secrets_and_control_characters_are_kept_nowhere(tmp_path: Path) -> None:
    secret = f"token {TOKEN}\x1b[31m red"
    pull = exports.REST_PULL | {"title": secret, "body": secret, "labels": [{"name": secret}]}
    pull |= {"user": {"login": f"ann {TOKEN}"}}
    comments = [one | {"body": secret, "diff_hunk": f"@@ -1 +1 @@\n+{secret}"} for one in exports.REST_REVIEW_COMMENTS]
    take(tmp_path, write(tmp_path / "e", {"p.json": [pull], "c.json": comments, "i.json": exports.REST_COMMENTS}))
    texts = repr(kept(tmp_path))
    assert TOKEN not in texts
    assert "\\x1b" not in texts
    assert texts.count("[secret]") >= 6
    assert TOKEN.encode() not in folder_bytes(tmp_path / "mom")


def test_every_text_of_a_discussion_is_sanitised() -> None:
    secret = f"key {TOKEN}"
    comment = Comment("c1", secret, 1, secret)
    thread = ReviewThread(f"a/{TOKEN}", (comment,), hunk=secret)
    whole = Discussion("issue", 1, secret, secret, secret, closed_by=secret, labels=(secret,), comments=(comment,))
    assert TOKEN not in repr(sanitised(Discussion(**{**_fields(whole), "threads": (thread,)})))


def _fields(value: Discussion) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def test_the_archive_of_an_import_is_private(tmp_path: Path) -> None:
    take(tmp_path, write(tmp_path / "e", {"p.json": pulls(1)}))
    assert (tmp_path / "mom" / datafolder.DISCUSSIONS).stat().st_mode & 0o077 == 0


@given(noise=st.lists(st.binary(max_size=40), max_size=4), at=st.integers(0, 4))
def test_no_line_of_anything_loses_the_discussions_around_it(
    tmp_path_factory: pytest.TempPathFactory, noise: list[bytes], at: int
) -> None:
    """Except what such a line itself opens: then the rest of it is its content."""
    folder = tmp_path_factory.mktemp("noise")
    lines = [line.replace(b"\n", b" ").replace(b"\r", b" ") for line in noise]
    lines.insert(at, json.dumps(exports.REST_ISSUE).encode())
    (folder / "e.jsonl").write_bytes(b"\n".join([json.dumps(pulls(1)[0]).encode(), *lines]))
    result = take(folder, folder / "e.jsonl")
    assert result.pull_requests == 1
    assert result.issues == 1
    assert result.broken or all(
        not line.strip() or line.strip(b" [],\x1e\t\x0b\x0c") == b"" or _is_json(line) for line in lines
    )


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
