"""Routes, their prefix tree, and which of them crystallise."""

from __future__ import annotations

import math
import time
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.journal import Event
from mom_lsp.motifs.crystallise import Criteria, Registry, crystallised, registries
from mom_lsp.motifs.route_tree import RouteTree
from mom_lsp.motifs.routes import MAX_VISITS, RouteLog, Visit, place_of, search_key
from mom_lsp.motifs.utility import Baseline, aged, lower_bound, pareto_front, score, solidity, utility

DAY = 86_400.0
steps = st.sampled_from("abc")
visits = st.lists(
    st.tuples(
        st.lists(steps, max_size=3).map(lambda path: tuple("/".join(path[: n + 1]) for n in range(len(path)))),
        st.sampled_from(["m", "n"]),
        st.integers(0, 50),
        st.sampled_from([-1, 0, 1, 1]),
    ),
    max_size=60,
).map(lambda found: sorted(found, key=lambda one: one[2]))
EVERYWHERE = Criteria(coarsest=0)


@given(visits)
def test_each_prefix_counts_the_visits_below_it(found: list[tuple[tuple[str, ...], str, int, int]]) -> None:
    tree = RouteTree(found)
    for node in tree.nodes():
        below = [visit for visit in found if visit[0][: len(node.place)] == node.place]
        assert (node.count, node.reward) == (len(below), sum(reward for *_, reward in below))
        counts = Counter(memory for _, memory, *_ in below)
        assert {memory: tally.count for memory, tally in node.memories.items()} == dict(counts)
        assert node.entropy <= math.log(max(1, len(counts))) + 1e-9
        for memory, tally in node.memories.items():
            assert tally.rewards == [reward for _, one, _, reward in below if one == memory]
            assert tally.accepted - tally.dismissed == tally.reward
    assert {node.place for node in tree.nodes()} == {
        place[:n] for place, *_ in found for n in range(len(place) + 1)
    } | {()}
    assert tree.at(("never", "there")) is None


@given(visits)
def test_what_crystallises_is_what_the_formulas_say(found: list[tuple[tuple[str, ...], str, int, int]]) -> None:
    routes: dict[tuple[tuple[str, ...], str], list[tuple[tuple[str, ...], int, int]]] = {}
    for place, memory, day, reward in found:
        for depth in range(len(place) + 1):
            routes.setdefault((place[:depth], memory), []).append((place, day, reward))
    chosen = {}
    for (place, memory), seen in routes.items():
        rewards = [reward for *_, reward in seen]
        went = {at[len(place)] if len(at) > len(place) else "" for at, _, reward in seen if reward == 1}
        if rewards.count(1) >= EVERYWHERE.accepted and ("" in went or len(went) > 1):
            chosen[place, memory] = seen
    base = Baseline.of(np.array([reward for *_, reward in found]))
    counts = np.array([len(seen) for seen in chosen.values()], float)
    means = np.array([np.mean([r for *_, r in seen]) for seen in chosen.values()])
    tree = RouteTree(found)
    undecided = np.array([tree.at(place).entropy for place, _ in chosen])  # type: ignore[union-attr]
    ages = aged(np.array([max(d for _, d, _ in seen) - seen[0][1] for seen in chosen.values()], float))
    expected = set()
    if chosen:
        points = score(counts, utility(means, base), undecided, ages, EVERYWHERE.weights)
        front = pareto_front(counts, utility(means, base), -undecided)
        sure = lower_bound(means, counts, base) > 0
        for at, (route, seen) in enumerate(chosen.items()):
            solid = solidity([r for *_, r in seen]) >= EVERYWHERE.solid
            if sure[at] and solid and means[at] >= EVERYWHERE.mean and (points[at] > EVERYWHERE.score or front[at]):
                expected.add(route)
    assert {(one.place, one.memory) for one in crystallised("editing", tree, EVERYWHERE).motifs} == expected


def crystal(*rewards: int, others: int = 0) -> Registry:
    """Return the motifs of one memory at one function, where others were ignored."""
    place = place_of("src/a.py", "f")
    seen = [(place, "m", day, reward) for day, reward in enumerate(rewards)]
    return crystallised("editing", RouteTree([*seen, *[(place, "n", 0, 0)] * others]), Criteria())


def test_a_memory_accepted_on_three_days_crystallises_and_one_dismissal_thaws_it() -> None:
    assert not crystal(1, 1).motifs
    (one,) = crystal(1, 1, 1).motifs
    assert (one.place, one.accepted, one.visits, one.dismissed) == (place_of("src/a.py", "f"), 3, 3, 0)
    assert one.lower > 0 and 0.4 < one.sigma < 1
    assert crystal(1, 1, 1, 0).motifs
    assert not crystal(*[1] * 20, -1).motifs
    assert crystal(*[1] * 20, -1, 1, 1).motifs  # it is accepted again


def test_what_is_mostly_ignored_does_not_crystallise_however_often_it_is_seen() -> None:
    """Count and age grow without limit: the seed's score alone would pass any threshold in time."""
    assert not crystal(*[1, 0, 0] * 200).motifs
    assert not crystal(*[0, 1, 1, -1] * 200, others=500).motifs


