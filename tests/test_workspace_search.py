"""Searching, asking before a task, and showing one memory."""

from __future__ import annotations

import numpy as np
import pytest
from repositories import START, Mom, Repo, Start, indexed_fixtures
from three_commits import ALPHA, BETA, KEYS, mom_id, suggestion, text, titles, write_three_commits

from mom_lsp.errors import UsageError
from mom_lsp.route.linear_model import shipped
from mom_lsp.workspace.library.strength import aged
from mom_lsp.workspace.ranking.query import text_query
from mom_lsp.workspace.ranking.ranker import Ranker

template, project, mom = indexed_fixtures(write_three_commits)


def test_an_intent_is_accepted_with_and_without_a_path(mom: Mom) -> None:
    anywhere = mom.call("suggest", intent="double the second of something")
    assert anywhere["query"] == {"intent": "double the second of something"}
    assert titles(anywhere["suggestions"])[0] == BETA
    terms = anywhere["suggestions"][0]["terms"]
    assert terms["temp"] != 0 and terms["place"] == 0  # unlike a search, which ignores recency
    assert mom.search("double the second of something")[0]["terms"]["temp"] == 0
    here = mom.call("suggest", path="src/a.py", start=2, end=2, intent="raise the start")
    assert here["query"]["intent"] == "raise the start"
    alpha, plain = here["suggestions"][0], suggestion(mom)
    assert alpha["title"] == plain["title"] == ALPHA
    assert alpha["terms"]["place"] == plain["terms"]["place"]
    assert alpha["terms"]["lex"] > plain["terms"]["lex"]


def test_search_and_why_give_reasons_without_a_probability(mom: Mom) -> None:
    assert "% useful: " in suggestion(mom)["phrases"]["relevance"]
    (in_words, *_) = mom.call("suggest", intent="raise the start")["suggestions"]
    assert in_words["usefulness"] is None and "% relevant: " in in_words["phrases"]["relevance"]
    for one in [*mom.search("alpha"), *mom.call("why", path="src/a.py", line=2)["citations"]]:
        assert one["chance"] is not None and "%" not in one["phrases"]["relevance"]


def test_a_suggestion_needs_a_path_or_an_intent(mom: Mom) -> None:
    with pytest.raises(UsageError, match="a path or an intent is required"):
        mom.call("suggest", intent=" ")


def test_search_finds_words_of_message_path_and_body(mom: Mom) -> None:
    assert titles(mom.search("alpha"))[0] == ALPHA
    assert set(titles(mom.search("upstream server"))) == {ALPHA, BETA}
    assert mom.search("xylophone") == []
    assert mom.search("") == []


@pytest.mark.parametrize(
    "words", ["", " ", "\0", "'", '"', "a AND (", "*", "alpha~2 OR", "\ud800", "x" * 100_000, "é\u2028"]
)
def test_search_accepts_any_text(mom: Mom, words: str) -> None:
    assert isinstance(mom.search(words), list)


def test_a_search_in_a_folder_a_file_or_a_domain_finds_nothing_else(project: Repo, moms: Start) -> None:
    project.commit("Count the zebras\n\nBecause the upstream server lost some.", {"zoo/zebra.py": "z = 1\n"})
    mom = moms(project)
    mom.index()
    zebras = "Count the zebras"

    def found(words: str, within: str = "", **options: object) -> list[str]:
        return titles(mom.call("search", text=words, **{"in": within}, **options)["suggestions"])

    assert {ALPHA, zebras} <= set(found("upstream server"))
    for within in ("zoo", "./zoo/", "zoo/zebra.py"):
        assert found("upstream server", within) == [zebras], within
    assert ALPHA in found("upstream server", "src") and zebras not in found("upstream server", "src")
    assert set(found("upstream server", ".")) == set(found("upstream server"))
    assert found("", "zoo") == [zebras] and found("", "src", k=1)  # without words, what is most worth reading
    with pytest.raises(UsageError, match=r"no folder, file or domain is called xylophone; `mom domains`"):
        found("zebras", "xylophone")
    with pytest.raises(UsageError, match="did you mean zoo"):
        found("zebras", "zooo")


