from __future__ import annotations

from pathlib import Path

import pytest

from mom_lsp.cli.target import parse_target, split_target
from mom_lsp.errors import UntrustedPath, UsageError


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a.py", ("a.py", None, None)),
        ("a.py:4", ("a.py", 4, 4)),
        ("a.py:4-9", ("a.py", 4, 9)),
        (r"C:\x\a.py", (r"C:\x\a.py", None, None)),
        (r"C:\x\a.py:7", (r"C:\x\a.py", 7, 7)),
        ("a:b.py", ("a:b.py", None, None)),
        ("a:1:2", ("a:1", 2, 2)),
        ("a.py:", ("a.py:", None, None)),
        (":3", (":3", None, None)),
    ],
)
def test_target_is_split_at_the_last_colon_before_digits(text: str, parts: tuple[str, int | None, int | None]) -> None:
    assert split_target(text) == parts


def test_target_is_relative_to_the_root_with_forward_slashes(root: Path) -> None:
    target = parse_target("a.py:2-3", root / "src", root)
    assert (target.path, target.start, target.end, target.whole) == ("src/a.py", 2, 3, False)


def test_target_without_lines_is_the_whole_file(root: Path) -> None:
    target = parse_target("src/a.py", root, root)
    assert (target.start, target.end, target.whole) == (1, 3, True)


def test_target_may_begin_with_a_tilde(root: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "~nobody.c").write_text("a\n")
    assert parse_target("~nobody.c:1", root, root).path == "~nobody.c"
    monkeypatch.setenv("HOME", str(root / "src"))
    assert parse_target("~/a.py:1", root, root).path == "src/a.py"


@pytest.mark.parametrize(("content", "last"), [(b"", 1), (b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"\xff\x00\n\n", 2)])
def test_target_counts_lines_as_an_editor_does(root: Path, content: bytes, last: int) -> None:
    (root / "f").write_bytes(content)
    assert parse_target("f", root, root).end == last
    assert parse_target(f"f:{last}", root, root).start == last
    with pytest.raises(UsageError, match=f"no line {last + 1}"):
        parse_target(f"f:{last + 1}", root, root)


def test_target_prefers_an_existing_file_whose_name_ends_in_a_line_number(root: Path) -> None:
    (root / "log:12").write_text("a\nb\n")
    target = parse_target("log:12", root, root)
    assert (target.path, target.start, target.end, target.whole) == ("log:12", 1, 2, True)
    assert parse_target("log:12:2", root, root).start == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nothing.py", "no such file: nothing.py"),
        ("src", "is a folder"),
        ("src/a.py:0", "not a valid line range"),
        ("src/a.py:3-2", "not a valid line range"),
        ("src/a.py:2-4", "has only 3 lines; there is no line 4"),
    ],
)
def test_an_invalid_target_is_explained(root: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_target(text, root, root)


def test_a_target_outside_the_repository_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x\n")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "folder").symlink_to(tmp_path)
    with pytest.raises(UntrustedPath, match="symbolic link to a place outside"):
        parse_target("link:1", root, root)
    with pytest.raises(UntrustedPath, match="symbolic link to a place outside"):
        parse_target("folder/secret", root, root)
    with pytest.raises(UntrustedPath, match="is outside"):
        parse_target("../secret", root, root)
    with pytest.raises(UntrustedPath, match="is outside"):
        parse_target(str(tmp_path / "secret"), root, root)


def test_target_follows_a_symlink_that_stays_inside(root: Path) -> None:
    (root / "alias.py").symlink_to("src/a.py")
    assert parse_target("alias.py:2", root, root).path == "src/a.py"


def test_a_target_in_another_revision_need_not_exist_on_disk(root: Path) -> None:
    target = parse_target("gone.py:900", root, root, on_disk=False)
    assert (target.path, target.start, target.end) == ("gone.py", 900, 900)
    assert parse_target("gone.py", root, root, on_disk=False).start == 0
    with pytest.raises(UntrustedPath):
        parse_target("../gone.py", root, root, on_disk=False)


def test_a_name_that_no_file_can_have_is_explained_in_a_few_words(root: Path) -> None:
    with pytest.raises(UsageError, match="File name too long") as told:
        parse_target("x" * 5000 + ":3", root, root)
    assert len(str(told.value)) < 200
