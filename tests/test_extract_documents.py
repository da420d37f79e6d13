"""Decision records, guides and changelogs."""

from __future__ import annotations

from collections.abc import Sequence

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
        "AGENTS.md",
        "web/CLAUDE.md",
        "GEMINI.md",
        ".cursorrules",
        ".cursor/rules/api/errors.mdc",
        ".github/copilot-instructions.md",
        ".github/instructions/tests.instructions.md",
        "CONVENTIONS.md",
        "docs/postmortems/2024-outage.md",
        "docs/arch/0001-queue.md",
        "docs/rfcs/0002-api.md",
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
        "src/agents.md.py",
        "docs/agents.md",
        ".cursor/mcp.json",
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


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("status: accepted", "Use SQLite for the journal"),
        ("status: 'superseded by ADR-14'", "Use SQLite for the journal (superseded by adr-14)"),
        ('status: "accepted"\ntitle: "Keep the journal in SQLite"', "Keep the journal in SQLite"),
    ],
)
def test_a_decision_record_may_have_its_title_and_status_in_its_front_matter(head: str, title: str) -> None:
    text = f"---\n{head}\n---\n\n# Use SQLite for the journal\n\n## Context\n\n{'It has to survive a crash. ' * 3}\n"
    (memory,) = read("docs/adr/0001-use-x.md", text)
    assert memory.title == title
    assert memory.body.startswith("It has to survive")
    assert memory.source.end_line == text.count("\n")


def test_the_front_matter_of_a_guide_is_no_section_and_keeps_its_lines() -> None:
    said = "Name a test as a statement about the code. " * 3
    head = f"---\nlayout: page\ndescription: {said}\n---"
    assert [(one.title, one.source.line) for one in read("CONTRIBUTING.md", f"{head}\n\n# Style\n\n{said}\n")] == [
        ("Style", 6)
    ]


def test_a_text_between_two_rules_and_a_heading_of_rest_are_no_front_matter() -> None:
    said = "Name a test as a statement about the code. " * 3
    assert said.strip() in read("CONTRIBUTING.md", f"---\n\n{said}\n\n---\n")[0].body
    assert read("CONTRIBUTING.rst", f"---------\nStyle: it\n---------\n\n{said}\n")[0].title == "Style: it"
    assert read("CONTRIBUTING.rst", f"---\nIt:\n---\n\n{said}\n")[0].title == "It:"


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


IDN = "Host names with wide characters are not looked up rightly on one platform."


@pytest.mark.parametrize(
    "path", ["docs/KNOWN_BUGS.md", "KNOWN_RISKS.md", "doc/known-limitations.rst", "CAVEATS", "docs/caveats.txt"]
)
def test_known_bugs_risks_limitations_and_caveats_are_known_issues(path: str) -> None:
    (found,) = read(path, f"# Names\n\n{IDN}\n")
    assert (found.kind, found.body) == ("known_issue", IDN)


@pytest.mark.parametrize("title", ["Known risks", "Known limitations", "Caveats"])
def test_a_section_of_a_guide_about_known_risks_is_a_known_issue(title: str) -> None:
    found = read("docs/design.md", f"# {title}\n\n{IDN}\n\n# Names\n\n{IDN}\n")
    assert [one.kind for one in found] == ["known_issue", "convention"]


def test_stored_documents_are_sanitized() -> None:
    found = document_memories(
        "CONTRIBUTING.md",
        "b",
        GUIDE.replace("Tests", "s3cret").replace("strcpy", "s3cret"),
        sanitize=lambda t: t.replace("s3cret", "***"),
    )
    assert len(found) == 2
    assert "s3cret" not in repr(found)


RULE = """---
description: "Errors of the API"
globs: src/api/**/*.{ts,tsx}, src/errors.ts
alwaysApply: false
---
Never return a bare string as an error, because the clients match on the code that an ApiError has.

## Logging

Do not log the body of a request: it may have a password in it, and logs are kept for years.
"""


def test_a_rule_belongs_to_the_files_that_its_globs_match() -> None:
    asked: list[tuple[str, ...]] = []

    def in_scope(globs: Sequence[str]) -> list[str]:
        asked.append(tuple(globs))
        return ["src/api/user.ts", "src/errors.ts"]

    path = ".cursor/rules/errors.mdc"
    first, second = document_memories(path, "b10b", RULE, sanitize=str, in_scope=in_scope)
    assert asked == [("src/api/**/*.ts", "src/api/**/*.tsx", "src/errors.ts")]
    assert (first.title, first.kind, first.source.line) == ("Errors of the API", "anti_pattern", 1)
    assert (second.title, second.source.line, second.source.end_line) == ("Logging", 8, 10)
    assert first.paths == second.paths == (path, "src/api/user.ts", "src/errors.ts")
    assert "alwaysApply" not in first.body


@pytest.mark.parametrize(
    ("head", "files"),
    [
        ("applyTo: '**'", ["a.ts"]),  # for all
        ("globs:\nalwaysApply: true", ["a.ts"]),
        ("globs: '*.ts'", [f"{n}.ts" for n in range(51)]),  # for many
    ],
)
def test_a_rule_for_everything_belongs_to_no_file(head: str, files: list[str]) -> None:
    text = f"---\n{head}\n---\n" + RULE.split("---\n")[2]
    path = ".github/instructions/errors.instructions.md"
    memories = document_memories(path, "b10b", text, sanitize=str, in_scope=lambda globs: files)
    assert {memory.paths for memory in memories} == {(path,)}


POSTMORTEM = """# Outage of the queue, 2024-05-01

## Timeline

10:00 the queue was full, 10:20 a second one was started by hand, 10:40 all was well again.

## Root cause

The consumer retried a poisoned message forever, because the limit counted restarts and not deliveries.
"""


def test_a_postmortem_is_one_bug_pattern_with_its_cause() -> None:
    (memory,) = read("docs/postmortems/2024-05-01-queue.md", POSTMORTEM)
    assert (memory.kind, memory.title) == ("bug_pattern", "Outage of the queue, 2024-05-01")
    assert memory.why == POSTMORTEM.rstrip().rpartition("\n")[2]
    assert "10:20" not in memory.body
