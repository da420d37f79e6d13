"""Hints agree with suggestions: a hinted memory ranks first everywhere, and a pin counts where it was pinned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from repositories import Mom, Repo, Start, indexed_fixtures

from mom_lsp.evaluation.hint_agreement import count_agreement
from mom_lsp.extract.code import line_keys

WHY = "\n\nBecause the upstream server counts from there, which took us days to find out."
FUNCTIONS = 10
PAIR = ("src/parser.c", "src/parser.h")
TOP = "VERSION = 12345\n"


def make_file(numbers: list[int]) -> str:
    """Return functions of six lines each, one number in each."""
    bodies = (
        f"def handle_{at}(request):\n    prepared = request.prepare()\n    limit = {number}\n"
        f"    answer = prepared.ask(limit)\n    return answer.text\n\n"
        for at, number in enumerate(numbers)
    )
    return TOP + "\n" + "".join(bodies)


def line_of(function: int) -> int:
    """Return the line of a function's number."""
    return 3 + 6 * function + 2


def write_handlers(project: Repo) -> None:
    """Commit a file that every commit but the first changes at one function, and two files that change along."""
    numbers = [0] * FUNCTIONS
    project.commit("Add the handlers", {"src/a.py": make_file(numbers)})
    for at in range(FUNCTIONS):
        numbers[at] = 100 + at
        ending = WHY if at % 3 else ""
        files = {"src/a.py": make_file(numbers)} | dict.fromkeys(PAIR, f"int limit_{at} = {at};\n" * 20)
        project.commit(f"Limit handler {at} to {numbers[at]}{ending}", files)


template, project, mom = indexed_fixtures(write_handlers)


def text(mom: Mom, path: str = "src/a.py") -> str:
    return (mom.root / path).read_text()


def hints(mom: Mom, content: str, path: str = "src/a.py") -> dict[int, dict[str, Any]]:
    found = mom.call("hints", path=path, text=content, start=1, end=10_000)["hints"]
    return {hint["line"]: hint["suggestion"] for hint in found}


def leading(mom: Mom, line: int, content: str | None = None, path: str = "src/a.py", **more: Any) -> str:
    """Return the id of the first suggestion of a line, "" for none."""
    return next((one["id"] for one in mom.suggest(path, line, text=content, **more)), "")


# Hints


@pytest.mark.parametrize("surprise", [1, 3])
@pytest.mark.parametrize("threshold", [0.1, 0.99])
def test_a_hinted_memory_ranks_first_in_the_suggestions_of_its_line(mom: Mom, surprise: int, threshold: float) -> None:
    """Whatever the threshold of suggestions and the feedback on other memories."""
    options = {"suggest": {"threshold": threshold}, "hints": {"minimumSurprise": surprise, "threshold": 0.01}}
    mom.call("configure", options={"mom": options})
    every = mom.search("Limit handler")
    mom.call("pin", id=every[0]["id"], path="src/a.py", line=line_of(4))
    mom.call("pin", id=every[1]["id"], path="src/a.py")
    mom.call("note", text="Ask Grace before this grows", path="src/a.py", line=line_of(7))
    mom.call("useful", id=every[2]["id"], path="src/a.py", line=line_of(1))
    for content in (text(mom), f"# new\n# lines\n{text(mom)}", text(mom).replace("limit = 105", "limit = 6")):
        found = hints(mom, content)
        assert len(found) >= 3
        assert {line: leading(mom, line, content) for line in found} == {n: one["id"] for n, one in found.items()}
        assert all(leading(mom, line, content, k=1) == one["id"] for line, one in found.items())


def test_a_hint_depends_on_no_other_line(mom: Mom) -> None:
    """A hint is found without the rest of the file, with the same score."""
    mom.call("configure", options={"mom": {"hints": {"minimumSurprise": 1, "threshold": 0.01}}})
    lines = text(mom).split("\n")
    found = hints(mom, text(mom))
    assert len(found) >= 4
    for line, one in found.items():
        (alone,) = hints(mom, lines[line - 1] + "\n").values()
        assert (alone["id"], alone["score"], alone["terms"]) == (one["id"], one["score"], one["terms"])


