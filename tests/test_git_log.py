"""Commits and their changes, read from repositories whose history is known."""

from __future__ import annotations

import os

import pytest
from git_reading import LINES, read, who
from repositories import START, Repo

from mom_lsp.git import FileChange, Hunk
from mom_lsp.git.log import MAX_DIFF, MAX_FILES

pytestmark = pytest.mark.usefixtures("home")


def only(project: Repo) -> FileChange:
    """Return the one file that HEAD changed."""
    (commit,) = read(project)
    (change,) = commit.files
    return change


def test_a_commit_has_all_fields_that_git_reports(project: Repo) -> None:
    root = project.commit("first\n", {"a.txt": LINES})
    second = project.commit(
        "Ändere Zeile 5\n\nWeil sie falsch war.\n",
        {"a.txt": LINES.replace("line 5\n", "LINE 5\nand more\n")},
        author="Zoë Ünal <zoe@example.org>",
        date=START + 7,
    )
    (commit,) = read(project)
    assert (commit.sha, commit.parents) == (second, (root,))
    assert (commit.author, commit.email, commit.author_time) == ("Zoë Ünal", "zoe@example.org", START + 7)
    assert commit.commit_time == int(project.git("log", "-1", "--format=%ct")) != commit.author_time
    assert commit.message.strip() == "Ändere Zeile 5\n\nWeil sie falsch war."
    assert commit.files[0].hunks == (Hunk("line 4", 5, 1, 5, 2, ("line 5",), ("LINE 5", "and more")),)
    assert not commit.truncated


def test_a_root_commit_adds_everything(project: Repo) -> None:
    project.commit("first", {"a.txt": "one\ntwo\n", "b/c.txt": "three\n"})
    (commit,) = read(project)
    assert commit.parents == ()
    assert [(f.path, f.status, f.hunks[0].added) for f in commit.files] == [
        ("a.txt", "A", ("one", "two")),
        ("b/c.txt", "A", ("three",)),
    ]
    assert commit.files[0].hunks[0].new_count == 2


def test_commits_are_returned_in_the_requested_order(project: Repo) -> None:
    shas = [project.commit(f"change {n}", {"a.txt": f"{n}\n"}) for n in range(5)]
    asked = [shas[3], shas[0], shas[4]]
    assert [commit.sha for commit in read(project, *asked)] == asked
    assert read(project, *asked)[1].files[0].hunks[0].added == ("0",)


def test_a_rename_with_an_edit_is_one_change(project: Repo) -> None:
    project.commit("first", {"old.txt": LINES})
    (project.root / "old.txt").unlink()
    project.commit("move", {"new.txt": LINES.replace("line 5", "line five")})
    change = only(project)
    assert (change.old_path, change.path, change.status) == ("old.txt", "new.txt", "R")
    assert [(h.removed, h.added) for h in change.hunks] == [(("line 5",), ("line five",))]


def test_a_deleted_file_keeps_its_name_and_lines(project: Repo) -> None:
    project.commit("first", {"a b.txt": "one\ntwo\n"})
    (project.root / "a b.txt").unlink()
    project.commit("delete")
    change = only(project)
    assert (change.path, change.status, change.hunks[0].removed) == ("a b.txt", "D", ("one", "two"))


@pytest.mark.parametrize(
    "name",
    [
        "with space.txt",
        "  leading and trailing  ",
        'quo"ted.txt',
        "tab\there.txt",
        "new\nline.txt",
        "back\\slash.txt",
        "bell\a and escape\x1b.txt",
        "naïve/日本語 🎉.txt",
        "line\u2028separator\x85.txt",
        "--option.txt",
        "-p",
        ":(top)magic",
        "*.glob",
        "b/a/b/b.txt",
        "x => y",
    ],
)
def test_any_file_name_is_read_correctly_by_every_command(project: Repo, name: str) -> None:
    project.commit("first", {name: "one\n", "other.txt": "0\n"})
    project.commit("second", {name: "one\ntwo\n"})
    change = only(project)
    assert (change.path, change.status, change.hunks[0].added) == (name, "M", ("two",))
    repository, head = project.repository, project.head
    blob = repository.tree(head)[name].blob
    assert repository.blob_at(head, name) == blob
    assert list(repository.texts([blob], 100)) == [(blob, "one\ntwo\n")]
    assert [group.count for group in repository.blame(head, name)] == [1, 1]


