"""The table of reverts: how a message describes what its commit does to an earlier one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.extract.kinds import entry_kind
from mom_lsp.extract.references import references
from mom_lsp.extract.reverts import announces, of_clause, of_subject, reverts


@pytest.mark.parametrize(
    ("subject", "relation", "title"),
    [
        ('Revert "T"', "revert", "T"),
        ('Revert "T (#12)" (#13)', "revert", "T"),
        ('Revert "Set dist to "precise"" (#13)', "revert", 'Set dist to "precise"'),
        ('Revert "T (#12) (#13)', "revert", "T"),
        ('Revert \'Let "-m" imply "-p"\'', "revert", 'Let "-m" imply "-p"'),
        ("Revert “T”", "revert", "T"),
        ("'Revert \"T\"' (#13)", "revert", "T"),
        ('[ty] Revert "T"', "revert", "T"),
        ('fix(url): Revert "fix(url): T"', "revert", "url: T"),
        ('revert "T"', "revert", "T"),
        ('revert: "T"', "revert", "T"),
        ("revert: feat(url): T (#12)", "revert", "url: T"),
        ("Revert: T", "revert", "T"),
        ("T (revert)", "revert", "T"),
        ('Revert "Revert "T""', "reapply", 'Revert "T"'),
        ('Revert "Revert "Revert "T"""', "revert", 'Revert "Revert "T""'),
        ('Revert^2 "T"', "reapply", "T"),
        ('Reapply "T"', "reapply", "T"),
        ("Reapply: T", "reapply", "T"),
        ('Revert "Reapply "T""', "revert", 'Reapply "T"'),
        ('Reapply "Reapply "T""', "reapply", 'Reapply "T"'),
        ('Reapply "Revert "T""', "revert", "T"),
        ('[lldb] Reland "[lldb] T"', "reapply", "[lldb] T"),
        ('Partially revert "T"', "partial_revert", "T"),
        ("Revert parts of 1a2b3c4d", "partial_revert", ""),
        ("FTP: partly revert 1a2b3c4d", "partial_revert", ""),
        ("Revert #12", "revert", ""),
        ("Revert the removal of trailing dots", "revert", ""),
        ("functionally revert commits 1a2b3c4d and 2a2b3c4d", "revert", ""),
        ("Backed out changeset 1a2b3c4d5e6f (bug 12)", "revert", ""),
        ('Undo "T"', "revert", "T"),
        ("Undo the retry limit (1a2b3c4d5e)", None, ""),
        ("Roll back the lock on early returns", None, ""),
        ("Revert to the default value when none is set", None, ""),
        ("url: revert from 2.0 to 1.9", None, ""),
        ("url: revert back to guessing the scheme", None, ""),
        ("Add a revert button", None, ""),
        ("Revert button: align it", None, ""),
        ("Fix revert handling", None, ""),
        ("revert: plug a leak of the command", None, ""),
        ("revert --abort: leave no file behind", None, ""),
        ("cherry-pick/revert: add --skip", None, ""),
        ("sequencer: do not roll back lockfile", None, ""),
        ("accidentally reverted nothing", None, ""),
        ("", None, ""),
    ],
)
def test_revert_subjects_give_a_relation_and_a_title(subject: str, relation: str | None, title: str) -> None:
    found = of_subject(subject)
    assert (found.relation, found.title) == (relation, title)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Roll back the retry limit\n\nRolls back 1a2b3c4d5e", True),
        ("Undo the retry limit (1a2b3c4d5e)", True),
        ("Undo the handshake when the master changes", False),
        ("Undo the handshake (#828)", False),
        ("Restore the old order\n\nThis reverts commit 1a2b3c4d.", True),
        ("Restore the old order\n\n## Summary\n\nThis reverts #26775 after a finding.", True),
        ("Restore the old order\n\nIt was wrong.\n\nReverts owner/repo#12", True),
        ("Restore the old order\n\nThis partially reverts commit 1a2b3c4d.", False),
        ('Add a cache\n\n* Add it\n\n* Revert "Add it"\n\nThis reverts commit 1a2b3c4d.', False),
        ("Add a cache\n\nThis reverts to the old order in 1a2b3c4d.", False),
        ('Reapply "T"\n\nThis reverts commit 1a2b3c4d.', False),
        ('Revert "Revert "T""\n\nThis reverts commit 1a2b3c4d.', False),
        ("Partially revert 1a2b3c4d", True),
        ('Revert "Revert the pool"', False),
    ],
)
def test_the_kind_and_the_references_of_a_message_agree(message: str, expected: bool) -> None:
    subject, _, body = message.partition("\n")
    named = frozenset(one.relation for one in references(message))
    assert reverts(subject, body, named) is expected


