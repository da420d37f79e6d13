"""Rebases, amended commits, reverts, renames and reformatting: memories when history or files move."""

from __future__ import annotations

import pytest
from five_functions import CODE, WHY, edited, titles_of
from repositories import Mom, Repo, Start


def ids(mom: Mom, text: str) -> list[str]:
    return sorted(one["id"] for one in mom.search(text))


@pytest.mark.parametrize("ending", ["--continue", "--abort"])
def test_indexing_waits_while_a_rebase_runs(project: Repo, moms: Start, ending: str) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    project.git("checkout", "-qb", "side")
    project.commit("Side counts callers" + WHY, {"a.py": edited(2, "    return 33")})
    project.git("checkout", "-q", "main")
    project.commit("Main counts callers" + WHY, {"a.py": edited(2, "    return 22")})
    mom = moms(project)
    mom.index()
    project.git("checkout", "-q", "side")
    project.git("rebase", "main", check=False)
    waiting = mom.index()
    assert "rebase" in waiting.waiting
    assert waiting.commits == 0
    assert isinstance(mom.suggest("a.py", 2, text=CODE), list)
    project.write("a.py", edited(2, "    return 44"))
    project.git("add", ".")
    project.git("rebase", ending)
    after = mom.index()
    assert after.waiting == ""
    assert after.commits == 1
    assert mom.suggest("a.py", 2)[0]["title"] == "Side counts callers"
    assert mom.suggest("a.py", 2)[0]["source"]["commit"] == project.head


def test_amend_rebase_and_cherry_pick_create_no_duplicates(project: Repo, moms: Start) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    mom = moms(project)
    project.commit("Second return of callers" + WHY, {"a.py": edited(2, "    return 22")})
    mom.index()
    before = ids(mom, "callers")
    assert len(before) == 2

    project.write("b.py", "b = 1\n")
    project.git("add", ".")
    project.git("commit", "-q", "--amend", "--no-edit")
    mom.index()
    assert ids(mom, "callers") == before

    project.git("checkout", "-qb", "side", "HEAD~1")
    project.commit("Unrelated words", {"c.py": "c = 1\n"})
    project.git("cherry-pick", "main")
    mom.index()
    assert ids(mom, "callers") == before
    assert mom.suggest("a.py", 2)[0]["source"]["commit"] == project.head

    project.git("checkout", "-q", "main")
    project.git("rebase", "-q", "side~1")
    mom.index()
    assert ids(mom, "callers") == before
    assert mom.suggest("a.py", 2)[0]["source"]["commit"] == project.head
    assert titles_of(mom.suggest("a.py", 2, 6)).count("Second return of callers") == 1


def test_amending_and_pruning_a_commit_does_not_break_a_running_engine(project: Repo, moms: Start) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    project.commit("Second return of callers" + WHY, {"a.py": edited(2, "    return 22")})
    mom = moms(project)
    mom.index()
    mom.call("prefetch", path="a.py")
    assert titles_of(mom.suggest("a.py", 2))[0] == "Second return of callers"
    project.git("commit", "-q", "--amend", "-m", "Another return of callers" + WHY)
    project.git("reflog", "expire", "--expire=now", "--all")
    project.git("gc", "-q", "--prune=now")
    mom.index()
    assert titles_of(mom.suggest("a.py", 2))[0] == "Another return of callers"


def test_a_file_restored_to_old_content_has_new_blame(project: Repo, moms: Start) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    mom = moms(project)
    mom.index()
    mom.call("prefetch", path="a.py")
    project.commit("Second return of callers" + WHY, {"a.py": edited(2, "    return 22")})
    project.commit("Third return of callers" + WHY, {"a.py": CODE})
    mom.index()
    mom.call("prefetch", path="a.py")
    assert titles_of(mom.suggest("a.py", 2))[0] == "Third return of callers"
    project.commit("Elsewhere", {"b.py": "b = 1\n"})
    mom.index()
    assert titles_of(mom.suggest("a.py", 2))[0] == "Third return of callers"


