"""What is too long to be read in full is told."""

from __future__ import annotations

from dataclasses import replace

from repositories import Repo, Start

from mom_lsp.indexing.index_rules import IndexRules
from mom_lsp.indexing.unread_texts import unread_texts
from mom_lsp.limits import MAX_DOCUMENT, MAX_MESSAGE, MAX_SOURCE

RULES = IndexRules(max_file_size=3 * MAX_SOURCE)


def test_nothing_is_told_of_ordinary_texts(project: Repo) -> None:
    assert unread_texts(project.repository, RULES) == []
    project.commit("Start" + "." * (MAX_MESSAGE - 5), {"a.py": "a = 1\n", "data.bin": "0" * 2 * MAX_SOURCE})
    assert unread_texts(project.repository, RULES) == []


def test_long_messages_files_and_documents_are_counted(project: Repo) -> None:
    project.commit("Start" + "." * MAX_MESSAGE, {"a.py": "#\n" * MAX_SOURCE})
    project.commit("Describe", {"CONTRIBUTING.md": "a\n" * MAX_DOCUMENT})
    message, file, document = unread_texts(project.repository, RULES)
    assert message == "only the first 50,000 characters of 1 message are read"
    assert file.startswith("1 file not read")
    assert file.endswith(": a.py")
    assert document == "only the first 1,000,000 characters of 1 document are read: CONTRIBUTING.md"


def test_files_above_the_setting_and_no_excluded_ones_are_counted(project: Repo) -> None:
    files = {f"src/a{number}.py": "a = 1\n" * 100 for number in range(5)}
    project.commit("Start", files | {"vendor/a.py": "a = 1\n" * 100})
    (told,) = unread_texts(project.repository, replace(RULES, max_file_size=500))
    assert told.startswith("5 files not read")
    assert told.endswith(": src/a0.py, src/a1.py, src/a2.py and 2 more")
    assert unread_texts(project.repository, replace(RULES, max_file_size=500, exclude=("src/",))) == []
    assert unread_texts(project.repository, replace(RULES, max_file_size=500, comments=False)) == []


def test_doctor_tells_it(project: Repo, moms: Start) -> None:
    project.commit("Start" + "." * MAX_MESSAGE, {"a.py": "a = 1\n"})
    mom = moms(project)
    mom.index()
    checks = {one["name"]: one for one in mom.call("doctor")["checks"]}
    assert checks["long texts"]["ok"] is None
    assert "of 1 message" in checks["long texts"]["message"]
