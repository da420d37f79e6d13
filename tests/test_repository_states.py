"""The states that a repository can be in: each is supported."""

from __future__ import annotations

import gc
import shutil
import weakref
from pathlib import Path
from typing import Any

import pytest
from five_functions import CODE, WHY, edited, titles_of
from repositories import Repo, Start, clone, make_repository

from mom_lsp.engine.requests import answer


def test_two_worktrees_share_one_store_and_each_sees_its_own_branch(project: Repo, moms: Start, tmp_path: Path) -> None:
    project.commit("Common start of callers", {"a.py": CODE})
    side = project.worktree(tmp_path / "side", "-b", "side")
    ours = project.commit("Ours counts callers" + WHY, {"a.py": edited(2, "    return 22")})
    theirs = side.commit("Theirs counts callers" + WHY, {"a.py": edited(2, "    return 33")})
    main_mom, side_mom = moms(project), moms(side)
    assert main_mom.location.data == side_mom.location.data
    assert (main_mom.index().commits, side_mom.index().commits) == (2, 1)
    main_mom.service.library.reload()
    assert titles_of(main_mom.suggest("a.py", 2))[0] == "Ours counts callers"
    assert titles_of(side_mom.suggest("a.py", 2))[0] == "Theirs counts callers"
    assert main_mom.titles("callers") == ["Common start of callers", "Ours counts callers"]
    assert side_mom.titles("callers") == ["Common start of callers", "Theirs counts callers"]
    # one service serves both
    assert (
        titles_of(
            answer(main_mom.service, "suggest", {"root": str(side.root), "path": "a.py", "start": 2, "end": 2})[
                "suggestions"
            ]
        )[0]
        == "Theirs counts callers"
    )
    assert main_mom.call("status")["commits"] == 3
    shown = main_mom.call("show", id=side_mom.suggest("a.py", 2)[0]["id"])
    assert not shown["suggested"]
    assert "not an ancestor of HEAD" in shown["because"]
    assert {main_mom.call("status")["head"], side_mom.call("status")["head"]} == {ours, theirs}


def test_nothing_is_kept_of_a_worktree_that_was_removed(project: Repo, moms: Start, tmp_path: Path) -> None:
    project.commit("Common start of callers", {"a.py": CODE})
    mom, side = moms(project), project.worktree(tmp_path / "side", "-b", "side")
    mom.index()
    answer(mom.service, "suggest", {"root": str(side.root), "path": "a.py", "start": 2, "end": 2})
    kept = weakref.ref(mom.service.workspace(str(side.root)))
    project.git("worktree", "remove", "--force", str(side.root))
    mom.service.follow()
    gc.collect()
    assert kept() is None and titles_of(mom.suggest("a.py", 2))


def test_checkouts_and_merges_are_followed(project: Repo, moms: Start) -> None:
    project.commit("Common start of callers", {"a.py": CODE})
    project.git("checkout", "-qb", "side")
    project.commit("Side counts callers" + WHY, {"a.py": edited(2, "    return 33")})
    mom = moms(project)
    mom.index()
    assert titles_of(mom.suggest("a.py", 2))[0] == "Side counts callers"
    project.git("checkout", "-q", "main")
    assert "Side counts callers" not in titles_of(mom.suggest("a.py", 2))
    project.git("merge", "-q", "--ff-only", "side")
    assert titles_of(mom.suggest("a.py", 2))[0] == "Side counts callers"
    project.git("pack-refs", "--all")
    project.git("reset", "-q", "--hard", "HEAD~1")
    assert "Side counts callers" not in titles_of(mom.suggest("a.py", 2))


def test_another_revision_can_be_queried(project: Repo, moms: Start) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    project.commit("Second return of callers" + WHY, {"a.py": edited(2, "    return 22")})
    mom = moms(project)
    mom.index()
    assert titles_of(mom.suggest("a.py", 2, rev="HEAD"))[0] == "Second return of callers"
    assert titles_of(mom.suggest("a.py", 2, rev="HEAD~1")) == ["First return of callers"]
    assert titles_of(mom.suggest("a.py", 2))[0] == "Second return of callers"