def test_a_revert_replaces_a_memory_and_its_revert_restores_it(project: Repo, moms: Start) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    tried = project.commit("Try counting callers twice" + WHY, {"a.py": edited(2, "    return 22")})
    mom = moms(project)

    def state() -> tuple[str, str | None]:
        mom.index()
        (one,) = (one for one in mom.search("try counting twice") if one["source"]["commit"] == tried)
        return one["status"], one["replacement"]

    def newest() -> str:
        return str(
            next(one["id"] for one in mom.search("revert try counting") if one["source"]["commit"] == project.head)
        )

    assert state() == ("candidate", None)
    project.git("revert", "--no-edit", tried)
    assert state() == ("replaced", newest())
    (suggested,) = (one for one in mom.search("try counting twice") if one["source"]["commit"] == tried)
    assert "reverted" in suggested["phrases"]["marks"]
    related = mom.call("show", id=suggested["id"])["related"]
    assert [(one["source"]["commit"], one["why"]) for one in related] == [(project.head, "references it (revert)")]
    project.git("revert", "--no-edit", project.head)
    assert state() == ("candidate", None)
    project.git("revert", "--no-edit", project.head)
    assert state()[0] == "replaced"


@pytest.mark.parametrize(
    "subject", ['Reapply "Try counting callers twice"', 'Revert "Revert "Try counting callers twice""']
)
def test_every_form_of_reapplying_restores_a_memory(project: Repo, moms: Start, subject: str) -> None:
    tried = project.commit("Try counting callers twice" + WHY, {"a.py": CODE})
    mom = moms(project)
    reverted = project.commit(
        f'Revert "Try counting callers twice"\n\nThis reverts commit {tried}.', {"a.py": CODE + "\n"}
    )
    project.commit(f"{subject}\n\nThis reverts commit {reverted}.", {"a.py": CODE})
    mom.index()
    status = {one["source"]["commit"]: one["status"] for one in mom.search("counting callers twice")}
    assert (status[tried], status[reverted]) == ("candidate", "replaced")


@pytest.mark.parametrize("subject", ["Move the callers", "Release 1.2.3"])
def test_a_renamed_file_keeps_its_memories(project: Repo, moms: Start, subject: str) -> None:
    """Whether or not the commit that renamed it is worth a suggestion itself."""
    project.commit("First return of callers", {"old.py": CODE})
    project.commit("Second return of callers" + WHY, {"old.py": edited(2, "    return 22")})
    project.git("mv", "old.py", "new.py")
    project.commit(subject)
    project.commit("Elsewhere in it", {"new.py": edited(18, "    return 55", edited(2, "    return 22"))})
    mom = moms(project)
    mom.index()
    assert titles_of(mom.suggest("new.py", 2))[0] == "Second return of callers"
    # the function's memory, though the line is new
    found = mom.suggest("new.py", 2, text=edited(2, "    check(callers)\n    return 22", project_text(project)))
    assert "Second return of callers" in titles_of(found)
    assert next(one for one in found if one["title"].startswith("Second"))["why"].startswith("changed `f1`")


def project_text(project: Repo) -> str:
    return (project.root / "new.py").read_text()


def test_a_reformatted_file_keeps_its_blame(project: Repo, moms: Start) -> None:
    first = project.commit("First return of callers" + WHY, {"a.c": "int f(void) {\n  return 1; /* x */\n}\n"})
    reformat = project.commit("Wrap every line of callers", {"a.c": "int f(void)\n{\n  return 1; /* y */\n}\n"})
    mom = moms(project)
    mom.index()
    assert mom.suggest("a.c", 3)[0]["source"]["commit"] == reformat
    project.commit("Ignore it", {".git-blame-ignore-revs": f"{reformat}\n"})
    project.git("config", "blame.ignoreRevsFile", ".git-blame-ignore-revs")
    mom.index()
    assert mom.suggest("a.c", 3)[0]["source"]["commit"] == first


def test_form_feeds_and_crlf_line_endings_shift_no_line(project: Repo, moms: Start) -> None:
    page = "def a():\n    return 1\n\f\ndef b():\n    text = '\u2028'\n    return 2\n"
    project.commit("First return of callers", {"a.py": page, "w.py": page.replace("\n", "\r\n")})
    project.commit(
        "Second return of callers" + WHY,
        {"a.py": page.replace("2\n", "3\n"), "w.py": page.replace("2\n", "3\n").replace("\n", "\r\n")},
    )
    mom = moms(project)
    mom.index()
    for path in ("a.py", "w.py"):
        first = mom.suggest(path, 6)[0]
        assert (first["title"], first["lines"]) == ("Second return of callers", [6])
        text = (project.root / path).read_bytes().decode()
        assert mom.suggest(path, 6, text=text.replace("\r\n", "\n"))[0]["lines"] == [6]
        assert mom.suggest(path, 7, text="\n" + text)[0]["lines"] == [7]