@pytest.mark.parametrize("name", ['quo"ted\t.txt', "日本語 🎉.txt", "new\nline"])
def test_a_rename_from_an_unusual_name_keeps_both_names(project: Repo, name: str) -> None:
    project.commit("first", {name: LINES})
    project.git("mv", "--", name, f"moved {name}")
    project.commit("move")
    change = only(project)
    assert (change.old_path, change.path, change.hunks) == (name, f"moved {name}", ())


def test_a_non_utf8_file_name_does_not_affect_other_files(project: Repo) -> None:
    project.write(os.fsencode("caf") + b"\xe9.txt", "one\n")
    project.commit("first", {"plain.txt": "two\n"})
    (commit,) = read(project)
    assert {f.path: f.hunks[0].added for f in commit.files if f.hunks}["plain.txt"] == ("two",)
    assert len(commit.files) == 2


def test_lines_that_look_like_a_diff_are_plain_lines(project: Repo) -> None:
    before = ["-- a/x", "keep", "@@ -1 +1 @@", "diff --git a/q b/q", "\\ No newline at end of file"]
    after = ["++ b/x", "keep", "@@ -9,9 +9,9 @@ def f():", "diff --git a/z b/z", ":100644 100644 0 0 M\tz.txt"]
    project.commit("first", {"a.txt": "\n".join(before) + "\n", "b.txt": "1\n"})
    project.commit("second", {"a.txt": "\n".join(after) + "\n", "b.txt": "2\n"})
    (commit,) = read(project)
    assert [f.path for f in commit.files] == ["a.txt", "b.txt"]
    assert [line for h in commit.files[0].hunks for line in h.removed] == [line for line in before if line != "keep"]
    assert [line for h in commit.files[0].hunks for line in h.added] == [line for line in after if line != "keep"]


def test_a_message_that_looks_like_a_diff_is_a_plain_message(project: Repo) -> None:
    message = "fix\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n:100644 100644 0 0 M\tz\n"
    project.commit(message, {"a.txt": "1\n"})
    (commit,) = read(project)
    assert commit.message.strip() == message.strip()
    assert [f.path for f in commit.files] == ["a.txt"]


def test_a_missing_final_newline_is_not_a_line(project: Repo) -> None:
    project.commit("first", {"a.txt": "one\ntwo"})
    project.commit("second", {"a.txt": "one\nthree"})
    assert [(h.removed, h.added) for h in only(project).hunks] == [(("two",), ("three",))]


def test_blank_lines_and_lines_that_begin_with_signs_are_kept(project: Repo) -> None:
    project.commit("first", {"a.txt": "-- a\n+ b\n\\ c\n\n"})
    project.commit("second", {"a.txt": "+ d\n\\ e\n-- f\n\n\n"})
    sides = [(hunk.removed, hunk.added) for hunk in only(project).hunks]
    assert sides == [(("-- a", "+ b", "\\ c"), ("+ d", "\\ e", "-- f", ""))]


def test_a_binary_file_is_listed_without_lines(project: Repo) -> None:
    project.write("a.bin", b"\0\1\2" * 100)
    project.commit("first", {"z.txt": "z\n"})
    binary, text = read(project)[0].files
    assert (binary.path, binary.status, binary.hunks) == ("a.bin", "A", ())
    assert (text.path, text.hunks[0].added) == ("z.txt", ("z",))


def test_a_mode_change_or_pure_rename_is_not_binary(project: Repo) -> None:
    file = project.write("run.sh", LINES)
    project.commit("first")
    file.chmod(0o755)
    project.commit("mode")
    assert only(project) == FileChange("run.sh", None, "M")
    project.git("mv", "run.sh", "walk.sh")
    project.commit("move")
    assert only(project) == FileChange("walk.sh", "run.sh", "R")
    project.commit("empty file", {"empty.txt": ""})
    assert only(project) == FileChange("empty.txt", None, "A")


