from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from suggestions import make_suggestion

from mom_lsp.memory import Status
from mom_lsp.phrases import (
    STEPS,
    TERMS,
    ago,
    count,
    duration,
    episode,
    evidence,
    kind_name,
    life,
    of_forgotten,
    proven,
    relevance,
    shares,
    step,
)
from mom_lsp.tiers.decay import TIERS

DAY = 86_400
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (23 * 3600, "23 hours ago"),
        (6 * DAY, "6 days ago"),
        (20 * DAY, "2 weeks ago"),
        (364 * DAY, "11 months ago"),
        (3 * 366 * DAY, "3 years ago"),
        (-DAY, "just now"),
    ],
)
def test_ages_use_the_largest_unit(seconds: float, words: str) -> None:
    assert ago(NOW - seconds, NOW) == words


def test_the_age_of_an_unknown_time_is_empty() -> None:
    assert ago(0, NOW) == ""
    unknown = make_suggestion(source=make_suggestion()["source"] | {"time": None})
    assert unknown["phrases"]["age"] == ""


@pytest.mark.parametrize(("number", "words"), [(0, "0 notes"), (1, "1 note"), (2, "2 notes"), (12_345, "12,345 notes")])
def test_counts_agree_with_their_nouns(number: int, words: str) -> None:
    assert count(number, "note") == words
    assert count(1, "memory", "memories") == "1 memory"
    assert count(number or 2, "memory", "memories").endswith("y" if number == 1 else "ies")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.31, "0.3 s"), (9.96, "10 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_durations_show_their_significant_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("kind", "source", "name"),
    [
        ("note", "commit", "change"),
        ("note", "file", "note"),
        ("note", "user", "your note"),
        ("failed_approach", "commit", "failed approach"),
    ],
)
def test_only_the_users_own_notes_are_called_your_note(kind: str, source: str, name: str) -> None:
    assert kind_name(kind, source) == name


@given(st.dictionaries(st.sampled_from(sorted(TERMS)), st.floats(-10, 10)))
def test_the_largest_share_comes_first_and_none_is_hidden(terms: dict[str, float]) -> None:
    found = shares(terms)
    sizes = [abs(terms[term]) for term in found]
    assert sizes == sorted(sizes, reverse=True)
    assert set(found) == {term for term, share in terms.items() if round(abs(share), 2)}


def test_shares_have_readable_names() -> None:
    assert shares({"place": 0.5, "lex": 0.1, "temp": -0.2, "sem": 0.0}) == {
        "place": "location +0.50",
        "temp": "recency -0.20",
        "lex": "lexical +0.10",
    }


@pytest.mark.parametrize(
    ("usefulness", "chance", "reason", "phrase"),
    [
        (0.914, 0.2, "wrote this line, shares `retry`", "91% useful: wrote this line, shares `retry`"),
        (0.5, 0.2, "", "50% useful"),
        (0.004, 0.2, "recent", "<1% useful: recent"),
        (0.999, 0.2, "recent", ">99% useful: recent"),
        (0.0, 0.2, "recent", "<1% useful: recent"),
        (None, 0.914, "shares `retry`", "91% relevant: shares `retry`"),
        (None, 0.004, "recent", "<1% relevant: recent"),
        (None, None, "names it (fixes)", "Names it (fixes)"),
        (None, None, "`retry` is new", "`retry` is new"),
        (None, None, "", ""),
    ],
)
def test_usefulness_or_else_relevance_is_a_percentage_with_its_evidence(
    usefulness: float | None, chance: float | None, reason: str, phrase: str
) -> None:
    one = make_suggestion(usefulness=usefulness, chance=chance, why=reason)
    assert relevance(one) == one["phrases"]["relevance"] == phrase


def failed(kind: str, *, of: str, because: str = "", instead: tuple[str, str] | None = None) -> str:
    by, replaced_by = (
        pair and dict(zip(("id", "title"), pair, strict=True)) for pair in (("1234567890", "B"), instead)
    )
    found = {"kind": kind, "tried": "A", "because": because, "by": by, "replaced_by": replaced_by}
    return str(make_suggestion(id=of, title="Undo A" if of == by["id"] else "A", failure=found)["phrases"]["failure"])


def test_a_reverted_change_names_its_revert_and_what_replaced_it() -> None:
    instead = ("abcdefabcd", "C")
    assert failed("failed_approach", of="00") == "was reverted by B (12345678)"
    assert failed("failed_approach", of="00", because="it hangs") == "was reverted by B (12345678): it hangs"
    assert failed("anti_pattern", of="00", instead=instead) == "was reverted by B (12345678) → C (abcdefab)"


def test_a_revert_names_what_it_reverted_and_what_replaced_that() -> None:
    assert failed("failed_approach", of="1234567890") == ""  # its title has the other
    assert failed("failed_approach", of="1234567890", because="it hangs") == "“A” was reverted: it hangs"
    assert failed("failed_approach", of="1234567890", because="It made every second request wait.") == ""  # the quote
    assert failed("failed_approach", of="1234567890", instead=("abcdefabcd", "C")) == "“A” was reverted → C (abcdefab)"


def test_a_fix_that_needed_a_fix_names_it() -> None:
    by = ("1234567890", "B")
    assert (
        failed("bug_pattern", of="00", because="order matters", instead=by)
        == "needed a fix: order matters → B (12345678)"
    )
    assert failed("bug_pattern", of="1234567890", because="it hangs", instead=by) == "“A” needed a fix: it hangs"


def test_a_life_is_described_in_words() -> None:
    assert life(make_suggestion()) == "faded to 50%, halves in 7 days of work without use"
    proven = make_suggestion(status="validated", layer=1, uses=2, confidence="medium", half_life=None)
    assert life(proven) == "validated; 2 uses, medium confidence; pinned: does not fade"


