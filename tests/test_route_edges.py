"""The arithmetic of routing and of lives: bounds, order and sums, against slow oracles."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.journal import Event
from mom_lsp.memory import Anchor, Memory, Reference, Source, Usage
from mom_lsp.route.catalog import Catalog
from mom_lsp.route.columns import COLUMNS
from mom_lsp.route.lexical_term import lexical
from mom_lsp.route.place_term import PlaceEvidence, Spot, place
from mom_lsp.route.score import top
from mom_lsp.route.view import View
from mom_lsp.store.arrow_rows import to_table
from mom_lsp.tiers.decay import usage
from mom_lsp.tiers.lifecycle import (
    NOTE_GRACE,
    Life,
    expired_notes,
    fold,
    forgotten_notes,
)
from mom_lsp.tiers.undo import SAID, undoable

unit = st.floats(0, 1)
PARTS = ("line", "near", "symbol", "file", "co_changed")


def make_memory(number: int, **changes: Any) -> Memory:
    """Return a memory of a commit whose hash begins with its number."""
    sha = f"{number:08x}".ljust(40, "0")
    source = Source("commit", commit=sha, time=changes.pop("time", number))
    plain = Memory(f"m{number}", "fix", f"title {number}", "", "", source, commits=(sha,))
    return replace(plain, **changes)


def sha(number: int) -> str:
    return make_memory(number).commits[0]


def make_catalog(*memories: Memory) -> Catalog:
    return Catalog.of_table(to_table(memories).select(COLUMNS))


def make_view(*memories: Memory, head: set[str] | None = None) -> View:
    """Return the view on a head that holds some commits, by default all."""
    newest_first = [commit for memory in reversed(memories) for commit in memory.commits]
    return View(make_catalog(*memories), [c for c in newest_first if head is None or c in head], {})


# Score


def make_place(parts: list[float]) -> PlaceEvidence:
    return PlaceEvidence(*(np.array([part]) for part in parts))


@given(st.lists(unit, min_size=5, max_size=5), st.integers(0, 4), unit)
def test_place_is_bounded_and_grows_with_each_part(parts: list[float], at: int, more: float) -> None:
    strength = make_place(parts).strength()[0]
    assert 0 <= strength <= 1
    assert strength >= max(parts) - 1e-12
    larger = [max(part, more) if n == at else part for n, part in enumerate(parts)]
    assert make_place(larger).strength()[0] >= strength - 1e-12


@given(st.data())
def test_top_is_a_stable_sort_of_what_may_be_shown(data: st.DataObject) -> None:
    size = data.draw(st.integers(0, 30))
    grid = st.sampled_from([0.0, 0.1, 0.35, 0.5, 1.0])  # ties are common
    scores = data.draw(st.lists(grid, min_size=size, max_size=size))
    masks = st.lists(st.booleans(), min_size=size, max_size=size)
    shown, first, k = data.draw(masks), data.draw(masks), data.draw(st.integers(0, size + 1))
    order = sorted(range(size), key=lambda at: (not first[at], -scores[at]))
    found = top(np.array(scores), k, shown=np.array(shown, bool), first=np.array(first, bool))
    assert found == [at for at in order if shown[at]][:k]
    assert top(np.array(scores), k) == sorted(range(size), key=lambda at: -scores[at])[:k]


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=6))
def test_usage_is_bounded_and_grows(uses: list[int]) -> None:
    values = usage(np.array(sorted(uses)), max(uses))
    assert ((values >= 0) & (values <= 1)).all()
    assert (np.diff(values) >= 0).all()
    assert values[-1] == (1 if max(uses) else 0)


@given(st.dictionaries(st.integers(0, 9), st.floats(0, 1e6)))
def test_words_are_bounded_and_grow_with_bm25(matches: dict[int, float]) -> None:
    values = lexical(range(10), matches)
    assert ((values >= 0) & (values <= 1)).all()
    for a, b in permutations(range(10), 2):
        if matches.get(a, 0) <= matches.get(b, 0):
            assert values[a] <= values[b]


# Place


def test_the_writer_of_the_line_is_stronger_than_all_others() -> None:
    changed = Anchor("a.py", ("f",))
    writer, symbol, file, wide, other = (
        make_memory(1, anchors=(changed,)),
        make_memory(2, anchors=(changed,)),
        make_memory(3, anchors=(Anchor("a.py", ("g",)),)),
        make_memory(4, anchors=(Anchor("a.py", ("g",)), *(Anchor(f"{n}.py") for n in range(20)))),
        make_memory(5, anchors=(Anchor("b.py"),)),
    )
    view = make_view(writer, symbol, file, wide, other)
    strength = place(view, Spot("a.py", "f", 5, 5, {5: sha(1)})).strength()
    assert strength[0] > strength[1] > strength[2] > strength[3] > strength[4] == 0


@given(st.integers(1, 40), st.integers(0, 5), st.dictionaries(st.integers(1, 60), st.integers(1, 3)))
def test_line_evidence_belongs_to_the_lines_asked_about(start: int, more: int, lines: dict[int, int]) -> None:
    view = make_view(*(make_memory(n) for n in (1, 2, 3)))
    spot = Spot("a.py", "", start, start + more, {line: sha(n) for line, n in lines.items()})
    found = place(view, spot)
    for row, number in enumerate((1, 2, 3)):
        mine = sorted(line for line, n in lines.items() if n == number)
        inside = [line for line in mine if start <= line <= start + more]
        assert found.lines.get(row, []) == inside
        assert (found.line[row] > 0) == bool(inside)
        close = any(start - 12 <= line <= start + more + 12 for line in mine)
        assert (found.near[row] > 0) == (close and not inside)
    assert all(0 <= value <= 1 for part in PARTS for value in getattr(found, part))


def test_what_is_not_true_here_has_no_place() -> None:
    anchors = (Anchor("a.py", ("f",)), Anchor("b.py"))
    mine, theirs = make_memory(1, anchors=anchors), make_memory(2, anchors=anchors)
    noise = make_memory(3, anchors=anchors, noise="bot")
    view = make_view(mine, theirs, noise, head={sha(1), sha(3)})
    strength = place(view, Spot("a.py", "f", 1, 1, {1: sha(2), 2: sha(3)})).strength()
    assert strength[0] > 0
    assert strength[1:].tolist() == [0, 0]


def test_files_that_change_along_count_a_little() -> None:
    along = [make_memory(n, anchors=(Anchor("a.c"), Anchor("a.h"))) for n in range(1, 4)]
    header, stranger = make_memory(8, anchors=(Anchor("a.h"),)), make_memory(9, anchors=(Anchor("z.c"),))
    found = place(make_view(*along, header, stranger), Spot("a.c"))
    assert found.along == "a.h"
    assert 0 < found.strength()[3] < found.strength()[0]
    assert found.strength()[4] == 0


# Catalog


paths = st.lists(st.sampled_from(["a", "b", "c/d", "é", "x y"]), unique=True, max_size=4)


@given(st.lists(st.tuples(paths, st.lists(st.sampled_from(["f", "g"]), unique=True, max_size=2)), max_size=8))
def test_a_catalog_groups_as_plain_python_does(rows: list[tuple[list[str], list[str]]]) -> None:
    memories = [
        make_memory(n, anchors=tuple(Anchor(path, tuple(symbols)) for path in touched), blobs=tuple(touched))
        for n, (touched, symbols) in enumerate(rows)
    ]
    catalog = make_catalog(*memories)
    assert list(catalog.ids) == [memory.id for memory in memories]
    every = {path for touched, _ in rows for path in touched}
    assert {path: found.tolist() for path, found in catalog.rows_of_path.items()} == {
        path: [n for n, (touched, _) in enumerate(rows) if path in touched] for path in every
    }
    assert {key: found.tolist() for key, found in catalog.rows_of_symbol.items()} == {
        f"{path}\t{symbol}": [n for n, (t, s) in enumerate(rows) if path in t and symbol in s]
        for path in every
        for symbol in "fg"
        if any(path in t and symbol in s for t, s in rows)
    }
    assert [catalog.paths_of(n) for n in range(len(rows))] == [touched for touched, _ in rows]
    assert catalog.path_count.tolist() == [len(touched) for touched, _ in rows]
    asked = sorted(every)[:2]
    assert catalog.rows_touching(asked).tolist() == [n for n, (t, _) in enumerate(rows) if set(t) & set(asked)]
    assert catalog.row_of_commit.many(m.commits[0] for m in memories).tolist() == list(range(len(memories)))
    assert [catalog.row_of.get(memory.id) for memory in memories] == list(range(len(memories)))
    assert catalog.row_of.get("nobody") is None and "nobody" not in catalog.row_of


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("00000001", ["m1"]),
        ("0000000", []),  # several begin like this
        ("00000009", []),  # nobody does
        ("ffffffff", []),
        (sha(2), ["m2"]),
        ("#7", ["m1", "m2"]),
        ("#8", []),
        ("00000003", []),  # itself
    ],
)
def test_a_reference_is_resolved_by_prefix_or_number(target: str, named: list[str]) -> None:
    one, two = make_memory(1, numbers=(7,)), make_memory(2, numbers=(7, 9))
    view = make_view(one, two, make_memory(3, references=(Reference("fixes", target),)))
    assert sorted(view.catalog.ids[edge.target] for edge in view.edges) == named


def test_a_reference_from_or_to_another_branch_does_not_count() -> None:
    memories = [make_memory(1), make_memory(2, references=(Reference("revert", sha(1)),))]
    assert make_view(*memories).replaced_by == {0: 1}
    assert make_view(*memories, head={sha(1)}).replaced_by == {}
    assert make_view(*memories, head={sha(2)}).edges == []


def titled(number: int, title: str, *said: tuple[str, str], **more: Any) -> Memory:
    return make_memory(number, title=title, references=tuple(Reference(*one) for one in said), **more)  # type: ignore[arg-type]


def verdicts(view: View) -> list[tuple[int, str, int]]:
    return [(edge.source, edge.relation, edge.target) for edge in view.edges]


def test_a_quoted_title_means_the_newest_earlier_commit_of_head() -> None:
    memories = [
        titled(0, "T"),
        titled(1, "T"),
        titled(2, 'Revert "T"', ("revert", '"T"')),
        titled(3, "T"),
        titled(4, 'Revert "U"', ("revert", '"U"')),
    ]
    assert verdicts(make_view(*memories)) == [(2, "revert", 1)]
    assert verdicts(make_view(*memories, head={sha(0), sha(2), sha(3)})) == [(2, "revert", 0)]
    assert verdicts(make_view(*memories, head={sha(2), sha(3)})) == []


def test_a_title_counts_only_where_no_other_name_is_known() -> None:
    by_hash = [titled(0, "T"), titled(1, "T"), titled(2, "R", ("revert", sha(0)), ("revert", '"T"'))]
    assert verdicts(make_view(*by_hash)) == [(2, "revert", 0)]
    rebased = [titled(0, "T"), titled(1, "T"), titled(2, "R", ("revert", "f" * 40), ("revert", '"T"'))]
    assert verdicts(make_view(*rebased)) == [(2, "revert", 1)]
    by_number = [titled(0, "T"), titled(1, "R", ("revert", "#7"), ("revert", '"T"')), titled(2, "N", numbers=(7,))]
    assert [edge for edge in verdicts(make_view(*by_number)) if edge[2] == 0] == [(1, "revert", 0)]  # 7 came later


@pytest.mark.parametrize(
    ("quoted", "found"),
    [("Keep the order of the…", [0]), ("Keep the order…", []), ("Keep…", []), ("Keep the order of things…", [])],
)
def test_a_title_that_is_cut_means_the_only_one_that_begins_so(quoted: str, found: list[int]) -> None:
    memories = [titled(0, "Keep the order of the rows"), titled(1, "Keep the order of a row")]
    view = make_view(*memories, titled(2, "R", ("revert", f'"{quoted}"')))
    assert [edge.target for edge in view.edges] == found


def test_a_merge_request_and_the_title_of_a_merge_are_aliases() -> None:
    merge = titled(0, "Add it", aliases=("!45", "\"Merge branch 'x' into 'main'\""))
    assert verdicts(make_view(merge, titled(1, "R", ("revert", "!45")))) == [(1, "revert", 0)]
    quoting = titled(1, "R", ("revert", "\"Merge branch 'x' into 'main'\""))
    assert verdicts(make_view(merge, quoting)) == [(1, "revert", 0)]
    assert verdicts(make_view(titled(0, "Add it", numbers=(45,)), titled(1, "R", ("revert", "!45")))) == []


def test_the_history_shows_whose_numbers_are_its_own() -> None:
    memories = [
        titled(0, "T", numbers=(5,)),
        titled(1, "U", numbers=(6,)),
        titled(2, 'Revert "T"', ("revert", "owner/repo#5"), ("revert", '"T"')),
        titled(3, "Mend it", ("revert", "owner/repo#6")),
        titled(4, "Mend it", ("revert", "other/repo#6")),
    ]
    assert verdicts(make_view(*memories)) == [(2, "revert", 0), (3, "revert", 1)]
    assert verdicts(make_view(*memories[:2], *memories[3:])) == []


def test_many_reverts_of_one_title_are_resolved_in_linear_time() -> None:
    half = 4_000
    memories = [titled(n, "T") for n in range(half)]
    memories += [titled(half + n, 'Revert "T"', ("revert", '"T"')) for n in range(half)]
    assert {edge.target for edge in make_view(*memories).edges} == {half - 1}


def fates(*said: tuple[str, int] | None, times: list[int] | None = None) -> dict[int, int]:
    """Return who replaced whom, where memory n says something of an earlier one."""
    when = times or list(range(len(said)))
    memories = [
        make_memory(n, time=when[n], references=(Reference(what[0], sha(what[1])),) if what else ())  # type: ignore[arg-type]
        for n, what in enumerate(said)
    ]
    return make_view(*memories).replaced_by


def test_what_reverts_and_reapplies_lead_to() -> None:
    assert fates(None, ("revert", 0)) == {0: 1}
    assert fates(None, ("fixes", 0), ("mention", 0), ("followup", 0)) == {}
    assert fates(None, ("revert", 0), ("revert", 1)) == {1: 2}
    assert fates(None, ("revert", 0), ("revert", 1), ("revert", 2)) == {2: 3, 0: 1}
    assert fates(None, ("revert", 0), ("reapply", 1)) == {1: 2}  # it names the revert
    assert fates(None, ("revert", 0), ("reapply", 0)) == {1: 2}  # it names the original
    assert fates(None, ("partial_revert", 0)) == {}  # most of it stands
    assert fates(None, ("revert", 0), ("partial_revert", 1)) == {0: 1}
    assert fates(None, ("revert", 0), ("reapply", 0), ("revert", 0)) == {1: 2, 0: 3}
    assert fates(None, ("revert", 0), ("reapply", 0), ("revert", 2)) == {2: 3, 0: 1}


def test_a_chain_within_one_second_is_followed() -> None:
    for order in permutations([5, 5, 5]):
        assert fates(None, ("revert", 0), ("revert", 1), ("revert", 2), times=[1, *order]) == {2: 3, 0: 1}
    assert fates(None, ("revert", 0), ("revert", 1), times=[9, 8, 7]) == {1: 2}  # clocks differ


def test_memories_that_revert_each_other_end() -> None:
    one = make_memory(1, references=(Reference("revert", "#2"),), numbers=(1,))
    two = make_memory(2, references=(Reference("revert", "#1"),), numbers=(2,))
    assert make_view(one, two).replaced_by == {0: 1}


def test_a_long_chain_needs_no_deep_stack() -> None:
    said = [None, *(("revert", n) for n in range(3000))]
    assert len(fates(*said)) == 1500


def test_surprise_is_a_quintile_raised_by_what_came_after() -> None:
    plain = [make_memory(n, evidence=float(n)) for n in range(10)]
    assert make_view(*plain).surprise.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    fixed = [*plain[:8], *(make_memory(n, evidence=float(n), references=(Reference("fixes", sha(0)),)) for n in (8, 9))]
    assert make_view(*fixed).surprise[0] > 1
    assert make_view(make_memory(1, noise="bot")).surprise.tolist() == [1]
    assert make_view().surprise.tolist() == []


def test_a_name_is_followed_through_renames_that_are_true_here() -> None:
    first, second = make_memory(1, renames=(("a", "b"),)), make_memory(2, renames=(("b", "c"), ("q", "z")))
    catalog = make_catalog(first, second, make_memory(3, renames=(("c", "a"),)))
    assert catalog.names_of("c", np.array([True, True, True])) == ["c", "b", "a"]
    assert catalog.names_of("c", np.array([False, True, True])) == ["c", "b"]
    assert catalog.names_of("a", np.array([True, True, False])) == ["a"]


def test_a_file_span_is_true_where_its_file_is() -> None:
    span = replace(
        make_memory(1), source=Source("file", path="a"), commits=(), blobs=("b1", "b2"), anchors=(Anchor("a"),)
    )
    catalog = make_catalog(span)
    valid = {str(tree): bool(View(catalog, (), tree).valid[0]) for tree in ({"a": "b2"}, {"a": "b3"}, {"z": "b1"}, {})}
    assert list(valid.values()) == [True, False, False, False]


# Lives


KINDS = ["pin", "unpin", "useful", "dismiss", "forget", "restore", "note", "shown", "opened", "inserted", "purge"]
events = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from(["m1", "m2"]), st.sampled_from(["", "f"])), max_size=12
)


def make_log(*said: tuple[str, str, str]) -> list[Event]:
    return [
        Event(n, float(n), kind, memory, "a.py", symbol, data={"text": f"note {n}"} if kind == "note" else {})
        for n, (kind, memory, symbol) in enumerate(said, 1)
    ]


def state(life: Life) -> tuple[Any, Any]:
    return {m: u for m, u in life.usage.items() if u != Usage()}, life.notes


@given(events, st.sampled_from(sorted(SAID)), st.sampled_from(["m1", "m3"]))
def test_undo_gives_the_state_before(said: list[tuple[str, str, str]], kind: str, memory: str) -> None:
    before = make_log(*said)
    done = make_log(*said, (kind, memory, "f"))
    last = undoable(done)
    assert last == done[-1]
    undone = [*done, Event(len(done) + 1, 99.0, "undo", memory, data={"seq": last.seq})]
    assert state(fold(undone)) == state(fold(before))
    assert undoable(undone) == undoable(before)  # a second undo takes back the one before


@given(events)
def test_what_the_user_said_of_one_memory_leaves_the_others_alone(said: list[tuple[str, str, str]]) -> None:
    log = make_log(*said)
    alone = [event for event in log if event.memory == "m1"]
    assert fold(log).of("m1") == fold(alone).of("m1")


@given(events)
def test_a_memory_is_never_both_pinned_and_forgotten_and_uses_only_grow(said: list[tuple[str, str, str]]) -> None:
    log = make_log(*said)
    uses = 0
    for n in range(len(log) + 1):
        life = fold(log[:n])
        assert not life.pinned & life.forgotten
        assert life.of("m1").uses >= uses
        uses = life.of("m1").uses


@given(events, st.randoms())
def test_the_order_of_what_concerns_different_memories_does_not_matter(
    said: list[tuple[str, str, str]], random: Any
) -> None:
    log = make_log(*said)
    ours, theirs = ([e for e in log if e.memory == memory] for memory in ("m1", "m2"))
    mixed = []
    while ours or theirs:
        mixed.append((ours if not theirs or (ours and random.random() < 0.5) else theirs).pop(0))
    assert state(fold(mixed)) == state(fold(log))


def test_each_event_does_what_it_says() -> None:
    def of(*kinds: str) -> Usage:
        return fold(make_log(*((kind, "m", "f") for kind in kinds))).of("m")

    assert of() == Usage()
    assert (of("pin").pinned, of("pin").uses, of("pin", "unpin").pinned) == (True, 1, False)
    assert (of("useful", "opened", "inserted", "shown").uses, of("useful").last_used) == (3, 1.0)
    assert of("dismiss").dismissed == {("a.py", "f")}
    assert of("pin", "forget") == replace(of("pin"), forgotten=True, pinned=False)
    assert not of("forget", "restore").forgotten
    assert not of("forget", "pin").forgotten


def test_notes_are_due_when_they_were_forgotten_or_undone_for_long_enough() -> None:
    log = make_log(("note", "kept", ""), ("note", "gone", ""), ("note", "undone", ""), ("forget", "gone", ""))
    log.append(Event(5, 5.0, "undo", "undone", data={"seq": 3}))
    assert forgotten_notes(log) == {2: 4.0, 3: 5.0}
    assert expired_notes(log, NOTE_GRACE + 4.5) == [2]
    assert expired_notes(log, NOTE_GRACE + 9) == [2, 3]
    restored = [*log, Event(6, 6.0, "restore", "gone")]
    assert forgotten_notes(restored) == {3: 5.0}
    erased = [replace(event, data={}) if event.seq == 2 else event for event in log]
    assert forgotten_notes(erased) == {3: 5.0}
