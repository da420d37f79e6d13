"""What a review thread, a pull request and an issue become: their texts, kinds and noise."""

from dataclasses import replace

import pytest
from discussions import comment, pull_request, thread
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.discussions.values import Comment, Discussion, ReviewThread
from mom_lsp.extract.discussions import ThreadPlace, closing_reason, given_up_memory, thread_memory
from mom_lsp.extract.pull_requests import closed_issues, says_nothing_more, told_by
from mom_lsp.extract.spoken import description, is_courtesy, shared_lines, spoken
from mom_lsp.memory import Memory

PLACE = ThreadPlace(("c" * 40,), "src/net.c", "connect", ("    retry_politely(host);",), 12)


def said(*texts: str, place: ThreadPlace = PLACE, **fields: object) -> Memory:
    """Return the memory of a thread in which two people took turns."""
    people = ("ann", "bob")
    comments = tuple(Comment(f"discussion_r{n}", people[n % 2], 100 + n, text) for n, text in enumerate(texts))
    return thread_memory(pull_request(7, state="merged"), ReviewThread("src/net.c", comments, **fields), place, str)  # type: ignore[arg-type]


REASON = "We wait because the server bans clients that retry at once."


def test_a_thread_is_one_memory_with_its_replies_and_who_wrote_them() -> None:
    memory = said("Why do we sleep here?", REASON)
    assert memory.title == REASON
    assert memory.body == f"@ann:\n\nWhy do we sleep here?\n\n@bob:\n\n{REASON}"
    assert memory.why == REASON
    assert not memory.noise
    source = memory.source
    assert (source.type, source.author, source.time, source.commit) == ("discussion", "ann", 100, "c" * 40)
    assert source.discussion is not None
    assert (source.discussion.number, source.discussion.anchor) == (7, "discussion_r0")
    assert memory.paths == ("src/net.c",)
    assert memory.anchors[0].symbols == ("connect",)
    assert "retry_politely" in memory.added
    assert len(memory.added_lines) == 1


def test_the_same_thread_has_the_same_id_after_another_reply() -> None:
    assert said(REASON).id == said(REASON, "And so does the proxy.").id
    assert said(REASON).id != thread_memory(pull_request(8), thread(), PLACE, str).id


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        (("done", "thanks!"), "says nothing"),
        (("LGTM",), "says nothing"),
        (("```suggestion\nint a;\n```",), "says nothing"),
        (("> quoted words of somebody else about everything\n\nfixed in 1a2b3c4d5",), "says nothing"),
        (("![picture](https://example.org/a.png) <!-- hidden words that nobody sees -->",), "says nothing"),
        (("nit: trailing white space at the end of this line here", "fixed"), "nit"),
        (("Is there any other place where this function is called twice?",), "question"),
        (("Please move this function to the other file with helpers.", "Done"), "request"),
    ],
)
def test_courtesies_nits_and_questions_are_history(texts: tuple[str, ...], why: str) -> None:
    assert said(*texts).noise == why


def test_a_thread_of_a_bot_is_history() -> None:
    robot = ReviewThread("a.c", (Comment("discussion_r1", "lint", 1, REASON, bot=True),))
    assert thread_memory(pull_request(), robot, PLACE, str).noise == "bot"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("We tried a lock here, but it does not help because the callback takes it, too.", "decision"),
        ("This is a workaround for a bug in version 3 of the library.", "workaround"),
        ("Known issue: the table is not freed, since the owner is unknown.", "known_issue"),
        ("You should always check this.", "note"),
        ("The value comes from the second table of the paper.", "note"),
    ],
)
def test_the_kind_of_a_thread_is_what_it_says(text: str, kind: str) -> None:
    assert said(text).kind == kind


def test_a_rejected_alternative_counts_more_than_the_same_reason() -> None:
    rejected = said("We tried a lock here, but it would break the callback because it waits.")
    assert rejected.evidence > said("A lock is taken here because the callback waits for it.").evidence


def test_a_thread_only_mentions_what_it_names() -> None:
    text = "This was introduced in 1a2b3c4d5e and fixes #12, because the table was too small."
    assert {one.relation for one in said(text).references} == {"mention"}


def test_a_comment_is_read_without_quotes_suggestions_and_commits() -> None:
    text = (
        "In 0123456789abcdef:\r\n\r\n> old words\r\n\r\nKeep [this](https://e.org/x).\r\n\r\n```suggestion\r\na\r\n```"
    )
    assert spoken(text) == "Keep this."


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    spoken(text)
    is_courtesy(text)
    description("A title", text)


# Pull requests that were given up


def given_up(*comments: Comment, **fields: object) -> Memory:
    one = pull_request(9, state="closed", closed=1_000_000, author="ann", comments=comments, **fields)
    return given_up_memory(one, {"src/table.c"}, (), str)