def test_with_hints_off_the_suggestion_threshold_applies(mom: Mom) -> None:
    assert leading(mom, line_of(1))
    mom.call("configure", options={"mom": {"hints": {"enable": False}, "suggest": {"threshold": 0.99}}})
    assert not any(leading(mom, line) for line in range(1, 3 + 6 * FUNCTIONS))


def test_a_dismissed_or_forgotten_memory_no_longer_leads(mom: Mom) -> None:
    mom.call("configure", options={"mom": {"hints": {"minimumSurprise": 1, "threshold": 0.01}}})
    line, one = next(iter(hints(mom, text(mom)).items()))
    mom.call("dismiss", id=one["id"], path="src/a.py", line=line)
    assert one["id"] not in [found["id"] for found in mom.suggest("src/a.py", line)]
    line, other = next(iter(hints(mom, text(mom)).items()))
    mom.call("forget", id=other["id"])
    assert other["id"] not in [found["id"] for found in mom.suggest("src/a.py", line)]


def test_a_warning_is_placed_on_a_nonblank_line(mom: Mom) -> None:
    """Not at the blank line above it, where it would be out of place."""
    workspace = mom.service.workspace(str(mom.root))
    content = f"{text(mom)}\n\nfresh = 1\n\nfresher = 2\n\n"
    _, query = workspace.files.question("src/a.py", 1, content.count("\n"), content, None)
    (block,) = query.written
    assert content.split("\n")[block.line - 1] == "fresh = 1"


def test_the_measurement_counts_hints_that_do_not_lead(mom: Mom, monkeypatch: pytest.MonkeyPatch) -> None:
    mom.call("configure", options={"mom": {"hints": {"minimumSurprise": 1, "threshold": 0.01}}})
    workspace = mom.service.workspace(str(mom.root))
    kept = count_agreement(workspace, ["src/a.py"])
    assert kept.hints >= 4 and (kept.missing, kept.behind) == (0, 0)
    suggest = workspace.suggest
    monkeypatch.setattr(workspace, "suggest", lambda *place, text: suggest(*place, text=text) | {"suggestions": []})
    assert count_agreement(workspace, ["src/a.py"]) == replace(kept, missing=kept.hints)


@pytest.mark.parametrize("typed", ["", "    ", "    limit = 7", "    answer = 7"])
def test_a_hint_stays_with_its_line_when_lines_around_it_change(mom: Mom, typed: str) -> None:
    mom.call("configure", options={"mom": {"hints": {"minimumSurprise": 1, "threshold": 0.01}}})
    mom.call("note", text="Ask Grace before this grows", path="src/a.py", line=line_of(7))
    lines = text(mom).split("\n")
    before = {line: one["id"] for line, one in hints(mom, text(mom)).items()}
    assert len(before) >= 4
    for above in (line + more for line in before for more in (0, 1)):  # `O` and `o`
        after = hints(mom, "\n".join([*lines[: above - 1], typed, *lines[above - 1 :]]))
        assert {line: one["id"] for line, one in after.items()} == {
            line + (line >= above): one for line, one in before.items()
        }
    for line in before:  # `dd`
        after = hints(mom, "\n".join([*lines[: line - 1], *lines[line:]]))
        assert before[line] not in [one["id"] for one in after.values()]


# Pins


@pytest.fixture
def pinning(mom: Mom) -> Mom:
    """Hint nothing but pins: what is hinted at a line leads there."""
    mom.call("configure", options={"mom": {"hints": {"threshold": 0.99}}})
    return mom


def pin_something(mom: Mom, path: str = "src/a.py", line: int = 0) -> str:
    """Pin what wrote the number of handler 3."""
    identity = next(str(one["id"]) for one in mom.search("Limit handler 3") if one["title"] == "Limit handler 3 to 103")
    mom.call("pin", id=identity, path=path, line=line)
    return identity


def test_a_pin_leads_only_in_its_function(pinning: Mom) -> None:
    before = {line: leading(pinning, line) for line in range(1, 3 + 6 * FUNCTIONS, 2)}
    pinned = pin_something(pinning, line=line_of(6))
    inside = range(line_of(6) - 2, line_of(6) + 4)
    others = set(before) - set(inside) - {line_of(3)}  # the line it wrote: a pin counts as a use there
    assert pinned in hints(pinning, text(pinning)).get(line_of(6), {}).get("id", "")
    assert [leading(pinning, line_of(6) + more) for more in (0, 1)] == [pinned, pinned]
    assert {line: leading(pinning, line) for line in others} == {line: before[line] for line in others}


