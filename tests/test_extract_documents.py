"""Decision records, guides and changelogs."""

from __future__ import annotations

import pytest

from mom_lsp.extract.documents import document_memories, is_document, sections
from mom_lsp.memory import Memory, Reference


def read(path: str, text: str) -> list[Memory]:
    return document_memories(path, "b10b", text, sanitize=lambda text: text)


@pytest.mark.parametrize(
    "path",
    [
        "doc/adr/0001-record-decisions.md",
        "docs/decisions/0002-use-sqlite.md",
        "rfcs/0017-traits.md",
        "CONTRIBUTING.md",
        ".github/CONTRIBUTING.md",
        "docs/ARCHITECTURE.rst",
        "HACKING",
        "docs/CODE_STYLE.md",
        "docs/internals/BUFQ.md",
        "CHANGELOG.md",
        "NEWS",
        "CHANGES.rst",
        "RELEASE-NOTES",
        "docs/KNOWN_BUGS.md",
    ],
)
def test_documents_are_recognized_by_their_path(path: str) -> None:
    assert is_document(path)


@pytest.mark.parametrize(
    "path",
    [
        "src/design.py",
        "lib/changes.c",
        "internal/server/LICENSE",
        "design/CMakeLists.txt",
        "vendor/x/CHANGELOG.md",
        "docs/tutorial.md",
        "adr/tool.py",
        "dev/requirements.txt",
    ],
)
def test_other_files_are_not_documents(path: str) -> None:
    assert not is_document(path)


ADR = """# 12. Use SQLite for the journal

Date: 2024-03-01

## Status

Superseded by [14](0014-x.md)

## Context

Users lose pins when the index is deleted, and the index is rebuilt often.

## Decision

We keep the journal in SQLite because it survives a power cut.

## Consequences

One more file to back up.
"""


def test_a_decision_record_is_one_memory_with_its_reason_and_status() -> None:
    (memory,) = read("doc/adr/0012-use-sqlite.md", ADR)
    assert memory.kind == "decision"
    assert memory.title == "Use SQLite for the journal (superseded by 14)"
    assert memory.why == "We keep the journal in SQLite because it survives a power cut."
    assert "One more file" in memory.body
    assert (memory.source.line, memory.source.end_line) == (1, 19)
    assert read("doc/adr/template.md", ADR) == []


def test_a_decision_without_reasoning_uses_its_context_as_the_reason() -> None:
    text = (
        "# Use tabs\n\n## Context\n\nPeople argue about spaces in each and every review here.\n\n## Decision\n\nTabs.\n"
    )
    (memory,) = read("adr/0001-tabs.md", text)
    assert memory.why == "People argue about spaces in each and every review here."


GUIDE = """# Contributing

Short.

## Tests

Every change comes with a test that fails without it, and runs in under one second.

## Banned functions

Do not use strcpy or sprintf anywhere in the library; use the dynbuf functions for all strings.

```
# not a heading
```
"""


def test_a_guide_has_one_memory_per_informative_section() -> None:
    tests, banned = read("CONTRIBUTING.md", GUIDE)
    assert (tests.title, tests.kind, tests.source.line, tests.source.end_line) == ("Tests", "convention", 5, 7)
    assert (banned.title, banned.kind, banned.source.line) == ("Banned functions", "anti_pattern", 9)
    assert banned.anchors[0].symbols == ("Banned functions",)
    assert banned.source.blob == "b10b"


def test_headings_of_three_markup_languages_are_recognized() -> None:
    rest = "=====\nTitle\n=====\n\nText.\n\nPart one\n--------\n\nMore.\n\n- a\n- b\n"
    assert [(s.title, s.first, s.last) for s in sections(rest)] == [("Title", 1, 5), ("Part one", 7, 13)]
    ascii_doc = "= Title\n\nText.\n\n== Part\n\nMore.\n\n----\n== code\n----\n"
    assert [s.title for s in sections(ascii_doc)] == ["Title", "Part"]
    assert [s.title for s in sections("Title\n=====\n\ntext\n\n### Sub ###\ntext")] == ["Title", "Sub"]
    assert [s.title for s in sections("no heading\n")] == [""]
    assert list(sections("")) == []


CHANGES = """# Changelog

## 2.0.0

- Fix a crash when the host is empty and the proxy is not (#123)
- Drop support for Python 3.8, which is no longer maintained
  upstream
- Tidy up
* Fix the race between stop and join of the pool (Ada, PR 77)

## 1.0.0

1. Speed up the lookup of handles by a factor of three
"""


def test_changelog_entries_have_kinds_lines_and_versions() -> None:
    found = read("CHANGELOG.md", CHANGES)
    assert [(m.kind, m.source.line, m.source.end_line) for m in found] == [
        ("fix", 5, 5),
        ("decision", 6, 7),
        ("bug_pattern", 9, 9),
        ("optimisation", 13, 13),
    ]
    assert found[0].references == (Reference("mention", "#123"),)
    assert found[2].references == (Reference("mention", "#77"),)
    assert found[1].body == "Drop support for Python 3.8, which is no longer maintained\n  upstream"
    assert found[0].anchors[0].symbols == ("2.0.0",)


def test_a_changelog_keeps_its_1000_newest_entries() -> None:
    text = "\n".join(f"- Change number {n} of many that were made here" for n in range(1500))
    found = read("NEWS", text)
    assert len(found) == 1000
    assert found[0].title == "Change number 0 of many that were made here"


def test_ids_survive_a_move_within_the_file() -> None:
    before = {m.id for m in read("CHANGELOG.md", CHANGES)}
    after = {m.id for m in read("CHANGELOG.md", CHANGES.replace("# Changelog\n", "# Changelog\n\nHello.\n\n"))}
    assert before == after


def test_known_bugs_are_known_issues() -> None:
    text = "# Known bugs\n\n## IDN\n\nHost names with wide characters are not looked up rightly on one platform.\n"
    assert [m.kind for m in read("docs/KNOWN_BUGS.md", text)] == ["known_issue"]


def test_stored_documents_are_sanitized() -> None:
    found = document_memories(
        "CONTRIBUTING.md",
        "b",
        GUIDE.replace("Tests", "s3cret").replace("strcpy", "s3cret"),
        sanitize=lambda t: t.replace("s3cret", "***"),
    )
    assert len(found) == 2
    assert "s3cret" not in repr(found)