@pytest.mark.parametrize(
    ("strength", "words"), [(1.0, "not faded"), (0.996, "not faded"), (0.994, "faded to 99%"), (1e-12, "faded to <1%")]
)
def test_how_far_a_memory_has_faded_is_a_percentage(strength: float, words: str) -> None:
    faded = make_suggestion(strength=strength, half_life=0.8)["phrases"]["strength"]
    assert faded == f"{words}, halves in 1 day of work without use"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "not used yet; its code is still there"),
        ({"uses": 1, "freshness": "drifted"}, "used, not validated yet; its code has changed"),
        ({"status": "validated", "freshness": "moved"}, "validated (ranks higher); its code has moved"),
        ({"status": "replaced", "freshness": "gone"}, "reverted; its code was removed"),
        ({"status": "needs_revision", "pinned": True}, "needs revision; its code is still there; pinned"),
    ],
)
def test_a_state_says_what_it_means(changes: dict[str, Any], words: str) -> None:
    assert make_suggestion(**changes)["phrases"]["state"] == words


def test_no_phrase_about_a_memory_uses_the_words_of_the_theory() -> None:
    """What JSON calls a tier, a layer and a candidate needs the theory to be understood."""
    for status in get_args(Status):
        for tier in TIERS:
            one = make_suggestion(status=status, tier=tier, layer=2, uses=3)
            said = " ".join((one["phrases"]["state"], one["phrases"]["life"], one["phrases"]["strength"]))
            assert not re.search(r"candidate|layer|strength|half-life|_|" + "|".join(TIERS), said), said


def test_evidence_names_the_places() -> None:
    none: dict[str, Any] = {"uses": 0, "places": [], "failures": 0, "shown": 0, "hinted": 0}
    assert evidence(none) == "no uses"
    places = [{"path": "a.py", "symbol": "f"}, {"path": "b.py", "symbol": ""}]
    sentence = evidence({"uses": 2, "places": places, "failures": 1, "shown": 3, "hinted": 12})
    assert sentence == "2 uses in a.py (f), b.py; 1 failed use; shown 3 times; hinted 12 times without use"


def test_marks_show_only_unusual_states() -> None:
    assert make_suggestion()["phrases"]["marks"] == []
    unusual = make_suggestion(pinned=True, trial=True, status="needs_revision", freshness="gone")
    assert unusual["phrases"]["marks"] == ["pinned", "on trial", "needs revision", "code removed"]


def test_a_forgotten_memory_is_named_by_its_title_its_commit_or_as_your_note() -> None:
    one = {"time": "2026-11-21T12:00:00Z", "commit": "0123456789abcdef", "path": "a.py"}
    now = 1_795_348_800.0  # 2026-11-22T12:00:00Z
    assert of_forgotten(one, "Wait", now) == {"name": "Wait · a.py", "age": "forgotten 1 day ago"}
    assert of_forgotten(one, "", now)["name"] == "012345678 · a.py"
    assert of_forgotten(one | {"commit": None, "path": None}, "", now)["name"] == "your note"


@pytest.mark.parametrize("phase", sorted(STEPS))
def test_a_step_has_a_percentage_once_its_size_is_known(phase: str) -> None:
    assert step({"phase": phase, "done": 0, "total": 0}) == STEPS[phase]
    assert step({"phase": phase, "done": 1, "total": 3}) == f"{STEPS[phase]} 33%"


ROOT = Path(__file__).resolve().parents[1]
WORDED_ONCE = ("} ago", "needed a fix", "of work without use", "Reading history", "Compacting the index", "failed use")


@pytest.mark.parametrize("words", WORDED_ONCE)
def test_no_other_file_repeats_a_phrase(words: str) -> None:
    sources = [*(ROOT / "mom_lsp").rglob("*.py"), *(ROOT / "vscode-client/src").glob("*.ts")]
    code = {path: re.sub(r'""".*?"""|/\*.*?\*/', "", path.read_text("utf-8"), flags=re.S) for path in sources}
    assert [path.name for path, text in code.items() if words in text] == ["phrases.py"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "accepted 4 of 5 times in `retry`"),
        ({"accepted": 5}, "accepted all 5 times in `retry`"),
        ({"symbol": ""}, "accepted 4 of 5 times in src/a.py"),
        ({"task": "why"}, "accepted 4 of 5 times as an explanation in `retry`"),
        ({"task": "search", "path": "", "symbol": ""}, "accepted 4 of 5 times for this search"),
    ],
)
def test_a_proof_says_how_often_and_where(changes: dict[str, Any], words: str) -> None:
    where = {"task": "editing", "path": "src/a.py", "symbol": "retry", "accepted": 4, "of": 5} | changes
    assert proven(where) == words
    one = make_suggestion(proven=where)
    assert one["phrases"]["proven"] == f"proven: {words}" and one["phrases"]["marks"] == ["proven"]
    assert make_suggestion()["phrases"]["proven"] == ""


@pytest.mark.parametrize(
    ("kind", "title", "said"),
    [
        ("branch", "Merge branch 'cache'", "branch 'cache': 2 memories"),
        ("branch", "Merge pull request #12 from ada/cache", "branch #12 from ada/cache: 2 memories"),
        ("branch", "Merge the caches", "branch Merge the caches: 2 memories"),
        ("issue", "#12", "issue #12: 2 memories"),
    ],
)
def test_an_episode_is_named_by_what_was_merged(kind: str, title: str, said: str) -> None:
    assert episode({"kind": kind, "title": title, "count": 2}) == said
