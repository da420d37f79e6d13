"""Which commits a message names: the forms that curl, Linux, git, LLVM, Node, Chromium and mypy use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.extract.references import aliases, own_numbers, references
from mom_lsp.memory import Reference

HOST = '"url: cache the host"'
SHA = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"


def named(message: str, *, home: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return [(reference.relation, reference.target) for reference in references(message, home=home)]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        # git and most projects
        (f'Revert "url: cache the host"\n\nThis reverts commit {SHA}.\n', [("revert", SHA), ("revert", HOST)]),
        (
            "Revert two attempts\n\nThis reverts commits 1a2b3c4d5 and 9f8e7d6c5.\n",
            [("revert", "1a2b3c4d5"), ("revert", "9f8e7d6c5")],
        ),
        (f'Reapply "url: cache the host"\n\nThis reverts commit {SHA}.\n', [("reapply", SHA), ("reapply", HOST)]),
        (
            f'Revert "Revert "url: cache the host""\n\nThis reverts commit {SHA}.\n',
            [("reapply", SHA), ("reapply", f'"Revert {HOST}"')],
        ),
        ("diff: drop a cast\n\nIn 1a2b3c4d5e (diff: add a cast, 2019-03-04) we added it.", [("mention", "1a2b3c4d5e")]),
        ("pack: fix it\n\nA bug introduced by 1a2b3c4d5e (pack: speed up, 2020-01-02).", [("fixes", "1a2b3c4d5e")]),
        ("rebase: mend\n\nThis broke in 1a2b3c4 and nobody saw.", [("fixes", "1a2b3c4")]),
        ("tests: drop a target\n\nIt is not used since 3c0f462", [("mention", "3c0f462")]),
        # Linux
        ('net: fix a leak\n\nFixes: 1a2b3c4d5e6f ("net: add a pool")\nCc: stable@x.org', [("fixes", "1a2b3c4d5e6f")]),
        ("mm: tidy\n\nFixes regression from 1a2b3c4d5e6f.", [("fixes", "1a2b3c4d5e6f")]),
        # curl
        (f"GHA: tidy up\n\nFollow-up to {SHA} #20725\n\nCloses #20747", [("followup", SHA), ("followup", "#20725")]),
        ("tests: move sockets\n\nFollowup: 70d2fca2\n\nRef: #10818", [("followup", "70d2fca2"), ("mention", "#10818")]),
        ("mqtt: fix EOF\n\nFixes #20815\nReported-by: M D\nCloses #20830", [("fixes", "#20815")]),
        ("schannel: mend\n\nBug: https://github.com/curl/curl/commit/8ab78f72#r45445950", [("fixes", "8ab78f72")]),
        # LLVM
        ("[X86] Fold it\n\nRelands 1a2b3c4d5 with a fix for the bots.", [("reapply", "1a2b3c4d5")]),
        ("[lldb] Revert D12345\n\nBacks out rG1a2b3c4d5e6f.", [("revert", "1a2b3c4d5e6f")]),
        # mypy, Python, Node
        ("Fix union syntax (#10315)\n\nFollowup from #10255", [("followup", "#10255")]),
        ('Revert "Support X (#2715)" (#20610)\n\nToo slow.', [("revert", "#2715"), ("revert", '"Support X"')]),
        ("gh-109653: speed up import (GH-109804)\n\nSee GH-100.", [("mention", "#109653"), ("mention", "#100")]),
        ("Fixed #30165 -- Deprecated it.", [("fixes", "#30165")]),
        ("src: use it\n\nRefs: https://github.com/nodejs/node/pull/4231", [("mention", "#4231")]),
        ("Backport of 1a2b3c4d5", [("mention", "1a2b3c4d5")]),
        # what a message only tells of
        ("net: again\n\nThis is another take at #7810 which was reverted.", [("followup", "#7810")]),
        ("net: tuples, try 2\n\nThis adds back #41 that was reverted.", [("reapply", "#41")]),
        ("net: sasl\n\nThe series was\ntemporarily reverted in db8ec1f so that", [("mention", "db8ec1f")]),
        ("etag: mend\n\nThis was undone by Ann in commit `98c9459`.", [("mention", "98c9459")]),
        (
            "url: mend\n\nCommit 3c630f9 reverted the changes from 4d7521b.",
            [("mention", "3c630f9"), ("mention", "4d7521b")],
        ),
        (
            'Revert "x"\n\nThis reverts c98ee5f since commit f3ce387 fixed it.',
            [("revert", "c98ee5f"), ("mention", "f3ce387"), ("revert", '"x"')],
        ),
        ("ci: sum up\n\nPatches:\n\n0a1b2c3 #12 mac: undo a macro", [("mention", "0a1b2c3"), ("mention", "#12")]),
        ("Revert the types\nSee https://github.com/a/b/pull/13#issuecomment-2", [("mention", "#13")]),
        ("Drop the entry\n\nReverted in #8903", [("mention", "#8903")]),
        ("Drop the entry\n\nReverted in commit 1a2b3c4.", [("mention", "1a2b3c4")]),
        ("Drop it\n\nThis reverts the change in 1a2b3c4.", [("revert", "1a2b3c4")]),
        ("test: one more\n\nThe crash was fixed by #12762.", [("mention", "#12762")]),
        ("A plain line\n\nFollow-up to commit deadbeef\nand a last line", [("followup", "deadbeef")]),
    ],
)
def test_reference_forms_of_real_projects_are_recognized(message: str, expected: list[tuple[str, str]]) -> None:
    assert named(message) == expected


@pytest.mark.parametrize(
    "message",
    [
        f"url: mend\n\n(cherry picked from commit {SHA})",
        f"net: mend\n\ncommit {SHA} upstream.",
        f"[ Upstream commit {SHA} ]",
        "Cherry-picked from #20774",
        "css: use #1a2b3c4 as the colour and color 1a2b3c4 below",
        "The sha256 sum is 1a2b3c4d5e6f7a8b",
        "Dockerfile: bump the digest to 74d56e3",
        "See https://example.org/files/1a2b3c4d5e/notes.txt",
        "uuid 1a2b3c4d-aaaa-bbbb-cccc-0123456789ab",
        "Release of 20240131, build 1234567, defaced facades, effaced",
        "typeshed: sync with python/typeshed@686e21d330ce9a2c",
        "Message-ID: <1a2b3c4d5e6f@mail.example.org>",
        "> This reverts commit 1a2b3c4d5e6f7a8b.",
        "Built as v2.30.1-23-g1a2b3c4d5",
        "Use &#123; and C#7 and path/#12",
        "Signed-off-by: A <1a2b3c4@x.org>",
        "It leaks:\n    #1 0x558ec86686ec in take pool.c:117\n==12== #2 0x7f9d in find (libc.so) (BuildId: 8bfe03f6)",
        "It crashed:\n#0  __GI_raise (sig=6) at raise.c:51\n#1  main (argc=1) at a.c:7",
        "",
    ],
)
def test_lookalikes_are_not_references(message: str) -> None:
    assert named(message) == []


def test_references_to_other_repositories_are_dropped_when_home_is_known() -> None:
    message = "Adapt\n\nSee https://github.com/python/typeshed/pull/7556 and https://github.com/python/mypy/issues/12"
    assert named(message, home=("Python/mypy",)) == [("mention", "#12")]
    assert ("mention", "#7556") in named(message)


def test_a_fork_counts_as_the_same_project() -> None:
    message = "Adapt\n\nSee https://github.com/python/mypy/pull/12"
    assert named(message, home=("ada/mypy",)) == [("mention", "#12")]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Revert it\n\nReverts curl/curl#123", ["revert curl/curl#123"]),
        ("Revert it\n\nThis reverts merge request !45", ["revert !45"]),
        ("Revert it\n\nThis reverts merge request group/sub/project!45", ["revert group/sub/project!45"]),
        ("Revert it\n\nThis reverts https://github.com/curl/curl/pull/12", ["revert curl/curl#12"]),
        ("Revert r1234 and r1240", ["revert r1234", "revert r1240"]),
        (f"Revert it\n\nThis reverts change I{SHA}.", [f"revert I{SHA}"]),
        ("Speed up, as curl/curl#9 asks\n\nIf (!1) or r12 or !12.", []),
        (
            f"Revert it\n\nThis reverts commit {SHA}, reversing\nchanges made to 1a2b3c4d.",
            [f"revert {SHA}", "1a2b3c4d"],
        ),
        ('[ty] Revert "Infer it" (#12)', ['revert "[ty] Infer it"', 'revert "Infer it"']),
        ('Revert "Infer all\n  types"', ['revert "Infer all"']),
        ('Revert "Infer all of th…\n\n…e types" (#12)', ['revert "Infer all of the types"']),
        ('Revert "Infer all of th…" (#12)', ['revert "Infer all of th…"']),
        ('Revert "Infer" (fixes #12)', ["fixes #12", 'revert "Infer"']),
        ('Revert "Infer" as #12 is better', ["#12", 'revert "Infer"']),
        ("revert: feat(url): infer it (#12)", ['revert "url: infer it"']),
        (
            'Partially revert "Infer"\n\nThis reverts commit 1a2b3c4.',
            ["partial_revert 1a2b3c4", 'partial_revert "Infer"'],
        ),
        ("Mend it\n\nThis reverts parts of commit 1a2b3c4d.", ["partial_revert 1a2b3c4d"]),
        ("Mend it\n\nPartial revert of 1a2b3c4d #12", ["partial_revert 1a2b3c4d", "partial_revert #12"]),
        ('Revert "Partially revert 1a2b3c4d"', ["reapply 1a2b3c4d", 'revert "Partially revert 1a2b3c4d"']),
        ("Roll back the limit\n\nRolls back 1a2b3c4d5e", ["revert 1a2b3c4d5e"]),
        ("Revert 1a2b3c4d as it breaks some cases.", ["revert 1a2b3c4d"]),
        ("Revert 1a2b3c4d: half of them hang", ["revert 1a2b3c4d"]),
        ("Revert some of 1a2b3c4d", ["partial_revert 1a2b3c4d"]),
        ("Revert r1.17 as it breaks inserting", []),
        ("Undo the limit (1a2b3c4d5e)", ["revert 1a2b3c4d5e"]),
        ("Undo the limit, see 1a2b3c4d5e", ["1a2b3c4d5e"]),
        ("Mend it\n\nWe should revert 1a2b3c4 one day.", ["1a2b3c4"]),
        ("Mend it\n\nIt was reverted in 1a2b3c4.", ["1a2b3c4"]),
        ('Mend it\n\nCommit 1a2b3c4d "reverted" commit 2b3c4d5e.', ["1a2b3c4d", "2b3c4d5e"]),
        ('Mend it\n\n"Revert the limit" (1a2b3c4) hid it.', ["1a2b3c4"]),
        ("Mend it\n\nThis goes back to reverting, like before 1a2b3c4.", ["1a2b3c4"]),
        ('Mend it\n\n2024-05-17 Ada Revert "Infer" (#12)', ["#12"]),
        ('Mend it\n\n* Revert "Infer" (#12)\n\nThis reverts commit 1a2b3c4.', ["#12", "1a2b3c4"]),
    ],
)
def test_revert_forms_of_real_projects_are_recognized(message: str, expected: list[str]) -> None:
    found = [f"{relation} {target}".removeprefix("mention ") for relation, target in named(message)]
    assert found == expected


def test_aliases_of_a_commit_are_recognized() -> None:
    assert aliases("Merge branch 'x' into 'main'\n\nAdd it\n\nSee merge request group/project!45") == ("!45",)
    assert aliases(f"Add it\n\nChange-Id: I{SHA}\n") == (f"I{SHA}",)
    assert aliases("Add it\n\ngit-svn-id: https://svn.example.org/trunk@1234 91177308-0d34\n") == ("r1234",)
    assert aliases("Add it") == ()


@pytest.mark.parametrize("piece", ["#1 ", "a/", "1a2b3c4d ", "Reverts a/b#1\n", '"', "revert ", '* Revert "x"\n'])
def test_a_message_of_many_references_is_capped(piece: str) -> None:
    assert len(references('Revert "x"\n\n' + piece * 50_000)) <= 501


def test_only_the_strongest_relation_to_each_target_is_kept() -> None:
    message = "x: y\n\nSee 1a2b3c4d5.\n\nThis is a follow-up to 1a2b3c4d5 since 1a2b3c4d5 was incomplete."
    assert references(message) == (Reference("followup", "1a2b3c4d5"),)


@pytest.mark.parametrize(
    ("message", "numbers"),
    [
        ("Skip musllinux wheels (#13129)\n\nWe need #12813.\n\nCloses #12", (13129,)),
        ("Backport a fix (#123) (#456)", (456,)),
        ("Merge pull request #77 from someone/topic\n\nMake it right", (77,)),
        ("Auto merge of #4711 - user:branch, r=reviewer", (4711,)),
        ("mqtt: fix EOF handling\n\nFixes #20815\nCloses #20830", (20830,)),
        ("spelling: bump\n\nCloses #20825\nCloses #20827", (20825, 20827)),
        ("lib: mend\n\nCloses https://github.com/curl/curl/pull/1234", (1234,)),
        ("test: mend\n\nPR-URL: https://github.com/nodejs/node/pull/999\nFixes: #5", (999,)),
        ("api: mend\n\nPull-Request: #31", (31,)),
        ("fix the thing described in #5", ()),
        ("", ()),
    ],
)
def test_own_numbers_are_recognized(message: str, numbers: tuple[int, ...]) -> None:
    assert own_numbers(message) == numbers


def test_own_numbers_are_not_references() -> None:
    assert named("x: y (#5)\n\nThis is #5, after #4.") == [("mention", "#4")]


@given(st.text(alphabet="0123456789abcdef #()\n.:>-/Rfixesvt", max_size=200))
def test_any_text_gives_well_formed_unique_targets(message: str) -> None:
    targets = [one.target for one in references(message) if not one.target.startswith(("r", "!", '"'))]
    assert len(targets) == len(set(targets))
    for target in targets:
        if target.startswith("#"):
            assert 0 < int(target[1:]) < 10**7
        else:
            assert 7 <= len(target) <= 64
            int(target, 16)