def test_a_revision_other_than_head_can_be_indexed(project: Repo, moms: Start) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    project.git("checkout", "-qb", "side")
    project.commit("Side counts callers" + WHY, {"a.py": edited(2, "    return 33")})
    project.git("checkout", "-q", "main")
    mom = moms(project)
    assert mom.index(rev="side").commits == 2
    assert titles_of(mom.suggest("a.py", 2, rev="side"))[0] == "Side counts callers"
    assert titles_of(mom.suggest("a.py", 2)) == ["First return of callers"]


def test_a_shallow_clone_ignores_history_beyond_its_boundary(project: Repo, moms: Start, tmp_path: Path) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    project.commit("Second return of callers" + WHY, {"a.py": edited(2, "    return 22")})
    project.commit("Third return of callers" + WHY, {"a.py": edited(6, "    return 66", edited(2, "    return 22"))})
    shallow = clone(project, tmp_path / "shallow", "--depth=2")
    mom = moms(shallow)
    assert mom.index().commits == 2
    mom.call("configure", options={"mom": {"suggest": {"threshold": 0.1}}})
    assert titles_of(mom.suggest("a.py", 6))[0] == "Third return of callers"
    assert "Second return of callers" not in titles_of(mom.suggest("a.py", 2))
    (cut,) = mom.search("second return")[:1]
    assert cut["source"]["path"] is None  # not the whole tree
    shallow.git("fetch", "-q", "--unshallow")
    assert titles_of(mom.suggest("a.py", 2)) != ["First return of callers"]
    assert mom.index().commits == 2  # the one that was cut off is read again, with its diff
    (whole,) = mom.search("second return")[:1]
    assert whole["source"]["path"] == "a.py"
    assert titles_of(mom.suggest("a.py", 2))[0] == "Second return of callers"


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


def test_a_treeless_clone_keeps_the_messages(project: Repo, moms: Start, tmp_path: Path) -> None:
    project.git("config", "uploadpack.allowFilter", "true")
    project.commit("First return of callers", {"a.py": CODE})
    project.commit("Second return of callers" + WHY, {"a.py": edited(2, "    return 22")})
    mom = moms(clone(project, tmp_path / "treeless", "--filter=tree:0"))
    assert mom.index().commits == 2
    assert mom.titles("callers") == ["First return of callers", "Second return of callers"]


def test_unreadable_settings_are_reported(project: Repo, moms: Start) -> None:
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
    assert titles_of(mom.suggest("a.py", 2)) == ["First return of callers"]
    project.git("checkout", "-q", "--detach", "main")
    mom.index()
    assert titles_of(mom.suggest("a.py", 2))[0] == "Second return of callers"


def test_a_repository_without_commits_works(project: Repo, moms: Start) -> None:
    project.write("a.py", CODE)
    mom = moms(project)
    assert mom.index().waiting == "no commits yet"
    assert mom.call("suggest", path="a.py", start=2, end=2)["abstained"]
    assert mom.search("anything") == []
    assert mom.call("hints", path="a.py", text=CODE, start=1, end=9) == {"hints": []}
    status = mom.call("status")
    assert (status["head"], status["memories"], status["complete"]) == (None, 0, False)
    assert mom.call("doctor")["checks"]
    mom.call("note", text="callers count from one", path="a.py", line=2)
    assert titles_of(mom.search("callers")) == ["callers count from one"]
    project.commit("First return of callers")
    mom.index()
    assert mom.titles("callers") == ["First return of callers", "callers count from one"]


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
    assert "ask Ada about callers" in titles_of(mom.suggest("a.py", 3))
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
    assert titles_of(mom.suggest("a.py", 2, rev="HEAD")) == ["First return of callers"]
    assert mom.titles("callers") == ["First return of callers"]


def test_mailmap_author_names_are_shown(project: Repo, moms: Start) -> None:
    project.commit("First return of callers", {"a.py": CODE}, author="ada <old@example.org>")
    project.commit("Map names", {".mailmap": "Ada King <ada@new.example> <old@example.org>\n"})
    mom = moms(project)
    mom.index()
    assert mom.suggest("a.py", 2)[0]["source"]["author"] == "Ada King"


