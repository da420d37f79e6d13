"""Discussions, strategies for them, and processes that write an archive."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st
from processes import LONG

from mom_lsp.discussions.values import Comment, Discussion, ReviewThread

SHA = "0123456789abcdef0123456789abcdef01234567"


def pull_request(number: int = 1, **fields: object) -> Discussion:
    made = Discussion("pull_request", number, f"Change {number}", project="o/n", body="Because.", updated=100)
    return replace(made, **fields)  # type: ignore[arg-type]


def issue(number: int = 1, **fields: object) -> Discussion:
    return pull_request(number, type="issue", **fields)


def comment(number: int = 1, body: str = "", **fields: object) -> Comment:
    return replace(Comment(f"issuecomment-{number}", "ann", number, body or f"text {number}"), **fields)  # type: ignore[arg-type]


def thread(number: int = 1, *replies: Comment, **fields: object) -> ReviewThread:
    first = Comment(f"discussion_r{number}", "bob", number, f"review {number}")
    made = ReviewThread("a.py", (first, *replies), "@@ -1 +1 @@\n-a\n+b", SHA, 3, id=f"discussion_r{number}")
    return replace(made, **fields)  # type: ignore[arg-type]


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)  # lone surrogates, too
_TIME = st.integers(0, 2**40)
_COMMENTS = st.builds(Comment, ANY_TEXT, ANY_TEXT, _TIME, ANY_TEXT, st.booleans())
_SOME = st.lists(_COMMENTS, min_size=1, max_size=3).map(tuple)
_THREADS = st.builds(
    ReviewThread, ANY_TEXT, _SOME, ANY_TEXT, ANY_TEXT, _TIME, st.sampled_from(["old", "new"]), st.none() | st.booleans()
)
DISCUSSIONS = st.builds(
    Discussion,
    type=st.sampled_from(["pull_request", "issue"]),
    number=st.integers(1, 5),
    title=ANY_TEXT,
    body=ANY_TEXT,
    author=ANY_TEXT,
    bot=st.booleans(),
    state=st.sampled_from(["open", "closed", "merged"]),
    created=_TIME,
    updated=_TIME,
    closed=_TIME,
    project=st.sampled_from(["", "o/n", "group/sub/ñ"]),
    merge_commit=st.sampled_from(["", SHA]),
    commits=st.lists(st.sampled_from([SHA, SHA[::-1]]), max_size=2).map(tuple),
    closes=st.lists(st.integers(1, 9), max_size=2).map(tuple),
    closed_by=ANY_TEXT,
    labels=st.lists(ANY_TEXT, max_size=2).map(tuple),
    comments=st.lists(_COMMENTS, max_size=3).map(tuple),
    threads=st.lists(_THREADS, max_size=2).map(tuple),
)

_CHILD = """
import sys
from pathlib import Path
from mom_lsp.discussions.archive import Archive
from mom_lsp.discussions.values import Discussion
from mom_lsp.errors import ArchiveError
archive = Archive(Path(sys.argv[1]), create=True)
"""


def start_child(data: Path, body: str) -> "subprocess.Popen[str]":
    """Start a process with an open `archive`."""
    return subprocess.Popen([sys.executable, "-c", _CHILD + body, str(data)], stdout=subprocess.PIPE, text=True)


def run_child(data: Path, body: str) -> str:
    """Return what such a process prints."""
    child = start_child(data, body)
    out, _ = child.communicate(timeout=LONG)
    assert child.returncode == 0
    return out
