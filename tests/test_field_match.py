"""BM25F: which words of a question count where."""

from __future__ import annotations

from dataclasses import replace

from memories import make_memory

from mom_lsp.memory import Memory
from mom_lsp.route.field_match import field_matches, words_of

QUESTION = "resumed sessions were trusted"


def memory(title: str = "Other", body: str = "", added: tuple[str, ...] = ()) -> Memory:
    return replace(make_memory(1), title=title, body=body, anchors=(), added=added, removed=())


def scores(*memories: Memory, question: str = QUESTION, **frequency: int) -> list[float]:
    known = dict.fromkeys(words_of(question).values(), 5) | frequency
    return field_matches(question, memories, known, 100).tolist()


def test_a_word_counts_more_in_the_message_than_among_names() -> None:
    title, body, name, none = scores(memory("Session"), memory(body="A session."), memory(added=("session",)), memory())
    assert title > name > none == 0 and body > name


def test_a_list_of_names_does_not_hide_a_message() -> None:
    alone, among = scores(memory("Session"), memory("Session", added=tuple(f"name_{at}" for at in range(60))))
    assert alone == among


def test_forms_of_a_word_and_words_in_identifiers_match() -> None:
    assert words_of("Resumed sessions").keys() == words_of("resumes session").keys()
    same, form, part, camel = scores(
        memory("sessions"), memory("session"), memory("ssl_session_id"), memory("setSslSession")
    )
    assert same == form > 0 and part > 0 and camel > 0


def test_rare_words_count_more_and_words_that_the_index_leaves_out_nothing() -> None:
    rare, common, unknown = scores(
        memory("sessions"), memory("trusted"), memory("were"), sessions=1, trusted=90, were=0
    )
    assert rare > common > unknown == 0


def test_nothing_matches_no_words() -> None:
    assert scores(memory("session"), question="") == [0]
    assert field_matches(QUESTION, [], {}, 0).tolist() == []