def test_a_pin_does_not_lead_in_co_changed_files(mom: Mom) -> None:
    pinned = pin_something(mom, line=line_of(6))
    for path in PAIR:
        found = [mom.suggest(path, line) for line in range(1, 21)]
        assert all(one[0]["id"] != pinned for one in found if one)
        assert not any("often changes with" in one[0]["why"] for one in found if one)


def test_a_pin_outside_any_function_follows_its_line(mom: Mom) -> None:
    pinned = pin_something(mom, line=1)
    for content, line in ((text(mom), 1), (f"# new\n\n{text(mom)}", 3)):
        (found, *_) = mom.suggest("src/a.py", line, text=content)
        assert (found["id"], found["why"].split(",")[0], found["lines"]) == (
            pinned,
            "pinned here",
            [line],
        )
        assert hints(mom, content)[line]["id"] == pinned
    assert leading(mom, line_of(8)) != pinned
    edited = text(mom).replace("VERSION", "RELEASE")
    assert hints(mom, edited).get(1, {}).get("id") != pinned
    assert mom.suggest("src/a.py", 1, text=edited)[0]["id"] == pinned  # that line replaces the pinned one


def test_a_pin_on_an_ambiguous_line_leads_in_no_function(project: Repo, moms: Start) -> None:
    functions = "".join(f"\n\ndef f{n}(host, port):\n    return connect(host, port, {n})\n" for n in range(3))
    project.commit("Connect" + WHY, {"a.py": "x = 1\n" + functions})
    project.commit("Raise x" + WHY, {"a.py": "x = 2\n" + functions})
    mom = moms(project)
    mom.index()
    pinned = next(one["id"] for one in mom.suggest("a.py", 1) if one["title"] == "Raise x")
    mom.call("pin", id=pinned, path="a.py", line=1)
    first = {line: mom.suggest("a.py", line)[0]["title"] for line in (1, 5, 9, 13)}
    assert first == {1: "Raise x", 5: "Connect", 9: "Connect", 13: "Connect"}


def test_a_file_pin_leads_wherever_the_file_has_no_hint(mom: Mom) -> None:
    pinned = pin_something(mom)
    hinted = hints(mom, text(mom))
    for line in range(1, 3 + 6 * FUNCTIONS, 2):
        assert leading(mom, line) == hinted.get(line, {"id": leading(mom, line)})["id"]
    assert leading(mom, 2) == pinned
    whole = mom.call("suggest", path="src/a.py")["suggestions"]
    assert whole[0]["id"] == pinned


def test_a_pin_follows_a_renamed_file(pinning: Mom, project: Repo) -> None:
    pinned = pin_something(pinning, line=line_of(6))
    project.git("mv", "src/a.py", "src/renamed.py")
    project.commit("Call it what it is")
    pinning.index()
    assert leading(pinning, line_of(6) + 1, path="src/renamed.py") == pinned
    assert leading(pinning, line_of(8), path="src/renamed.py") != pinned


def test_a_removed_or_relocated_pin_no_longer_leads(pinning: Mom) -> None:
    pinned = pin_something(pinning, line=line_of(6))
    pinning.call("unpin", id=pinned)
    assert leading(pinning, line_of(6) + 1) != pinned
    pinning.call("pin", id=pinned, path="src/a.py", line=line_of(8))
    assert leading(pinning, line_of(6) + 1) != pinned
    assert leading(pinning, line_of(8) + 1) == pinned


@pytest.mark.parametrize("verb", ["pin", "dismiss", "note", "useful"])
def test_feedback_in_an_unsaved_text_applies_to_its_lines(mom: Mom, verb: str) -> None:
    """Five typed lines shift each function to where the file on the disk has another one."""
    content = "# typed\n" * 5 + text(mom)
    line = line_of(4) + 5
    (one, *_) = mom.suggest("src/a.py", line, text=content)
    given = {"text": "Ask Grace before this grows"} if verb == "note" else {"id": one["id"]}
    mom.call(verb, **given, path="src/a.py", line=line, code=content)
    (event,) = [event for event in mom.service.library.journal.events() if event.type == verb]
    assert event.symbol == "handle_4"
    if "key" in event.data:
        assert event.data["key"] == next(iter(line_keys(["    limit = 104"])))
