"""Which commits a message names: the forms that curl, Linux, git, LLVM, Node, Chromium and mypy use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.extract.references import own_numbers, references
from mom_lsp.memory import Reference

SHA = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"


def named(message: str, *, home: str = "") -> list[tuple[str, str]]:
    return [(reference.relation, reference.target) for reference in references(message, home=home)]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        # git and most projects
        (f'Revert "url: cache the host"\n\nThis reverts commit {SHA}.\n', [("revert", SHA)]),
        (
            "Revert two attempts\n\nThis reverts commits 1a2b3c4d5 and 9f8e7d6c5.\n",
            [("revert", "1a2b3c4d5"), ("revert", "9f8e7d6c5")],
        ),
        (f'Reapply "url: cache the host"\n\nThis reverts commit {SHA}.\n', [("reapply", SHA)]),
        (f'Revert "Revert "url: cache the host""\n\nThis reverts commit {SHA}.\n', [("reapply", SHA)]),
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
        ('Revert "Support X (#2715)" (#20610)\n\nToo slow.', [("revert", "#2715")]),
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
            [("revert", "c98ee5f"), ("mention", "f3ce387")],
        ),
        ("ci: sum up\n\nPatches:\n\n0a1b2c3 #12 mac: undo a macro", [("mention", "0a1b2c3"), ("mention", "#12")]),
        ("Revert the types\nSee https://github.com/a/b/pull/13#issuecomment-2", [("mention", "#13")]),
        ("test: one more\n\nThe crash was fixed by #12762.", [("mention", "#12762")]),
    ],
)
def test_forms_of_real_projects(message: str, expected: list[tuple[str, str]]) -> None:
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
        "",
    ],
)
def test_what_only_looks_like_a_reference(message: str) -> None:
    assert named(message) == []


def test_other_repositories_are_left_out_when_home_is_known() -> None:
    message = "Adapt\n\nSee https://github.com/python/typeshed/pull/7556 and https://github.com/python/mypy/issues/12"
    assert named(message, home="Python/mypy") == [("mention", "#12")]
    assert ("mention", "#7556") in named(message)


def test_the_strongest_relation_of_a_name_is_kept_and_each_stands_once() -> None:
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
def test_own_numbers(message: str, numbers: tuple[int, ...]) -> None:
    assert own_numbers(message) == numbers


def test_own_numbers_are_no_references() -> None:
    assert named("x: y (#5)\n\nThis is #5, after #4.") == [("mention", "#4")]


@given(st.text(alphabet="0123456789abcdef #()\n.:>-/Rfixesvt", max_size=200))
def test_any_text_gives_well_formed_targets_once(message: str) -> None:
    targets = [reference.target for reference in references(message)]
    assert len(targets) == len(set(targets))
    for target in targets:
        if target.startswith("#"):
            assert 0 < int(target[1:]) < 10**7
        else:
            assert 7 <= len(target) <= 64
            int(target, 16)
