"""The place term: lines, symbols and files that a memory changed."""

from __future__ import annotations

from catalogs import make_memory, make_view, sha
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.memory import Anchor
from mom_lsp.route.place_term import Spot, place

PARTS = ("line", "near", "symbol", "file", "co_changed")


def test_the_commit_that_wrote_the_line_is_the_strongest() -> None:
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
def test_line_evidence_belongs_to_the_queried_lines(start: int, more: int, lines: dict[int, int]) -> None:
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


def test_earlier_writers_count_the_less_the_more_wrote_the_line_since() -> None:
    noise = make_memory(2, noise="bot")
    view = make_view(make_memory(1), noise, make_memory(3), make_memory(4), make_memory(5))
    earlier = {5: [sha(2), sha(3), sha(4), sha(1)], 6: [sha(4)]}
    found = place(view, Spot("a.py", "", 5, 6, {5: sha(1), 6: sha(1)}, earlier=earlier))
    assert found.earlier.tolist() == [0, 0, 1, 1, 0]  # of the line's last writer and of noise nothing
    assert found.strength()[0] > found.strength()[2] > found.strength()[4] == 0
    alone = place(view, Spot("a.py", "", 5, 5, {5: sha(1)}, earlier={5: earlier[5]}))
    assert alone.earlier.tolist() == [0, 0, 1, 0.5, 0]


def test_an_invalid_memory_has_no_place() -> None:
    anchors = (Anchor("a.py", ("f",)), Anchor("b.py"))
    mine, theirs = make_memory(1, anchors=anchors), make_memory(2, anchors=anchors)
    noise = make_memory(3, anchors=anchors, noise="bot")
    view = make_view(mine, theirs, noise, head={sha(1), sha(3)})
    strength = place(view, Spot("a.py", "f", 1, 1, {1: sha(2), 2: sha(3)})).strength()
    assert strength[0] > 0
    assert strength[1:].tolist() == [0, 0]


def test_co_changed_files_count_a_little() -> None:
    along = [make_memory(n, anchors=(Anchor("a.c"), Anchor("a.h"))) for n in range(1, 4)]
    header, stranger = make_memory(8, anchors=(Anchor("a.h"),)), make_memory(9, anchors=(Anchor("z.c"),))
    found = place(make_view(*along, header, stranger), Spot("a.c"))
    assert found.co_changed.any()
    assert 0 < found.strength()[3] < found.strength()[0]
    assert found.strength()[4] == 0
