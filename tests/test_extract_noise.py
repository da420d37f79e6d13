"""History that is kept but never suggested."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from mom_lsp.extract.noise import commit_noise, is_generated, is_vendored, merge_title, message_of
from mom_lsp.extract.references import own_numbers
from mom_lsp.git import Commit, FileChange, Hunk

ROLLUP = """Auto merge of #9 - ann:rollup-x, r=ann

Rollup of 2 pull requests

Successful merges:

 - #7 (Keep the order of headers in the answers of all servers)
 - #8 (Ask the second server whenever the first one does not answer)
"""
APPROVED = "Approved-by: Ann Smith <ann@example.org>\n"


def make_commit(
    message: str,
    *,
    removed: tuple[str, ...] = ("int a = 1;",),
    added: tuple[str, ...] = ("int a = 2;",),
    paths: tuple[str, ...] = ("lib/url.c",),
    author: str = "Ada Lovelace",
    parents: int = 1,
) -> Commit:
    hunks = (Hunk("int f(void)", 5, len(removed), 5, len(added), removed, added),)
    return Commit(
        sha="1" * 40,
        parents=tuple(str(n) * 40 for n in range(parents)),
        author=author,
        email="ada@example.org",
        author_time=1_600_000_000,
        commit_time=1_600_000_000,
        message=message,
        files=tuple(FileChange(path, None, "M", hunks=hunks) for path in paths),
    )


LISTED = """* refs/remotes/up/main: (3 commits)
  Extend fill-character to allow inside and outside to be separate and use a different default for inside
  Do not leak the name of a window
  ...