def test_a_submodule_is_not_a_file(project: Repo) -> None:
    project.commit("first", {"a.txt": "1\n"})
    project.git("update-index", "--add", "--cacheinfo", f"160000,{project.head},vendored")
    project.git("commit", "-qm", "add a submodule")
    (commit,) = read(project)
    assert commit.files == ()
    assert list(project.repository.tree(project.head)) == ["a.txt"]


def test_a_symlink_is_not_a_file_in_the_tree(project: Repo) -> None:
    (project.root / "link").symlink_to("a.txt")
    project.commit("first", {"a.txt": "1\n"})
    assert list(project.repository.tree(project.head)) == ["a.txt"]
    assert project.repository.blob_at(project.head, "link") is None


def test_a_huge_diff_is_truncated_to_its_file_names(project: Repo) -> None:
    project.commit("huge", {"big.txt": "x" * 79 + "\n", "small.txt": "1\n"})
    project.commit("huge", {"big.txt": ("x" * 79 + "\n") * (MAX_DIFF // 80 + 2), "small.txt": "2\n"})
    after = project.commit("after", {"small.txt": "3\n"})
    huge, small = read(project, f"{after}~1", after)
    assert huge.truncated
    assert [(f.path, f.hunks) for f in huge.files] == [("big.txt", ()), ("small.txt", ())]
    assert not small.truncated
    assert small.files[0].hunks[0].added == ("3",)


def test_a_commit_with_very_many_files_is_truncated(project: Repo) -> None:
    project.commit("many", {f"{n:04}.txt": "" for n in range(MAX_FILES + 1)})
    (commit,) = read(project)
    assert commit.truncated
    assert len(commit.files) == MAX_FILES


def test_an_empty_message_and_an_empty_commit_can_be_read(project: Repo) -> None:
    project.commit("")
    (commit,) = read(project)
    assert (commit.message.strip(), commit.files) == ("", ())


@pytest.mark.parametrize(
    "separator", ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\x01", "\x1b[2J"]
)
def test_control_characters_in_a_subject_break_nothing(project: Repo, separator: str) -> None:
    sha = project.commit(f"one{separator}two", {"a.txt": f"x{separator}y\n"})
    (commit,) = read(project)
    assert commit.message.strip() == f"one{separator}two"
    assert commit.files[0].hunks[0].added == (f"x{separator}y",)
    ((found, emails, time, _, subject),) = project.repository.keys([sha])
    assert (found, time, subject) == (sha, commit.author_time, f"one{separator}two")
    assert emails == ("ada@example.org", "ada@example.org")
    assert who(project.repository.blame(sha, "a.txt")) == {1: sha}


def object_of(project: Repo, text: bytes) -> str:
    """Write a raw commit object, without letting git check it."""
    return project.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=text)


def test_invalid_utf8_and_declared_encodings_can_be_read(project: Repo) -> None:
    project.commit("first", {"a.txt": "1\n"})
    tree = project.git("rev-parse", "HEAD^{tree}").encode()
    head = b"tree " + tree + b"\nauthor Zo\xeb <z@example.org> 5 +0000\ncommitter Zo\xeb <z@example.org> 6 +0000\n"
    plain = object_of(project, head + b"\nna\xefve\n")
    declared = object_of(project, head + b"encoding ISO-8859-1\n\nna\xefve\n")
    without, known = read(project, plain, declared)
    assert (without.author, without.message.strip(), without.author_time) == ("Zo\ufffd", "na\ufffdve", 5)
    assert (known.author, known.message.strip()) == ("Zoë", "naïve")


def test_broken_commit_objects_are_tolerated(project: Repo) -> None:
    project.commit("first", {"a.txt": "1\n"})
    tree = project.git("rev-parse", "HEAD^{tree}").encode()
    people = b"author A <a@b> 5 +0000\ncommitter A <a@b> 6 +0000\n"
    objects = [
        b"tree " + tree + b"\nauthor A <a@b> not-a-time\ncommitter A <a@b> 6 +0000\n\nno time\n",
        b"tree " + tree + b"\nauthor nobody\ncommitter nobody\n\nno email\n",
        b"tree " + tree + b"\n" + people + b"\nbefore\0after the NUL\n",
        b"tree " + tree + b"\n" + people.replace(b"5", b"99999999999999999999") + b"\nfar future\n",
    ]
    shas = [object_of(project, text) for text in objects]
    commits = read(project, *shas)
    assert [commit.message.split("\0")[0].strip()[:6] for commit in commits] == ["no tim", "no ema", "before", "far fu"]
    assert [key[0] for key in project.repository.keys(shas)] == shas


def test_merges_have_files_only_on_request(project: Repo) -> None:
    project.commit("first", {"a.txt": "1\n"})
    project.git("checkout", "-qb", "side")
    side = project.commit("side", {"b.txt": "2\n"})
    project.git("checkout", "-q", "main")
    main = project.commit("main", {"a.txt": "3\n"})
    project.git("merge", "--quiet", "--no-ff", "-m", "Merge branch 'side'\n\nIt brings b.", "side")
    assert read(project)[0].parents == (main, side)
    assert read(project)[0].files == ()
    assert [(f.path, f.status) for f in read(project, merges=True)[0].files] == [("b.txt", "A")]


def test_mailmap_names_the_author_everywhere(project: Repo) -> None:
    project.commit("first", {"a.txt": "1\n"}, author="ada <old@example.org>")
    sha = project.commit("map", {".mailmap": "Ada King <ada@new.example> <old@example.org>\n"})
    (first,) = read(project, f"{sha}~1")
    assert (first.author, first.email) == ("Ada King", "ada@new.example")
    assert next(project.repository.keys([f"{sha}~1"]))[1] == ("old@example.org", "ada@new.example")


def test_repository_configuration_cannot_change_the_output_format(project: Repo) -> None:
    (project.root / "o.txt").write_text(LINES)
    project.git("add", ".")
    project.git("commit", "-qm", "first")
    project.git("mv", "o.txt", "ö.txt")
    project.write("ö.txt", LINES.replace("line 2", "x").replace("line 9", "y"))
    project.git("add", ".")
    project.git("commit", "-qm", "zwölf")
    for key, value in {
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "color.ui": "always",
        "color.diff": "always",
        "core.quotePath": "true",
        "diff.context": "7",
        "diff.interHunkContext": "20",
        "diff.renames": "false",
        "diff.submodule": "log",
        "diff.relative": "true",
        "diff.wsErrorHighlight": "all",
        "diff.colorMoved": "zebra",
        "diff.external": "false",
        "diff.orderFile": "nowhere",
        "format.pretty": "raw",
        "log.showSignature": "true",
        "log.date": "relative",
        "log.decorate": "full",
        "log.follow": "true",
        "log.diffMerges": "combined",
        "log.mailmap": "false",
        "blame.showEmail": "true",
        "blame.blankBoundary": "true",
        "blame.ignoreRevsFile": "nowhere",
        "i18n.logOutputEncoding": "UTF-16",
        "core.abbrev": "4",
    }.items():
        project.git("config", key, value)
    (commit,) = read(project)
    assert commit.message.strip() == "zwölf"
    (change,) = commit.files
    assert (change.old_path, change.path, change.status) == ("o.txt", "ö.txt", "R")
    assert [(h.old_start, h.removed, h.added) for h in change.hunks] == [
        (2, ("line 2",), ("x",)),
        (9, ("line 9",), ("y",)),
    ]
    assert len(project.repository.blame(project.head, "ö.txt")) == 5


def test_a_message_beyond_every_limit_is_read(project: Repo) -> None:
    project.commit("Begin", {"a.txt": "1\n"})
    project.commit(b"Long " + b"words " * 6_000_000, {"a.txt": "2\n"})
    project.commit("End", {"a.txt": "3\n"})
    commits = read(project, *project.git("rev-list", "HEAD").split())
    assert [(one.message[:3], one.truncated) for one in commits] == [
        ("End", False),
        ("Lon", True),
        ("Beg", False),
    ]