def test_a_search_in_a_domain_takes_a_part_of_its_name(project: Repo, moms: Start) -> None:
    for number in range(30):
        folder, topic = (("parsers", "grammar"), ("widgets", "button"), ("sockets", "timeout"))[number % 3]
        project.commit(f"Tune the {topic} {number}", {f"{folder}/{number}.py": f"w = {number}\n"})
    mom = moms(project)
    mom.index()
    sizes = {one["name"]: one["memories"] for one in mom.call("domains")["domains"]}
    assert list(sizes) == sorted(sizes) and sum(sizes.values()) == 33
    name = next(name for name in sizes if name == "widgets: button")

    def found(words: str, within: str) -> set[str]:
        return set(titles(mom.call("search", text=words, k=99, **{"in": within})["suggestions"]))

    assert len(found("", name)) == sizes[name] and found("tune", name) <= found("", name)
    assert found("", name) <= found("", "S: BUTTON") <= {f"Tune the button {number}" for number in range(1, 30, 3)}


def test_a_search_in_a_folder_sees_every_match_of_its_words(project: Repo, moms: Start) -> None:
    for number in range(230):  # more than a search of everything looks at
        project.commit(f"Tune widget {number}", {f"many/{number}.py": f"w = {number}\n"})
    project.commit("Mention the widget beside much else, and gadgets, and knobs, and dials", {"few/one.py": "w = 1\n"})
    mom = moms(project)
    mom.index()
    assert titles(mom.call("search", text="widget", **{"in": "few"})["suggestions"]) == [
        "Mention the widget beside much else, and gadgets, and knobs, and dials"
    ]


def test_what_is_alive_comes_first_in_a_place(project: Repo, moms: Start) -> None:
    for name in ("gone", "changed", "kept"):
        code = f"def {name}():\n" + "".join(f"    {name}_{line} = {line}\n" for line in range(9))
        why = (
            "" if name == "kept" else "\n\nBecause the upstream server counts from there, which took days to find out."
        )
        project.commit(f"Count what is {name}{why}", {f"zoo/{name}.py": code})
    project.git("rm", "-q", "zoo/gone.py")
    project.commit("Count anew", {"zoo/changed.py": "def changed():\n    return sorted(everything)\n"})
    mom = moms(project)
    mom.index()
    found = mom.call("search", text="", **{"in": "zoo"})["suggestions"]
    states = [(one["title"], one["freshness"]) for one in found]
    assert states[-2:] == [("Count what is changed", "drifted"), ("Count what is gone", "gone")]
    assert {state for _, state in states[:-2]} == {"fresh"} and len(states) == 4
    best = mom.call("search", text="", k=1, **{"in": "zoo"})["suggestions"]
    assert best == found[:1], "the most worth reading one of those that are alive"


def test_show_returns_all_fields(mom: Mom) -> None:
    one = suggestion(mom)
    mom.call("pin", id=one["id"])
    shown = mom.call("show", id=one["id"][:6])
    assert shown.keys() >= KEYS
    assert (shown["id"], shown["suggested"], shown["pinned"]) == (one["id"], True, True)
    assert [event["event"] for event in shown["history"]] == ["pin"]
    for unknown in ("", "zzzz", "0"):
        with pytest.raises(UsageError):
            mom.call("show", id=unknown)


def test_show_says_why_a_memory_is_not_suggested(mom: Mom, project: Repo) -> None:
    one = suggestion(mom)["id"]
    mom.call("dismiss", id=one, path="src/a.py", line=2)
    assert "dismissed in src/a.py" in mom.call("show", id=one)["because"]
    routine = project.commit("Release 1.2.3", {"src/a.py": text(mom) + "# end\n"})
    mom.index()
    catalog = mom.service.library.snapshot().catalog
    because = mom.call("show", id=catalog.ids[catalog.row_of_commit[routine]])["because"]
    assert because == "routine history, never suggested (release)"
    project.git("reset", "-q", "--hard", "HEAD~2")
    assert "not an ancestor of HEAD" in mom.call("show", id=mom_id(mom, BETA))["because"]
    mom.call("forget", id=one)
    assert "forgot" in mom.call("show", id=one)["because"]


def test_an_encoder_that_loads_after_the_snapshot_is_not_used_yet(mom: Mom) -> None:
    workspace = mom.service.workspace(str(mom.root))
    state = workspace.states.take(workspace.worktree.head)
    assert not len(state.snapshot.vectors)
    tiers = aged(state.view, state.snapshot.life, START)
    ranker = Ranker(state, state.snapshot, state.view, shipped("search"), tiers)
    meaning = np.ones(384, np.float32) / np.sqrt(384)
    assert ranker.rank(text_query("callers"), 5, threshold=0.0, meaning=meaning) == ranker.rank(
        text_query("callers"), 5, threshold=0.0
    )