"""


@pytest.mark.parametrize(
    ("commit", "reason"),
    [
        (make_commit("Bump lodash from 4.17.20 to 4.17.21", author="dependabot[bot]"), "bot"),
        (make_commit("Update actions", author="Renovate Bot"), "bot"),
        (make_commit("Merge branch 'main' into topic", parents=2), "merge"),
        (make_commit("Merge pull request #7 from x/fix-1", parents=2), "merge"),
        (make_commit(f"Merged in x/fix-1 (pull request #7)\n\n{APPROVED * 5}", parents=2), "merge"),
        (make_commit(ROLLUP, parents=2), "merge"),
        (make_commit("Merge tag 'v6.1'\n\n# Conflicts:\n#\tlib/a.c", parents=2), "merge"),
        (make_commit(f"Merge remote-tracking branch 'up/main'\n\n{LISTED}", parents=2), "merge"),
        (make_commit("RELEASE-NOTES: synced"), "release"),
        (make_commit("Bump version to 1.2.3"), "release"),
        (make_commit("v2.0.1"), "release"),
        (make_commit("Linux 6.1-rc3"), "release"),
        (make_commit("chore(release): 3.2.1"), "release"),
        (
            make_commit("Added tag 2.7.1 for changeset edc1d080bab5\n\n--HG--\nbranch : 2.7", paths=(".hgtags",)),
            "release",
        ),
        (make_commit("GHA: bump actions and pip dependencies"), "release"),
        (make_commit("Add the new people", paths=("docs/THANKS", ".mailmap")), "bookkeeping"),
        (make_commit("Run black on everything"), "formatting"),
        (make_commit("style: reformat with clang-format"), "formatting"),
        (make_commit("Tidy f", removed=("if (a) {", "b; }"), added=("if(a)", "  {", "    b;", "  }")), "formatting"),
        (make_commit("docs: fix typos"), "typo"),
        (make_commit("searcher: polish\n\nThis touches up some comments."), "polish"),
        (make_commit("minor changes"), "empty title"),
        (make_commit("wip: more of it"), "empty title"),
        (make_commit("Update Mapper.java"), "empty title"),
        (make_commit("修正变量名"), "empty title"),
        (make_commit("https://github.com/a/b/issues/12"), "empty title"),
        (make_commit("Fix tests (#12)\n\nCloses #11\n\n* Fix lint"), "empty title"),
        (make_commit("Merge pull request #7 from a/b\n\nUpdate the README.md file", parents=2), "empty title"),
        (make_commit("Sync", paths=("vendor/x/a.go", "Cargo.lock")), "generated"),
    ],
)
def test_noise_is_recognized(commit: Commit, reason: str) -> None:
    assert commit_noise(commit) == reason


@pytest.mark.parametrize(
    "commit",
    [
        make_commit("url: do not reuse a connection with other credentials"),
        make_commit("Merge pull request #7 from x/y\n\nKeep the order of headers\n\nText.", parents=2),
        make_commit("mbedtls: bump minimum version to 3.2.0\n\nBecause older ones cannot verify the host."),
        make_commit("fix\n\nThe server counts attempts."),
        make_commit("修复空指针异常"),
        make_commit("优化分页插件的性能"),
        make_commit("Improve errors for missing dependencies"),
        make_commit("wip: keep the order of the first three"),
        make_commit("cleanup\n\nThe cache is dropped because nothing reads it."),
        make_commit("retry: cap the limit", paths=("a.py", "vendor/b.py")),
        make_commit("format: keep the sign of zero"),
        make_commit("grammar: accept a trailing comma"),
        make_commit("http: fix the handling of newlines in headers"),
        make_commit("open the file before the next release of the lock"),
        make_commit("Drop the blank", removed=("a b",), added=("a c",)),
        make_commit("Remove the cache", removed=("cache = {}",), added=()),
        make_commit("robots.txt: allow all", author="Abbott Costello"),
    ],
)
def test_meaningful_commits_are_not_noise(commit: Commit) -> None:
    assert commit_noise(commit) == ""


def test_indentation_changes_are_not_formatting_where_indentation_matters() -> None:
    shallow, deep = ("    return x",), ("        return x",)
    assert commit_noise(make_commit("Mend f", removed=shallow, added=deep, paths=("a.c",))) == "formatting"
    assert commit_noise(make_commit("Mend f", removed=shallow, added=deep, paths=("a.py",))) == ""


def at_depths(depths: tuple[int, ...], unit: str) -> tuple[str, ...]:
    return tuple(unit * depth + "call()" for depth in depths)


@pytest.mark.parametrize(("before", "after"), [("    ", "  "), ("  ", "    "), ("\t", "    ")])
def test_replacing_the_indentation_unit_is_formatting(before: str, after: str) -> None:
    depths = (0, 1, 2, 1, 3)
    changed = make_commit("Indent", removed=at_depths(depths, before), added=at_depths(depths, after), paths=("a.py",))
    assert commit_noise(changed) == "formatting"


@pytest.mark.parametrize(("removed", "added"), [((2, 3, 4), (1, 2, 3)), ((2, 2), (1, 1)), ((1, 2), (2, 3))])
def test_moving_lines_out_of_a_block_is_a_change(removed: tuple[int, ...], added: tuple[int, ...]) -> None:
    moved = make_commit(
        "Unnest the calls", removed=at_depths(removed, "    "), added=at_depths(added, "    "), paths=("a.py",)
    )
    assert commit_noise(moved) == ""


@pytest.mark.parametrize(
    "subject",
    [
        "Merge pull request #7 from x/y",
        "Rollup merge of #7 - ann:topic, r=bob",
        "Auto merge of #7 - ann:topic, r=bob",
        "Merged in ann/repo/feature/x (pull request #7)",
    ],
)
def test_a_merge_has_title_and_number_of_its_pull_request(subject: str) -> None:
    message = f"{subject}\n\nKeep the order\n\nIt matters."
    assert merge_title(message) == ("Keep the order", "It matters.")
    assert own_numbers(message) == (7,)


def test_a_squash_by_bitbucket_has_the_title_of_its_pull_request() -> None:
    text = "Merged in feature/x (pull request #7)\n\nKeep the order\n\n* Sort them\n\n* Add a test"
    assert message_of(text, merge=False).subject == "Keep the order"
    assert message_of("Merged in changes from x\n\nKeep the order", merge=False).subject == "Merged in changes from x"


def test_a_merge_takes_its_title_from_the_pull_request_or_the_prose() -> None:
    assert merge_title("Merge pull request #7 from x/y\n\nKeep the order\n\nIt matters.") == (
        "Keep the order",
        "It matters.",
    )
    long = "This brings the new resolver, which asks both families at once and takes the first answer that it gets."
    assert merge_title(f"Merge branch 'resolver'\n\n{long}") == ("Merge branch 'resolver'", long)
    assert merge_title(f"Merge branch 'resolver'\n\n{LISTED}\n{long}")[1].endswith(long)
    assert merge_title("Merge branch 'x' of example.org:y") == ("", "")


@pytest.mark.parametrize(
    "path",
    [
        *("vendor/a/b.go", "third_party/z/z.c", "web/node_modules/x/i.js", "js/jquery-3.1.min.js", "js/jquery.js"),
        *("js/vue-2.6.1.js", "js/d3.v7.min.js", "css/bootstrap.min.css", "static/js/bootstrap.js", "public/react.js"),
    ],
)
def test_vendored_paths_are_recognized(path: str) -> None:
    assert is_vendored(path)


@pytest.mark.parametrize(
    "path",
    ["package-lock.json", "a/Cargo.lock", "x.min.js", "api/v1/x.pb.go", "x_pb2.py", "t/__snapshots__/a.snap", "go.sum"],
)
def test_generated_paths_are_recognized(path: str) -> None:
    assert is_generated(path)


@pytest.mark.parametrize(
    "path",
    [
        "lib/url.c",
        "src/vendors.py",
        "lock.c",
        "mypy/checker.py",
        "docs/generated.md",
        "resources/js/bootstrap.js",
        "src/plugins/vue.js",
        "src/react.js",
    ],
)
def test_hand_written_paths_are_neither_vendored_nor_generated(path: str) -> None:
    assert not is_vendored(path)
    assert not is_generated(path)


def test_generated_files_are_recognized_by_their_first_lines() -> None:
    assert is_generated("x.go", "// Code generated by protoc-gen-go. DO NOT EDIT.\npackage x")
    assert is_generated("x.py", "# This file was automatically generated by SWIG.\n# Do not edit.")
    assert not is_generated("x.py", "# Sorts the names generated by the caller.\n")
    assert not is_generated("x.py", "# Reads what the compiler writes and edits it.\n")


# Layout


@pytest.mark.parametrize(
    ("message", "path", "removed", "added"),
    [
        ("Tidy f", "a.py", ("f('a', b)",), ('f("a", b)',)),
        ("Wrap a call", "a.py", ("    f(a, b)",), ("    f(", "        a,", "        b,", "    )")),
        ("Unwrap a call", "a.go", ("f(", "  a,", "  b,", ")"), ("f(a, b)",)),
        ("Space f", "a.c", ("f( a,b )",), ("f(a, b)",)),
        ("Tidy f", "a.ts", ("f('a')",), ('f("a")',)),
        ("Wrap a query", "a.sql", ("select a  from b",), ("select a", "  from b")),
        ("Indent a command", "a.sh", ("  rm  -f a", "", "ls"), ("    rm -f a", "    ls")),
    ],
)
def test_a_layout_change_is_formatting_whatever_the_message_says(
    message: str, path: str, removed: tuple[str, ...], added: tuple[str, ...]
) -> None:
    whole = f"{message}\n\nThis is a long body, which says at length what was done here, because people ask for that."
    assert commit_noise(make_commit(whole, removed=removed, added=added, paths=(path,))) == "formatting"


@pytest.mark.parametrize(
    ("path", "removed", "added"),
    [
        ("a.py", ("x = [", '    "a"'), ("x = [", '    "a",')),  # two strings were joined
        ("a.c", ('say("ERR" + text);',), ('say("ERR " + text);',)),
        ("a.sh", ("rm $1",), ('rm "$1"',)),
        ("a.c", ("x = (a + b) * c;",), ("x = a + b * c;",)),
        ("a.py", ("        return x",), ("    return x",)),
        *((path, ("        save()",), ("    save()",)) for path in ("a.gd", "b.bzl", "BUILD.bazel", "SConstruct")),
        *((path, ("        a: b",), ("    a: b",)) for path in ("a.fs", "a.sass", "a.elm", "a.pxd", "a.yaml.tmpl")),
        ("a.sh", ("rm -rf / tmp",), ("rm -rf /tmp",)),
        ("a.sh", ("rm a", "ls"), ("rm a ls",)),
        (".gitignore", ("foo bar",), ("foobar",)),
        ("Makefile", ("CFLAGS = -DWIN32-D_CONSOLE",), ("CFLAGS = -DWIN32 -D_CONSOLE",)),
        ("a.c", ("unsignedint a;",), ("unsigned int a;",)),
        *((path, ("f('$a #{b}')",), ('f("$a #{b}")',)) for path in ("a.sh", "a.pl", "a.php", "a.rb", "a.go", "a.c")),
        *(
            (path, ("        cc a.c",), ("\tcc a.c",))
            for path in ("Makefile", "src/GNUmakefile", "Makefile.am", "a.mk")
        ),
        ("Makefile", ("\tifeq (a,b)", "\t\tx = 1"), ("        ifeq (a,b)", "                x = 1")),
    ],
)
def test_a_change_in_meaning_is_not_formatting(path: str, removed: tuple[str, ...], added: tuple[str, ...]) -> None:
    assert commit_noise(make_commit("Mend f", removed=removed, added=added, paths=(path,))) == ""


def test_a_line_of_escaped_quotes_is_read_in_linear_time() -> None:
    line = '\\"key\\": 1, ' * 10_000
    commit = make_commit("Change the data", removed=(line,), added=(f"{line} 2",), paths=("data.txt",))
    began = time.process_time()
    assert commit_noise(commit) == ""
    assert time.process_time() - began < 2.0


def test_a_formatter_run_with_small_edits_is_recognized_by_its_subject() -> None:
    many = tuple(f"f('{number}', a)" for number in range(9))
    formatted = tuple(line.replace("'", '"') for line in many)
    body = "\n\nThis makes every file of ours look the same, because nobody wants to talk of such things in a review."
    hunks = (Hunk("", 1, 9, 1, 9, many, formatted), Hunk("", 20, 1, 20, 1, ("import b, a",), ("import a", "import b")))
    commit = replace(make_commit("Blacken everything" + body), files=(FileChange("a.py", None, "M", hunks),))
    assert commit_noise(commit) == "formatting"
    assert commit_noise(replace(commit, message="Handle nine cases" + body)) == ""
    assert commit_noise(replace(commit, message="Add hooks that fix quotes" + body)) == ""


def many(subject: str, status: str, *changes: tuple[tuple[str, ...], tuple[str, ...]]) -> Commit:
    """Make a commit of the same changes (removed, added) in many files."""
    hunks = tuple(Hunk("", at, len(old), at, len(new), old, new) for at, (old, new) in enumerate(changes, 1))
    files = tuple(FileChange(f"b/{n}.rs", f"a/{n}.rs" if status == "R" else None, status, hunks) for n in range(30))
    return replace(make_commit(subject), files=files)


BODY = "\n\nThis is a long body, because people ask what was done here, and why, and how they can do the same at home."


@pytest.mark.parametrize(
    ("subject", "reason"),
    [("rustfmt everything", "formatting"), ("Run rustfmt on the whole project", "formatting"), ("Count attempts", "")],
)
def test_a_tool_that_was_run_on_many_files_is_formatting_whatever_the_body_says(subject: str, reason: str) -> None:
    wrapped, unbraced = (("f(a, b);",), ("f(", "    a,", "    b,", ");")), (("f(|a| { a });",), ("f(|a| a);",))
    assert commit_noise(many(subject + BODY, "M", wrapped, unbraced)) == reason


@pytest.mark.parametrize(("subject", "reason"), [("repo: move the crates", "move"), ("Read the cases lazily", "")])
def test_a_move_of_many_files_is_noise_whatever_the_body_says(subject: str, reason: str) -> None:
    assert commit_noise(many(subject + BODY, "R", (("use a::b;",), ("use b::b;",)))) == reason


# Moves

CODE = ("def connect(host, port):", "    sock = socket.create_connection((host, port))", "    return sock")


def moved(subject: str, *files: tuple[str, tuple[str, ...], tuple[str, ...]], status: str = "M") -> Commit:
    """Make a commit of (path, removed lines, added lines)."""
    changes = (
        FileChange(
            path,
            None,
            status,
            (Hunk("", 1, len(removed), 1, 0, removed, ()), Hunk("", 40, 0, 40, len(added), (), added)),
        )
        for path, removed, added in files
    )
    return replace(make_commit(subject), files=tuple(changes))


@pytest.mark.parametrize(
    "commit",
    [
        moved("Tidy up", ("a.py", CODE, ()), ("b.py", (), CODE)),
        moved("Tidy up", ("a.py", CODE, ("from b import connect",)), ("b.py", (), ("import socket", "", *CODE))),
        moved("Tidy up", ("a.py", CODE, ("from b import (", "    connect,", ")")), ("b.py", (), CODE)),
        moved("Tidy up", ("a.py", CODE, ()), ("b.py", (), tuple(f"    {line}" for line in CODE))),  # into a class
        moved("net: move connect below send", ("a.py", (*CODE, *CODE), (*CODE, *CODE))),
        replace(make_commit("Tidy up"), files=(FileChange("lib/b.py", "lib/a.py", "R"),)),
        replace(
            make_commit("Tidy up"), files=(FileChange("b/__init__.py", None, "A"), FileChange("b/a.py", "a.py", "R"))
        ),
    ],
)
def test_pure_moves_and_renames_are_noise(commit: Commit) -> None:
    assert commit_noise(commit) == "move"


@pytest.mark.parametrize(
    "commit",
    [
        moved(
            "Move connect\n\nBecause a.py cannot be imported without a network.", ("a.py", CODE, ()), ("b.py", (), CODE)
        ),
        moved("Lock before reading", ("a.py", CODE, CODE)),  # an order that matters
        moved("Move the lock before the read", ("a.py", CODE[:1], CODE[:1])),
        moved("Split it", ("a.py", CODE, ()), ("b.py", (), (*CODE[:2], "    return Wrapped(sock)"))),
        moved("Copy it", ("a.py", (), CODE), ("b.py", (), CODE)),
        moved("Close it there", ("a.py", ("}",), ()), ("b.py", (), ("}",))),  # too short for git to follow
        moved("Use b", ("a.py", ("import a",), ("import b",))),
        replace(make_commit("New logo"), files=(FileChange("b.png", None, "A"), FileChange("b.py", "a.py", "R"))),
        replace(make_commit("Move everything"), files=(FileChange("b.py", "a.py", "R"),), truncated=True),
    ],
)
def test_more_than_a_move_is_not_noise(commit: Commit) -> None:
    assert commit_noise(commit) == ""
