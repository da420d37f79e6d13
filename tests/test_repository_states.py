"""The states that a repository can be in: each is ordinary."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from repositories import Mom, Repo, clone, make_repository

from mom_lsp.engine.requests import answer

Start = Callable[[Repo | Path], Mom]
CODE = "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(1, 6))
WHY = "\n\nBecause callers count from there, which nobody had written down."


def edited(line: int, text: str, code: str = CODE) -> str:
    lines = code.split("\n")
    lines[line - 1] = text
    return "\n".join(lines)


def told(found: list[dict[str, Any]]) -> list[str]:
    return [one["title"] for one in found]


def ids(mom: Mom, text: str) -> list[str]:
    return sorted(one["id"] for one in mom.search(text))


def test_two_worktrees_share_one_store_and_each_sees_its_own_branch(project: Repo, moms: Start, tmp_path: Path) -> None:
    project.commit("Common start of callers", {"a.py": CODE})
    side = project.worktree(tmp_path / "side", "-b", "side")
    ours = project.commit("Ours counts callers" + WHY, {"a.py": edited(2, "    return 22")})
    theirs = side.commit("Theirs counts callers" + WHY, {"a.py": edited(2, "    return 33")})
    here, there = moms(project), moms(side)
    assert here.location.data == there.location.data
    assert (here.index().commits, there.index().commits) == (2, 1)
    here.service.library.reload()
    assert told(here.suggest("a.py", 2))[0] == "Ours counts callers"
    assert told(there.suggest("a.py", 2))[0] == "Theirs counts callers"
    assert here.titles("callers") == ["Common start of callers", "Ours counts callers"]
    assert there.titles("callers") == ["Common start of callers", "Theirs counts callers"]
    # one service serves both
    assert (
        told(
            answer(here.service, "suggest", {"root": str(side.root), "path": "a.py", "start": 2, "end": 2})[
                "suggestions"
            ]
        )[0]
        == "Theirs counts callers"
    )
    assert here.call("status")["commits"] == 3
    shown = here.call("show", id=there.suggest("a.py", 2)[0]["id"])
    assert not shown["suggested"]
    assert "not an ancestor of HEAD" in shown["because"]
    assert {here.call("status")["head"], there.call("status")["head"]} == {ours, theirs}


def test_a_branch_that_is_checked_out_or_merged_is_followed(project: Repo, moms: Start) -> None:
    project.commit("Common start of callers", {"a.py": CODE})
    project.git("checkout", "-qb", "side")
    project.commit("Side counts callers" + WHY, {"a.py": edited(2, "    return 33")})
    mom = moms(project)
    mom.index()
    assert told(mom.suggest("a.py", 2))[0] == "Side counts callers"
    project.git("checkout", "-q", "main")
    assert "Side counts callers" not in told(mom.suggest("a.py", 2))
    project.git("merge", "-q", "--ff-only", "side")
    assert told(mom.suggest("a.py", 2))[0] == "Side counts callers"
    project.git("pack-refs", "--all")
    project.git("reset", "-q", "--hard", "HEAD~1")
    assert "Side counts callers" not in told(mom.suggest("a.py", 2))


def test_another_revision_can_be_asked(project: Repo, moms: Start) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    project.commit("Second return of callers" + WHY, {"a.py": edited(2, "    return 22")})
    mom = moms(project)
    mom.index()
    assert told(mom.suggest("a.py", 2, rev="HEAD"))[0] == "Second return of callers"
    assert told(mom.suggest("a.py", 2, rev="HEAD~1")) == ["First return of callers"]
    assert told(mom.suggest("a.py", 2))[0] == "Second return of callers"


def test_a_revision_besides_head_can_be_indexed(project: Repo, moms: Start) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    project.git("checkout", "-qb", "side")
    project.commit("Side counts callers" + WHY, {"a.py": edited(2, "    return 33")})
    project.git("checkout", "-q", "main")
    mom = moms(project)
    assert mom.index(rev="side").commits == 2
    assert told(mom.suggest("a.py", 2, rev="side"))[0] == "Side counts callers"
    assert told(mom.suggest("a.py", 2)) == ["First return of callers"]


def test_a_shallow_clone_says_nothing_of_what_was_cut_off(project: Repo, moms: Start, tmp_path: Path) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    project.commit("Second return of callers" + WHY, {"a.py": edited(2, "    return 22")})
    project.commit("Third return of callers" + WHY, {"a.py": edited(6, "    return 66", edited(2, "    return 22"))})
    shallow = clone(project, tmp_path / "shallow", "--depth=2")
    mom = moms(shallow)
    assert mom.index().commits == 2
    assert told(mom.suggest("a.py", 6))[0] == "Third return of callers"
    assert "Second return of callers" not in told(mom.suggest("a.py", 2))
    (cut,) = mom.search("second return")[:1]
    assert cut["source"]["path"] is None  # not the whole tree
    shallow.git("fetch", "-q", "--unshallow")
    assert told(mom.suggest("a.py", 2)) != ["First return of callers"]
    assert mom.index().commits == 2  # the one that was cut off is read again, with its diff
    (whole,) = mom.search("second return")[:1]
    assert whole["source"]["path"] == "a.py"
    assert told(mom.suggest("a.py", 2))[0] == "Second return of callers"


def test_a_partial_clone_is_indexed_without_fetching(project: Repo, moms: Start, tmp_path: Path) -> None:
    project.git("config", "uploadpack.allowFilter", "true")
    project.commit("Begin", {"LICENSE": "MIT\n"})  # nothing of this is ever missing
    project.commit("First return of callers", {"a.py": CODE, "old.py": "# old\n"})
    project.git("rm", "-q", "old.py")
    project.commit("Second return of callers" + WHY, {"a.py": edited(2, "    return 22")})
    partial = clone(project, tmp_path / "partial", "--filter=blob:none")

    def missing() -> int:
        return partial.git("rev-list", "--objects", "--missing=print", "--all").count("?")

    before = missing()
    assert before == 2
    mom = moms(partial)
    assert mom.index().commits == 3
    found = {one["title"]: one["source"]["path"] for one in mom.search("callers")}
    assert found == {"First return of callers": "a.py", "Second return of callers": "a.py"}
    assert isinstance(mom.suggest("a.py", 2), list)
    assert missing() == before
    partial.git("config", "--unset", "remote.origin.partialclonefilter")
    partial.git("fetch", "-q", "--refetch")
    assert missing() == 0
    assert mom.index().commits == 3, "the clone was filled, so the diffs can be read"
    assert all(
        memory.added_lines
        for memory in mom.service.library.snapshot().rows.get([m["id"] for m in mom.search("callers")]).values()
    )
    assert mom.index().nothing_new


def test_a_clone_without_trees_keeps_the_messages(project: Repo, moms: Start, tmp_path: Path) -> None:
    project.git("config", "uploadpack.allowFilter", "true")
    project.commit("First return of callers", {"a.py": CODE})
    project.commit("Second return of callers" + WHY, {"a.py": edited(2, "    return 22")})
    mom = moms(clone(project, tmp_path / "treeless", "--filter=tree:0"))
    assert mom.index().commits == 2
    assert mom.titles("callers") == ["First return of callers", "Second return of callers"]


def test_settings_that_cannot_be_read_are_told(project: Repo, moms: Start) -> None:
    mom = moms(project)

    def check() -> dict[str, Any]:
        return next(check for check in mom.call("doctor")["checks"] if check["name"] == "settings")

    assert check()["ok"] is not False
    (project.root / ".mom.toml").write_text("this = is [ no toml")
    assert check()["ok"] is False and ".mom.toml" in check()["message"]


def test_a_detached_head_works(project: Repo, moms: Start) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    project.commit("Second return of callers" + WHY, {"a.py": edited(2, "    return 22")})
    project.git("checkout", "-q", "--detach", "HEAD~1")
    mom = moms(project)
    mom.index()
    assert told(mom.suggest("a.py", 2)) == ["First return of callers"]
    project.git("checkout", "-q", "--detach", "main")
    mom.index()
    assert told(mom.suggest("a.py", 2))[0] == "Second return of callers"


def test_before_the_first_commit_nothing_is_wrong(project: Repo, moms: Start) -> None:
    project.write("a.py", CODE)
    mom = moms(project)
    assert mom.index().waiting == "there is no commit yet"
    assert mom.call("suggest", path="a.py", start=2, end=2)["abstained"]
    assert mom.search("anything") == []
    assert mom.call("hints", path="a.py", text=CODE, start=1, end=9) == {"hints": []}
    status = mom.call("status")
    assert (status["head"], status["memories"], status["complete"]) == (None, 0, False)
    assert mom.call("doctor")["checks"]
    mom.call("note", text="callers count from one", path="a.py", line=2)
    assert told(mom.search("callers")) == ["callers count from one"]
    project.commit("First return of callers")
    mom.index()
    assert mom.titles("callers") == ["First return of callers", "callers count from one"]


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


def test_amend_rebase_and_cherry_pick_double_nothing(project: Repo, moms: Start) -> None:
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
    assert told(mom.suggest("a.py", 2, 6)).count("Second return of callers") == 1


def test_a_commit_that_was_amended_and_removed_does_not_break_a_running_engine(project: Repo, moms: Start) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    project.commit("Second return of callers" + WHY, {"a.py": edited(2, "    return 22")})
    mom = moms(project)
    mom.index()
    mom.call("prefetch", path="a.py")
    assert told(mom.suggest("a.py", 2))[0] == "Second return of callers"
    project.git("commit", "-q", "--amend", "-m", "Another return of callers" + WHY)
    project.git("reflog", "expire", "--expire=now", "--all")
    project.git("gc", "-q", "--prune=now")
    mom.index()
    assert told(mom.suggest("a.py", 2))[0] == "Another return of callers"


def test_a_file_that_is_back_at_an_old_content_has_new_writers(project: Repo, moms: Start) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    mom = moms(project)
    mom.index()
    mom.call("prefetch", path="a.py")
    project.commit("Second return of callers" + WHY, {"a.py": edited(2, "    return 22")})
    project.commit("Third return of callers" + WHY, {"a.py": CODE})
    mom.index()
    mom.call("prefetch", path="a.py")
    assert told(mom.suggest("a.py", 2))[0] == "Third return of callers"
    project.commit("Elsewhere", {"b.py": "b = 1\n"})
    mom.index()
    assert told(mom.suggest("a.py", 2))[0] == "Third return of callers"


def test_a_revert_replaces_and_its_revert_restores(project: Repo, moms: Start) -> None:
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
    assert "reverted" in suggested["why"]
    related = mom.call("show", id=suggested["id"])["related"]
    assert [(one["source"]["commit"], one["why"]) for one in related] == [(project.head, "names it (revert)")]
    project.git("revert", "--no-edit", project.head)
    assert state() == ("candidate", None)
    project.git("revert", "--no-edit", project.head)
    assert state()[0] == "replaced"


@pytest.mark.parametrize(
    "subject", ['Reapply "Try counting callers twice"', 'Revert "Revert "Try counting callers twice""']
)
def test_every_form_of_reapplying_restores(project: Repo, moms: Start, subject: str) -> None:
    tried = project.commit("Try counting callers twice" + WHY, {"a.py": CODE})
    mom = moms(project)
    reverted = project.commit(
        f'Revert "Try counting callers twice"\n\nThis reverts commit {tried}.', {"a.py": CODE + "\n"}
    )
    project.commit(f"{subject}\n\nThis reverts commit {reverted}.", {"a.py": CODE})
    mom.index()
    status = {one["source"]["commit"]: one["status"] for one in mom.search("counting callers twice")}
    assert (status[tried], status[reverted]) == ("candidate", "replaced")


def test_a_folder_without_git_works(home: Path, moms: Start, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    code = "def f():\n    # NOTE: callers must count from one because the protocol does\n    return 1\n"
    (folder / "a.py").write_text(code)
    (folder / "CONTRIBUTING.md").write_text(
        "# Rules\n\n## Imports\n\nAlways sort the imports of callers, because merges are easier. Never leave two.\n"
    )
    mom = moms(folder)
    assert mom.index().files == 2
    assert not any(folder.glob(".*"))
    assert any("count from one" in title for title in mom.titles("protocol callers"))
    assert any("sort the imports" in one["title"] + one["body"] for one in mom.search("imports"))
    assert mom.call("status")["git"] is False
    assert mom.call("doctor")["checks"]
    mom.call("note", text="ask Ada about callers", path="a.py", line=3)
    assert "ask Ada about callers" in told(mom.suggest("a.py", 3))
    (folder / "a.py").write_text(code.replace("count from one", "count from seven"))
    mom.index()
    titles = " ".join(mom.titles("protocol callers"))
    assert "count from seven" in titles
    assert "count from one" not in titles
    (folder / "a.py").unlink()
    mom.index()
    assert "seven" not in " ".join(mom.titles("protocol callers"))


def test_a_bare_repository_works(project: Repo, moms: Start, tmp_path: Path) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    bare = tmp_path / "bare.git"
    project.git("clone", "-q", "--bare", str(project.root), str(bare))
    mom = moms(bare)
    assert mom.index().commits == 1
    assert told(mom.suggest("a.py", 2, rev="HEAD")) == ["First return of callers"]
    assert mom.titles("callers") == ["First return of callers"]


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
    assert told(mom.suggest("new.py", 2))[0] == "Second return of callers"
    # the function's memory, though its lines are new now
    mom.call("configure", options={"mom": {"suggest": {"threshold": 0.02}}})  # the lines say less now
    found = mom.suggest("new.py", 2, text=edited(2, "    return 23 + callers", project_text(project)))
    assert "Second return of callers" in told(found)
    assert next(one for one in found if one["title"].startswith("Second"))["why"].startswith("changed f1")


def project_text(project: Repo) -> str:
    return (project.root / "new.py").read_text()


def test_a_mapped_author_is_named(project: Repo, moms: Start) -> None:
    project.commit("First return of callers", {"a.py": CODE}, author="ada <old@example.org>")
    project.commit("Map names", {".mailmap": "Ada King <ada@new.example> <old@example.org>\n"})
    mom = moms(project)
    mom.index()
    assert mom.suggest("a.py", 2)[0]["source"]["author"] == "Ada King"


def test_excluded_files_say_nothing(project: Repo, moms: Start) -> None:
    project.write(".mom.toml", 'exclude = ["*.gen.py", "old/"]\n')
    note = "# NOTE: callers must count from one because the protocol does\n"
    project.commit("Generated callers", {"a.gen.py": CODE + note, "old/b.py": CODE + note})
    project.commit("Kept callers", {"c.py": CODE, "old/b.py": CODE})
    mom = moms(project)
    mom.index()
    found = mom.search("callers protocol")
    assert {one["source"]["path"] for one in found} <= {"c.py", ".mom.toml"}
    assert "Kept callers" in told(found)


def test_a_reformatted_file_keeps_its_writers(project: Repo, moms: Start) -> None:
    first = project.commit("First return of callers" + WHY, {"a.c": "int f(void) {\n  return 1; /* x */\n}\n"})
    reformat = project.commit("Wrap every line of callers", {"a.c": "int f(void)\n{\n  return 1; /* y */\n}\n"})
    mom = moms(project)
    mom.index()
    assert mom.suggest("a.c", 3)[0]["source"]["commit"] == reformat
    project.commit("Ignore it", {".git-blame-ignore-revs": f"{reformat}\n"})
    project.git("config", "blame.ignoreRevsFile", ".git-blame-ignore-revs")
    mom.index()
    assert mom.suggest("a.c", 3)[0]["source"]["commit"] == first


def test_form_feeds_and_windows_line_ends_move_no_line(project: Repo, moms: Start) -> None:
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


def test_a_deleted_index_costs_only_a_new_one(project: Repo, moms: Start) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    mom = moms(project)
    mom.index()
    (one,) = mom.suggest("a.py", 2)
    mom.call("pin", id=one["id"])
    mom.service.close()
    shutil.rmtree(mom.location.data / "lance")
    again = moms(project)
    assert again.suggest("a.py", 2) == []
    again.index()
    (found,) = again.suggest("a.py", 2)
    assert (found["id"], found["pinned"]) == (one["id"], True)


def test_repositories_apart_know_nothing_of_each_other(project: Repo, moms: Start, tmp_path: Path) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    other = make_repository(tmp_path / "other")
    other.commit("Quite another thing", {"a.py": CODE})
    here, there = moms(project), moms(other)
    here.index()
    there.index()
    assert here.titles("thing callers") == ["First return of callers"]
    assert there.titles("thing callers") == ["Quite another thing"]