def test_a_motif_ends_where_more_depth_tells_nothing_and_contains_the_deeper_ones() -> None:
    f, g = place_of("src/a.py", "f"), place_of("src/a.py", "g")
    both = [(place, "m", day, 1) for day in range(3) for place in (f, g)]
    found = {one.place: one.parts for one in crystallised("editing", RouteTree(both), Criteria()).motifs}
    assert found == {f: (), g: (), place_of("src/a.py"): (f, g)}  # not the folder: it has one file
    spread = [(place_of("src/a.py", name), "m", day, 1) for day, name in enumerate("fgh")]
    registry = crystallised("editing", RouteTree(spread), Criteria())
    assert [one.place for one in registry.motifs] == [place_of("src/a.py")]
    assert registry.at(place_of("src/a.py", "another")).keys() == {"m"}
    assert registry.at(place_of("src/b.py", "f")) == {}
    files = [(place_of(f"src/{name}.py", "f"), "m", day, 1) for day, name in enumerate("abc")]
    assert not crystallised("editing", RouteTree(files), Criteria()).motifs
    folder = crystallised("editing", RouteTree(files), Criteria(coarsest=2))
    assert [one.place for one in folder.motifs] == [("src", "src")]
    assert folder.at(place_of("src/new.py", "g")).keys() == {"m"}


def verdict(day: int, kind: str, memory: str = "m", path: str = "src/a.py", symbol: str = "f", **data: object) -> Event:
    return Event(0, day * DAY + 60, kind, memory, path, symbol, data=data)


def shown(day: int, *rows: list[str]) -> Event:
    return Event(0, day * DAY + 1, "shown", data={"at": list(rows)})


def rewards_after(*events: Event) -> dict[tuple[str, str, int], int]:
    log = RouteLog()
    for event in events:
        log.add(event)
    return {(one.task, one.memory, one.day): reward for one, reward in log.rewards.items()}


def test_a_showing_counts_as_ignored_only_where_another_memory_was_judged() -> None:
    here = ["editing", "src/a.py", "f", "m", "n"]
    assert rewards_after(shown(1, here)) == {}
    assert rewards_after(shown(1, here), verdict(2, "useful")) == {("editing", "m", 2): 1}
    answered = rewards_after(shown(1, here), verdict(1, "useful"), verdict(1, "opened"))
    assert answered == {("editing", "m", 1): 1, ("editing", "n", 1): 0}
    elsewhere = rewards_after(shown(1, here), verdict(1, "useful", symbol="g"))
    assert elsewhere == {("editing", "m", 1): 1}


def test_the_last_verdict_of_a_day_counts() -> None:
    assert rewards_after(verdict(1, "useful"), verdict(1, "dismiss")) == {("editing", "m", 1): -1}
    assert rewards_after(verdict(1, "dismiss"), verdict(1, "pin")) == {("editing", "m", 1): 1}
    assert rewards_after(verdict(1, "dismiss", never=True)) == {}  # it has no place, and is shown nowhere


def test_a_verdict_is_on_the_task_that_showed_the_memory_last() -> None:
    key = search_key(["retry", "limit"])
    assert key == search_key(["limit", "retry", "limit"]) != search_key(["limit"])
    log = RouteLog()
    for event in (
        shown(1, ["search", key, "", "m", "n"], ["why", "src/a.py", "f", "o"]),
        verdict(1, "useful", path="src/z.py", symbol=""),
        verdict(1, "useful", "o"),
        verdict(2, "useful"),
    ):
        log.add(event)
    assert list(log.rewards) == [
        Visit("search", key, "", "n", 1),
        Visit("search", key, "", "m", 1),
        Visit("why", "src/a.py", "f", "o", 1),
        Visit("editing", "src/a.py", "f", "m", 2),
    ]


def test_each_task_has_a_registry_of_its_own() -> None:
    log, key = RouteLog(), search_key(["retry"])
    for day in range(3):
        log.add(shown(day, ["search", key, "", "m"]))
        log.add(verdict(day, "useful"))
        log.add(verdict(day, "useful", "n"))
    found = registries(log)
    assert {task: [one.memory for one in registry.motifs] for task, registry in found.items()} == {
        "editing": ["n"],
        "why": [],
        "search": ["m"],
    }
    assert found["search"].at((key,)).keys() == {"m"}


def test_a_duplicate_counts_for_the_memory_that_is_shown_for_it() -> None:
    merged = rewards_after(verdict(1, "useful", "n"), verdict(2, "useful"), verdict(2, "merge", "m", other="n"))
    assert merged == {("editing", "m", 1): 1, ("editing", "m", 2): 1}


def test_malformed_showings_of_an_import_are_skipped() -> None:
    rows = [None, ["editing", "a.py"], ["editing", "a.py", 3, "m"], ["cooking", "a.py", "", "m"], {}]
    assert rewards_after(Event(0, 1.0, "shown", data={"at": rows}), Event(0, 2.0, "shown", data={"at": 7})) == {}


def test_the_log_is_bounded_and_its_motifs_are_found_fast() -> None:
    log = RouteLog()
    for n in range(MAX_VISITS + 500):
        log.add(verdict(n // 40, "useful", f"m{n % 40}", f"src/{n % 8}.py", f"f{n % 5}"))
    assert len(log.rewards) == MAX_VISITS
    began = time.process_time()
    assert registries(log)["editing"].motifs
    assert time.process_time() - began < 1.0