def test_excluded_files_give_no_memories(project: Repo, moms: Start) -> None:
    project.write(".mom.toml", 'exclude = ["*.gen.py", "old/"]\n')
    note = "# NOTE: callers must count from one because the protocol does\n"
    project.commit("Generated callers", {"a.gen.py": CODE + note, "old/b.py": CODE + note})
    project.commit("Kept callers", {"c.py": CODE, "old/b.py": CODE})
    mom = moms(project)
    mom.index()
    found = mom.search("callers protocol")
    assert {one["source"]["path"] for one in found} <= {"c.py", ".mom.toml"}
    assert "Kept callers" in titles_of(found)


def test_a_deleted_index_can_be_rebuilt_without_losing_feedback(project: Repo, moms: Start) -> None:
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


def test_separate_repositories_are_independent(project: Repo, moms: Start, tmp_path: Path) -> None:
    project.commit("First return of callers", {"a.py": CODE})
    other = make_repository(tmp_path / "other")
    other.commit("Quite another thing", {"a.py": CODE})
    mom, other_mom = moms(project), moms(other)
    mom.index()
    other_mom.index()
    assert mom.titles("thing callers") == ["First return of callers"]
    assert other_mom.titles("thing callers") == ["Quite another thing"]


def test_a_damaged_tree_costs_the_diffs_of_its_commit_alone(project: Repo, moms: Start) -> None:
    for name in "abcdef":
        project.commit(f"Add callers of {name}" + WHY, {f"{name}.py": CODE})
    tree = project.git("rev-parse", "HEAD~3^{tree}")
    damaged = project.root / ".git" / "objects" / tree[:2] / tree[2:]
    damaged.chmod(0o644)
    damaged.write_bytes(b"")  # as after a power cut
    mom = moms(project)
    assert mom.index().commits == 6
    found = {one["title"][-1]: one["id"] for one in mom.search("Add callers")}
    assert found.keys() == set("abcdef")
    rows = mom.service.library.snapshot().rows.get(list(found.values()))
    assert {name for name, identity in found.items() if not rows[identity].added_lines} == {"c", "d"}
    assert mom.index().nothing_new


def test_what_is_measured_leaves_out_damaged_commits_alone(project: Repo) -> None:
    commits = [project.commit(f"Add callers of {name}", {f"{name}.py": f"{name} = 1\n"}) for name in "abcdef"]
    for broken in (commits[0], commits[3]):
        (blob,) = [entry.blob for path, entry in project.repository.tree(broken).items() if path[0] in "ad"][-1:]
        (project.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    read = [image.sha for image in project.repository.preimages(commits)]
    assert read == [sha for sha in commits if sha not in (commits[0], commits[3])]
    for order in (commits[::-1], commits[:1], commits[3:4], []):
        assert [image.sha for image in project.repository.preimages(order)] == [sha for sha in order if sha in read]


@pytest.mark.parametrize("time", ["18446744073709551615", "9223372036854775808", "-9223372036854775808", "1" * 40])
def test_a_commit_with_a_time_out_of_bounds_is_indexed(project: Repo, moms: Start, time: str) -> None:
    project.commit("Begin", {"a.py": CODE})
    people = "".join(f"{who} A <a@example.org> {time} +0000\n" for who in ("author", "committer"))
    tree, parent = project.git("rev-parse", "HEAD^{tree}"), project.git("rev-parse", "HEAD")
    content = f"tree {tree}\nparent {parent}\n{people}\nOverflow of callers\n"
    sha = project.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=content.encode())
    project.git("update-ref", "HEAD", sha)
    mom = moms(project)
    mom.index()
    assert [one["title"] for one in mom.search("overflow")] == ["Overflow of callers"]


def test_settings_may_begin_with_a_byte_order_mark(project: Repo, moms: Start) -> None:
    files = {
        ".mom.toml": '\ufeffexclude = ["why.py"]\n',
        "why.py": "# NOTE: callers must never retry, because it loops.\n",
    }
    project.commit("Begin", files)
    mom = moms(project)
    mom.index()
    assert [one for one in mom.search("retry") if one["source"]["path"] == "why.py"] == []
