"""Which memories a reference names, and what reverts and reapplies lead to."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from catalogs import make_memory, make_view, sha

from mom_lsp.memory import Memory, Reference
from mom_lsp.route.view import View


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("00000001", ["m1"]),
        ("0000000", []),  # several begin like this
        ("00000009", []),  # none does
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


def titled(number: int, title: str, *named: tuple[str, str], **more: Any) -> Memory:
    return make_memory(number, title=title, references=tuple(Reference(*one) for one in named), **more)  # type: ignore[arg-type]


def verdicts(view: View) -> list[tuple[int, str, int]]:
    return [(edge.source, edge.relation, edge.target) for edge in view.edges]


def test_a_quoted_title_resolves_to_the_newest_earlier_commit_of_head() -> None:
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


def test_a_title_is_used_only_without_another_known_reference() -> None:
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
def test_a_truncated_title_resolves_only_if_unambiguous(quoted: str, found: list[int]) -> None:
    memories = [titled(0, "Keep the order of the rows"), titled(1, "Keep the order of a row")]
    view = make_view(*memories, titled(2, "R", ("revert", f'"{quoted}"')))
    assert [edge.target for edge in view.edges] == found


def test_a_merge_request_and_its_merge_title_are_aliases() -> None:
    merge = titled(0, "Add it", aliases=("!45", "\"Merge branch 'x' into 'main'\""))
    assert verdicts(make_view(merge, titled(1, "R", ("revert", "!45")))) == [(1, "revert", 0)]
    quoting = titled(1, "R", ("revert", "\"Merge branch 'x' into 'main'\""))
    assert verdicts(make_view(merge, quoting)) == [(1, "revert", 0)]
    assert verdicts(make_view(titled(0, "Add it", numbers=(45,)), titled(1, "R", ("revert", "!45")))) == []


def test_history_shows_which_repository_numbers_are_its_own() -> None:
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


def fates(*relations: tuple[str, int] | None, times: list[int] | None = None) -> dict[int, int]:
    """Return the replacement of each memory, where memory n references an earlier one."""
    when = times or list(range(len(relations)))
    memories = [
        make_memory(n, time=when[n], references=(Reference(what[0], sha(what[1])),) if what else ())  # type: ignore[arg-type]
        for n, what in enumerate(relations)
    ]
    return make_view(*memories).replaced_by


def test_chains_of_reverts_and_reapplies_are_resolved() -> None:
    assert fates(None, ("revert", 0)) == {0: 1}
    assert fates(None, ("fixes", 0), ("mention", 0), ("followup", 0)) == {}
    assert fates(None, ("revert", 0), ("revert", 1)) == {1: 2}
    assert fates(None, ("revert", 0), ("revert", 1), ("revert", 2)) == {2: 3, 0: 1}
    assert fates(None, ("revert", 0), ("reapply", 1)) == {1: 2}  # it names the revert
    assert fates(None, ("revert", 0), ("reapply", 0)) == {1: 2}  # it names the original
    assert fates(None, ("partial_revert", 0)) == {}  # most of it is kept
    assert fates(None, ("revert", 0), ("partial_revert", 1)) == {0: 1}
    assert fates(None, ("revert", 0), ("reapply", 0), ("revert", 0)) == {1: 2, 0: 3}
    assert fates(None, ("revert", 0), ("reapply", 0), ("revert", 2)) == {2: 3, 0: 1}


def test_a_chain_within_one_second_is_resolved() -> None:
    for order in permutations([5, 5, 5]):
        assert fates(None, ("revert", 0), ("revert", 1), ("revert", 2), times=[1, *order]) == {2: 3, 0: 1}
    assert fates(None, ("revert", 0), ("revert", 1), times=[9, 8, 7]) == {1: 2}  # clocks differ


def test_mutual_reverts_terminate() -> None:
    one = make_memory(1, references=(Reference("revert", "#2"),), numbers=(1,))
    two = make_memory(2, references=(Reference("revert", "#1"),), numbers=(2,))
    assert make_view(one, two).replaced_by == {0: 1}


def test_a_long_chain_needs_no_deep_stack() -> None:
    relations = [None, *(("revert", n) for n in range(3000))]
    assert len(fates(*relations)) == 1500
