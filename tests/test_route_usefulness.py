"""Usefulness: whether a memory is about some lines, and whether it is worth reading there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from catalogs import make_memory, make_view, sha
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.memory import Anchor, Memory
from mom_lsp.route.place_term import Spot, place
from mom_lsp.route.usefulness import ABOUT, WORTH, features, usefulness

FILE = (Anchor("a.py", ("f",)),)
ADDED_FILE = make_memory(1, anchors=(Anchor("a.py", ("g",)),))
SPOT = Spot("a.py", "f", 5, 5, {5: sha(2)}, earlier={5: [sha(3)]})


def commit(number: int, files: int = 0, **changes: object) -> Memory:
    """Return a memory of a commit that also changed some other files."""
    anchors = (*FILE, *(Anchor(f"{n}.py") for n in range(files)))
    return make_memory(number, **{"anchors": anchors, "informative": 0.5, **changes})


def of(*memories: Memory, spot: Spot = SPOT) -> np.ndarray:
    """Return the usefulness of some memories, after the commit that added the file."""
    view = make_view(ADDED_FILE, *memories)
    rows = np.arange(1, len(memories) + 1)
    return usefulness(view, rows, place(view, spot), np.zeros(view.catalog.size), [spot.path]).probability


def test_the_writers_of_a_line_are_more_useful_than_changes_around_it() -> None:
    elsewhere = commit(5, anchors=(Anchor("b.py"),))
    wrote, before, same_function, other = of(commit(2), commit(3), commit(4), elsewhere).tolist()
    assert min(wrote, before) > same_function > other
    assert other < 0.1


def test_a_recent_change_elsewhere_is_never_useful_whatever_it_says() -> None:
    newest = commit(5, anchors=(Anchor("b.py"),), informative=0.99, evidence=10.0)
    assert of(commit(2), newest)[1] < 0.2


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 99), st.integers(0, 99))
def test_a_telling_and_a_focused_change_is_the_more_useful(low: float, high: float, few: int, many: int) -> None:
    low, high = sorted((low, high))
    few, many = sorted((few, many))
    base = commit(2, many, informative=low)
    told, focused = replace(base, informative=high), commit(2, few, informative=low)
    assert of(base)[0] <= of(told)[0]
    assert of(base)[0] <= of(focused)[0]
    assert 0.0 < of(base)[0] < 1.0


def test_the_commit_that_added_a_file_says_little_about_a_line_of_it() -> None:
    view = make_view(commit(2), commit(3))
    found = features(view, np.array([0, 1]), place(view, SPOT), np.zeros(view.catalog.size), ["a.py"])
    assert found["adapts"].tolist() == [0.0, 1.0]


def test_each_feature_belongs_to_one_of_two_questions() -> None:
    view = make_view(commit(2))
    assert features(view, np.array([0]), place(view, SPOT), np.zeros(view.catalog.size), ["a.py"]).keys() == {
        *ABOUT,
        *WORTH,
    }


@given(st.floats(0, 1), st.floats(0, 20), st.integers(0, 99))
def test_no_memory_is_more_useful_anywhere_than_where_it_wrote_the_line(
    informative: float, evidence: float, files: int
) -> None:
    memory = commit(2, files, informative=informative, evidence=evidence)
    written_by_another = replace(SPOT, writers={5: sha(9)}, earlier={})
    places = [SPOT, replace(written_by_another, earlier={5: [sha(2)]}), written_by_another, Spot("z.py", "f", 5, 5, {})]
    wrote, before, same_function, elsewhere = (float(of(memory, spot=spot)[0]) for spot in places)
    assert wrote > before > same_function > elsewhere


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 20), st.integers(0, 99)), min_size=1, max_size=4))
def test_usefulness_is_at_most_the_chance_of_either_question(facts: list[tuple[float, float, int]]) -> None:
    memories = [
        commit(n, files, informative=informative, evidence=evidence)
        for n, (informative, evidence, files) in enumerate(facts, 2)
    ]
    view = make_view(ADDED_FILE, *memories)
    found = usefulness(view, np.arange(len(memories) + 1), place(view, SPOT), np.zeros(view.catalog.size), [SPOT.path])
    assert (found.probability <= np.minimum(found.about, found.worth)).all()
    assert (found.probability > 0).all()
