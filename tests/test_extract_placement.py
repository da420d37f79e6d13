"""Placing a review thread: which lines of the merged file the commented line became."""

import pytest

from mom_lsp.extract.placement import MergedFile, place_of
from mom_lsp.git import Hunk

BEFORE = ["def connect(host):", "    socket = open_socket(host)", "    return socket"]
PROPOSED = """@@ -1,3 +1,7 @@ import socket
 def connect(host):
     socket = open_socket(host)
+    for attempt in range(5):
+        if socket.ping():
+            break
+        sleep(attempt)"""


def merged(text: str, *, first: int = 1, last: int = 0) -> MergedFile:
    """Return a file whose lines from `first` to `last` the pull request wrote."""
    lines = text.strip("\n").split("\n")
    written = tuple(lines[first - 1 : last])
    return MergedFile(lines, (Hunk("", first - 1, 0, first, len(written), (), written),) if written else ())


def placed(file: MergedFile, hunk: str = PROPOSED, *said: str) -> list[str]:
    return [file.lines[line - 1].strip() for line in place_of(hunk, said, file).lines]


def test_a_line_that_was_merged_as_it_was_is_found_wherever_it_is_now() -> None:
    text = """
import socket


def connect(host):
    socket = open_socket(host)
    for attempt in range(5):
        if socket.ping():
            break
        sleep(attempt)
    return socket
"""
    assert placed(merged(text, first=6, last=9)) == ["sleep(attempt)"]


def test_a_line_that_was_changed_because_of_the_review_is_the_one_that_is_like_it() -> None:
    text = """
def connect(host):
    socket = open_socket(host)
    for attempt in range(5):
        if socket.ping():
            break
        log.warning("not ready")
        sleep(2 ** attempt)
    return socket
"""
    assert placed(merged(text, first=3, last=7)) == ["sleep(2 ** attempt)"]


def test_lines_unlike_the_old_one_are_taken_between_the_neighbours_that_survived() -> None:
    text = """
def connect(host):
    socket = open_socket(host)
    socket.wait_until_ready()
    return socket
"""
    assert placed(merged(text, first=3, last=3)) == ["socket.wait_until_ready()"]


def test_what_a_reviewer_suggested_tells_the_line_that_replaced_the_old_one() -> None:
    text = """
def connect(host):
    socket = open_socket(host)
    while not socket.ready:
        pass
    backoff.wait()
    return socket
"""
    said = "Better:\n```suggestion\n    backoff.wait()\n```"
    assert placed(merged(text, first=3, last=5), PROPOSED, said) == ["backoff.wait()"]


def test_a_name_that_a_reviewer_proposes_tells_it_too() -> None:
    text = "def connect(host):\n    socket = open_socket(host)\n" + "\n".join(
        [f"    step_{n}()" for n in range(30)] + ["    retry_politely()"]
    )
    file = merged(text.replace("step_1()", "call = retry_politely"), first=3, last=33)
    assert placed(file, PROPOSED, "Why not `retry_politely`?") == ["call = retry_politely"]


def test_a_bracket_stands_for_the_line_that_it_ends() -> None:
    hunk = "@@ -0,0 +1,4 @@\n+int retry(void) {\n+    wait_for_server();\n+    return 1;\n+}"
    text = "int retry(void) {\n    wait_for_server();\n    return 1;\n}\nint other(void) {\n    return 1;\n}\n"
    assert placed(merged(text, first=1, last=4), hunk) == ["wait_for_server();"]  # "return 1;" is there twice


def test_a_removed_line_is_the_one_that_was_written_in_its_place() -> None:
    hunk = "@@ -1,3 +1,3 @@\n def connect(host):\n-    socket = open_socket(host)"
    lines = ["def connect(host):", "    socket = open_socket(host, timeout=5)", "    return socket"]
    change = Hunk("", 2, 1, 2, 1, (BEFORE[1],), (lines[1],))
    assert placed(MergedFile(lines, (change,)), hunk) == ["socket = open_socket(host, timeout=5)"]


def test_a_line_in_whose_place_nothing_stands_has_a_place_without_lines() -> None:
    found = place_of(PROPOSED, (), merged("\n".join(BEFORE)))
    assert (found.lines, found.near) == ((), 2)


@pytest.mark.parametrize("hunk", ["", "@@ -0,0 +1 @@", "@@", "nonsense", PROPOSED.replace("\n", "\r\n")])
def test_a_file_with_nothing_of_a_hunk_is_no_place(hunk: str) -> None:
    assert placed(merged("a = 1\nb = 2\n"), hunk) == []


def test_a_common_line_far_from_the_comment_aligns_nothing() -> None:
    hunk = "@@ -0,0 +1,3 @@\n+import sys\n" + "\n".join(f"+unlike_{n} = {n}" for n in range(60))
    assert (
        placed(merged("import sys\n\n\ndef main() -> None:\n    run_everything(sys.argv)\n", first=1, last=5), hunk)
        == []
    )