@pytest.mark.parametrize(
    ("clause", "relation"),
    [
        ("This reverts commit ", "revert"),
        ("This effectively reverts ", "revert"),
        ("It also reverts the order of ", "revert"),
        ("This is a revert of ", "revert"),
        ("This is a partial revert of ", "partial_revert"),
        ("Reverts most of the changes of ", "partial_revert"),
        ("Reverts the revert of ", "reapply"),
        ("This brings back ", "reapply"),
        ("the revert in ", None),
        ("We may revert ", None),
        ("It does not revert ", None),
        ("It was reverted in ", "mention"),
        ("Commit 1a2b3c4 reverted ", "mention"),
        ("This reverts it since ", "mention"),
        ("This reverts to ", "mention"),
        ("Reverts it, fixes ", None),
        ("Rolls back the transaction, see ", None),
        ("Rolls back ", "revert"),
        ("Speeds up ", None),
    ],
)
def test_revert_clauses_give_a_relation(clause: str, relation: str | None) -> None:
    assert of_clause(clause) == relation


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("This reverts commit 1a2b3c4d5e.", True),
        ("Reverts owner/repo#123.", True),
        ("This reverts merge request !12", True),
        ('Revert "Share connections in a pool"', True),
        ('Revert "Set dist to "precise""', True),
        ("This reverts commit 1a2b3c4d, reversing changes made to 2a2b3c4d.", True),
        ("Rolls back 1a2b3c4d5e", True),
        ("This reverts commit f2a9ee8 (Multiply in feature six, 2026-11-28).", True),
        ("This reverts commit f2a9ee8 (since it deadlocks).", False),
        ("This reverts commit 1a2b3c4d, since it deadlocks.", False),
        ("It deadlocks.", False),
        ("Commit 1a2b3c4d.", False),
        ("Undoing this twice crashes.", False),
        ("", False),
    ],
)
def test_announcements_are_not_reasons(sentence: str, expected: bool) -> None:
    assert announces(sentence) is expected


def test_changelog_entries_follow_the_same_revert_rules() -> None:
    assert entry_kind("Revert: use Host: name for SNI") == "failed_approach"
    assert entry_kind("Revert to the default value when none is set") != "failed_approach"


WORDS = st.sampled_from(
    [
        "revert",
        "Revert",
        " ",
        '"',
        "“",
        "(",
        "#12",
        "[a]",
        "a: ",
        "partially ",
        "1a2b3c4d",
        "…",
        "\n",
        "undo ",
        "^2",
        "to ",
    ]
)


@given(st.lists(WORDS, max_size=40).map("".join))
def test_any_text_can_be_parsed(text: str) -> None:
    found = of_subject(text)
    assert found.relation or not found.title
    assert isinstance(reverts(text, text, frozenset()), bool)
    of_clause(text[:100])
    announces(text)


@pytest.mark.parametrize(
    "piece", ["revert ", 'Revert "', "[", "[a] ", "a: ", "(", "partially ", "-", "a/", '"a" ', "ly "]
)
def test_long_texts_are_parsed_in_linear_time(piece: str) -> None:
    text = piece * (400_000 // len(piece))  # what is quadratic takes minutes
    of_subject(text)
    reverts("Mend it", text, frozenset())
    announces(text)
