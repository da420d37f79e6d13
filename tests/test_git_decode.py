"""Files that are not UTF-8: their lines have a history in every editor, and their text is decoded correctly."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repositories import Repo

from mom_lsp.extract.code import line_keys
from mom_lsp.git.decode import BOM, as_committed, decode, is_utf8, read_text
from mom_lsp.route.lines import blob_lines, committed_lines, open_lines

RULES = {
    "latin-1": "Größe der Tabelle nie über 42 setzen, weil der Server sonst sperrt",
    "cp1252": "“nie” mehr als 42 € der Server sperrt…",
    "gbk": "服务器在五十次尝试之后会封禁客户端所以最多重试四十二次",
    "shift_jis": "サーバーは五十回の試行後にクライアントを禁止するため、再試行は四十二回まで",
    "euc_jp": "サーバーは五十回の試行後にクライアントを禁止するため、再試行は四十二回まで",
    "euc_kr": "서버는 쉰 번의 시도 후 클라이언트를 차단합니다",
    "cp1251": "сервер блокирует клиента после пятидесяти попыток",
    "utf-8-sig": "die Größe nie über 42 setzen",
}


def source(rule: str) -> str:
    return f"import socket\n# NOTE: {rule}\nlimit = 42\nname = '{rule[:8]}'\n"


def mapped(data: bytes, shown: str) -> list[int]:
    """Return the committed line of each line that an editor shows."""
    committed = blob_lines(read_text(data))
    return committed_lines(committed, as_committed(open_lines(shown), b"" if is_utf8(data) else data, committed))


@pytest.mark.parametrize("shown_in", ["its own", "utf-8", "cp1252", "latin-1", "gb18030"])
@pytest.mark.parametrize("encoding", RULES)
def test_lines_are_mapped_however_the_editor_decodes_them(encoding: str, shown_in: str) -> None:
    data = source(RULES[encoding]).encode(encoding)
    if is_utf8(data) and shown_in not in ("its own", "utf-8"):
        pytest.skip("every editor reads UTF-8 as it is")
    shown = data.decode(encoding if shown_in == "its own" else shown_in, "replace")
    assert mapped(data, shown) == [1, 2, 3, 4]
    lines = shown.split("\n")
    edited = "\n".join([lines[0], "new = 1", *lines[1:2], "limit = 43", *lines[3:]])
    assert mapped(data, edited) == [1, 0, 2, 0, 4], "what is edited has no past"


@pytest.mark.parametrize("encoding", RULES)
def test_a_file_is_decoded_as_it_was_encoded(encoding: str) -> None:
    assert read_text(source(RULES[encoding]).encode(encoding)) == source(RULES[encoding])


@pytest.mark.parametrize(
    "head",
    [
        "# -*- coding: koi8-r -*-",
        "#!/bin/sh\n# vim: set fileencoding=koi8-r :",
        '<?xml version="1.0" encoding="KOI8-R"?>',
    ],
)
def test_a_declared_encoding_is_used(head: str) -> None:
    text = f"{head}\n{source(RULES['cp1251'])}"
    assert read_text(text.encode("koi8-r")) == text


@pytest.mark.parametrize("name", ["no-such", "rot13", "unicode_escape", "punycode", "zlib", "utf-16", "ascii"])
def test_an_invalid_declared_encoding_is_ignored(name: str) -> None:
    text = f"# coding: {name}\n# Größe \\x41\n"
    assert read_text(text.encode("latin-1")) == text


def test_lines_that_an_editor_shows_alike_are_mapped_in_order() -> None:
    data = "# ä\na = 1\n# ö\nb = 2\n# ü\nc = 3\n".encode("latin-1")
    shown = data.decode("utf-8", "replace")
    assert len({*shown.split("\n")}) == 5, "an editor has but one sign for all that it cannot read"
    assert mapped(data, shown) == [1, 2, 3, 4, 5, 6]
    assert mapped(data, shown.replace("a = 1\n", "")) == [1, 3, 4, 5, 6]


def test_utf_8_lines_that_differ_only_in_non_ascii_are_distinguished() -> None:
    data = "# 你好\n# 再见\nx = 1\n".encode()
    assert mapped(data, "# 再见\n# 你好\nx = 1\n") != [1, 2, 3]
    assert mapped(data, "# 你\n# 再见\nx = 1\n") == [0, 2, 3]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=6), max_size=6))
def test_utf_8_is_unchanged(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert decode(text.encode()) == text and read_text(text.encode()) == text.removeprefix(BOM)
    assert as_committed(lines, b"", lines)[1:] == lines[1:]


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_a_line_decodes_the_same_in_any_context(before: bytes, line: bytes) -> None:
    line = line.replace(b"\n", b"")
    assert decode(before + b"\n" + line).split("\n")[-1] == decode(line), "in a file, and in a diff"
    assert "\ufffd" not in decode(line) or b"\xef\xbf\xbd" in line
    assert read_text(before + b"\n" + line).isprintable() in (True, False), "whatever the bytes are"


@given(data=st.lists(st.binary(max_size=8), max_size=8).map(b"\n".join), shown=st.text(max_size=40))
def test_no_line_is_mapped_to_one_that_is_not_in_the_file(data: bytes, shown: str) -> None:
    lines, committed = open_lines(shown), blob_lines(read_text(data))
    found = as_committed(lines, b"" if is_utf8(data) else data, committed)
    assert len(found) == len(lines)
    for at, (was, is_now) in enumerate(zip(lines, found, strict=True)):
        assert is_now == (was if at else was.removeprefix(BOM)) or (is_now in committed and not was.isascii())


def test_a_byte_order_mark_is_not_part_of_a_line() -> None:
    assert line_keys([f"{BOM}limit = 42"]) == line_keys(["limit = 42"])
    assert mapped(b"\xef\xbb\xbfa = 1\nb = 2\n", f"{BOM}a = 1\nb = 2\n") == [1, 2]


@pytest.mark.parametrize("encoding", ["latin-1", "gbk", "shift_jis", "utf-8-sig"])
def test_each_line_of_a_legacy_encoded_file_leads_to_its_commit(project: Repo, moms: Any, encoding: str) -> None:
    rule = RULES[encoding]
    project.write("a.py", source("nothing yet").encode(encoding))
    project.commit("Limit the table")
    project.write("a.py", source(rule).encode(encoding))
    project.commit("Limit what the server may be asked")
    mom = moms(project)
    mom.index()
    mom.call("configure", options={"hints": {"minimumSurprise": 1, "threshold": 0}})
    comments = [one["title"] + one["body"] for one in mom.search("NOTE") if one["source"]["path"] == "a.py"]
    assert not any("\ufffd" in comment for comment in comments)
    if encoding in ("latin-1", "utf-8-sig"):  # a comment needs words to be worth remembering, as we count them
        assert any(rule[:12] in comment for comment in comments), comments
    for shown in (source(rule), source(rule).encode(encoding).decode("utf-8", "replace"), None):
        lines = {line: mom.suggest("a.py", line, text=shown) for line in (1, 2, 4)}
        wrote = {
            line: [one["title"] for one in found if "wrote this line" in str(one)] for line, found in lines.items()
        }
        assert wrote[2] == wrote[4] == ["Limit what the server may be asked"] and wrote[1] == ["Limit the table"]
        hinted = {
            hint["line"] for hint in mom.call("hints", path="a.py", text=shown or source(rule), start=1, end=4)["hints"]
        }
        assert hinted == {2, 3}, "each commit at the first line it wrote that is no import, however an editor reads it"