def test_a_pull_request_that_was_closed_is_a_failed_approach_with_the_reason_of_its_end() -> None:
    end = Comment("issuecomment-2", "bob", 1_000_000, "Closing: a cache here makes lookups wrong after a fork.")
    memory = given_up(comment(1), end, closed_by="bob", body="Keep lookups of `src/table.c` and `other.c` in a cache.")
    assert memory.kind == "failed_approach"
    assert memory.body.startswith("Closed by @bob:\n\nClosing: a cache here makes lookups wrong after a fork.")
    assert "Keep lookups" in memory.body
    assert memory.paths == ("src/table.c",)  # the other one is no file of the repository
    assert not memory.noise
    assert memory.commits == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ok", "closed without a reason"),
        ("Superseded by #12.", "superseded"),
        ("Closing in favor of #12", "superseded"),
    ],
)
def test_a_pull_request_that_went_on_elsewhere_is_history(text: str, why: str) -> None:
    assert given_up(Comment("issuecomment-2", "bob", 1_000_000, text), closed_by="bob").noise == why


def test_the_last_reason_of_somebody_else_ends_a_pull_request_that_nobody_explained() -> None:
    one = pull_request(
        9,
        state="closed",
        author="ann",
        closed=10**9,
        closed_by="ann",
        comments=(
            Comment("1", "bob", 1, "This is slower because every call copies the table."),
            Comment("2", "ann", 2, "I think it is fine since it is rare."),
            Comment("3", "eve", 3, "thanks"),
        ),
    )
    found = closing_reason(one)
    assert found is not None
    assert found.id == "1"


def test_that_it_is_closed_is_no_reason_to_close_it() -> None:
    one = pull_request(
        9,
        state="closed",
        author="ann",
        closed=100,
        closed_by="ann",
        comments=(
            Comment("1", "bob", 1, "This is slower because every call copies the table."),
            Comment("2", "ann", 100, "Okay, closing here for now."),
        ),
    )
    found = closing_reason(one)
    assert found is not None
    assert found.id == "1"


# The body of a commit


DESCRIPTION = "## Summary\n<!-- describe -->\n- [ ] I ran the tests\n\nThe cache is dropped since forks share it."


def told(message: str, body: str = DESCRIPTION, *issues: Discussion, merge: bool = False) -> str:
    return told_by(message, pull_request(3, title="Drop the cache", body=body), issues, (), merge=merge)


def test_the_description_is_the_body_of_a_squash_commit_without_one() -> None:
    message = "Drop the cache (#3)\n\n* Drop the cache\n\n* fix tests\n\nSigned-off-by: A <a@e.org>"
    assert told(message).startswith("Drop the cache (#3)\n\nThe cache is dropped since forks share it.")
    assert "* fix tests" not in told(message)


def test_the_description_is_the_body_of_a_merge_with_only_a_title() -> None:
    found = told("Merge pull request #3 from ann/cache\n\nDrop the cache", merge=True)
    subject, title, body = found.split("\n\n")
    assert (subject, title) == ("Merge pull request #3 from ann/cache", "Drop the cache")
    assert body == "The cache is dropped since forks share it."


def test_a_commit_that_says_something_keeps_its_words() -> None:
    message = "Drop the cache (#3)\n\nIt was wrong after a fork."
    assert told(message) == message
    assert not says_nothing_more(message, "", merge=False)


def test_an_issue_gives_the_symptom_where_nothing_gives_a_reason() -> None:
    issue = pull_request(
        5, type="issue", title="Lookups are wrong.", body="After a fork they return old rows. I saw it."
    )
    found = told("Drop the cache (#3)", "", issue)
    assert found == "Drop the cache (#3)\n\nSymptom: Lookups are wrong. After a fork they return old rows."
    assert "Symptom" not in told("Drop the cache (#3)", DESCRIPTION, issue)


def test_the_issues_that_a_commit_closes_are_named_by_it_or_by_its_pull_request() -> None:
    one = pull_request(3, body="Closes: https://host/o/n/issues/6 and fixes o/n#7", closes=(8,))
    assert closed_issues("Title (#3)\n\nFixes #5", one) == [("n", 5), ("n", 8), ("n", 6), ("n", 7)]
    assert closed_issues("Title\n\nFixes #5, fixes p/other#6", None) == [("", 5), ("other", 6)]


def test_what_many_descriptions_share_is_no_word_of_their_authors() -> None:
    template = "## Checklist\nI have read the contribution guide before opening this.\n"
    texts = [f"Reason {'x' * n}of this change.\n{template}" for n in range(40)]
    shared = shared_lines(texts)
    assert (
        description("Title", texts[0] + "\nBecause of the guide.", shared)
        == "Reason of this change.\n\nBecause of the guide."
    )


def test_measurements_folded_and_generated_text_are_left_out_of_a_description() -> None:
    text = (
        "Faster since it copies less.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nrun 1.25 13.2\nrun 4.75 19.8\n```\n"
        "<details>\nlog of the run\n</details>\n\nACK 1a2b3c4\n\n🤖 Generated with a tool\nmore of it"
    )
    assert description("Title", text) == "Faster since it copies less."


def test_a_closed_issue_of_a_bot_is_no_symptom() -> None:
    robot = replace(pull_request(5, type="issue", title="Dependency update"), bot=True)
    assert told("Bump (#3)", "", robot) == "Bump (#3)"
