"""What is shown at a place by default: memories that are worth reading there, and why others are kept silent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from catalogs import make_memory, make_view
from repositories import WITHOUT_MODELS, Mom, Repo, Start, copy_of, indexed

from mom_lsp.memory import Anchor, Memory, Source
from mom_lsp.settings import Settings
from mom_lsp.workspace.answers.usefulness_text import usefulness_text

TELLING, DULL = "Avoid a crash when the server closes the connection", "Add a limit to the parser"
REASON = "The server closes it after 30 s, so that a retry would send the request twice."
FETCH = "import socket\n\n\ndef fetch(host):\n    return connect(host)\n"
PARSE = "\n\ndef parse(text):\n    return text.split()\n"
MENDED = "import socket\nimport time\n\n\ndef fetch(host):\n    wait(host)\n    return connect(host)\n"
LIMITED = PARSE.replace("split()", "split()[:42]")
DEFAULT = f"{Settings().suggest.threshold:.0%}"
PATH, TELLING_LINE, DULL_LINE = "src/client.py", 6, 11


def write_client(project: Repo) -> None:
    project.commit("Add a client with a parser", {PATH: FETCH + PARSE})
    project.commit(f"{TELLING}\n\n{REASON}", {PATH: MENDED + PARSE})
    project.commit(DULL, {PATH: MENDED + LIMITED})


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return indexed(tmp_path_factory.mktemp("template"), write_client)


@pytest.fixture
def mom(home: Path, template: Repo, tmp_path: Path, moms: Start) -> Mom:
    """mom with the default thresholds."""
    (home / "mom-lsp" / "settings.toml").write_text(WITHOUT_MODELS)
    return moms(copy_of(template, tmp_path / "repo"))


def configure(mom: Mom, **groups: Any) -> None:
    mom.call("configure", options={"mom": groups})


def suggested(mom: Mom, line: int) -> dict[str, dict[str, Any]]:
    return {one["title"]: one for one in mom.suggest(PATH, line)}


def hinted(mom: Mom) -> dict[int, str]:
    text = (mom.root / PATH).read_text()
    return {
        hint["line"]: hint["suggestion"]["title"]
        for hint in mom.call("hints", path=PATH, text=text, start=1, end=20)["hints"]
    }


def test_by_default_a_telling_memory_is_shown_at_its_line_and_a_dull_one_is_not(mom: Mom) -> None:
    assert suggested(mom, TELLING_LINE).keys() == {TELLING}
    assert DULL not in suggested(mom, DULL_LINE)
    assert hinted(mom) == {TELLING_LINE: TELLING}


def test_without_a_threshold_both_are_shown(mom: Mom) -> None:
    configure(mom, suggest={"threshold": 0}, hints={"threshold": 0})
    assert next(iter(suggested(mom, TELLING_LINE))) == TELLING
    assert next(iter(suggested(mom, DULL_LINE))) == DULL
    found = hinted(mom)
    assert (found[TELLING_LINE], found[DULL_LINE]) == (TELLING, DULL)


@pytest.mark.parametrize("line", [TELLING_LINE, DULL_LINE])
def test_the_thresholds_are_of_usefulness(mom: Mom, line: int) -> None:
    configure(mom, suggest={"threshold": 0}, hints={"threshold": 0})
    title, one = next(iter(suggested(mom, line).items()))
    assert 0 < one["usefulness"] < 1
    assert one["phrases"]["relevance"].startswith(f"{one['usefulness']:.0%} useful: wrote this line")
    below, above = one["usefulness"] - 0.001, one["usefulness"] + 0.001
    configure(mom, suggest={"threshold": below}, hints={"enable": False})
    assert title in suggested(mom, line)
    configure(mom, suggest={"threshold": above}, hints={"enable": False})
    assert title not in suggested(mom, line)
    configure(mom, hints={"threshold": below})
    assert hinted(mom).get(line) == title
    configure(mom, hints={"threshold": above})
    assert line not in hinted(mom)


def test_what_is_hinted_at_a_line_is_suggested_there_whatever_the_threshold_of_suggestions(mom: Mom) -> None:
    configure(mom, suggest={"threshold": 0.99}, hints={"threshold": 0})
    assert suggested(mom, DULL_LINE).keys() == {DULL}


def test_a_hint_is_at_the_first_line_that_is_no_boilerplate(mom: Mom) -> None:
    repo = Repo(mom.root, [1_800_000_000])
    title = "Avoid a crash when the clock jumps"
    text = MENDED.replace("import time\n", "import time\nimport clock\nimport zone\n\n\nHOUR = clock.hour(zone)\n")
    repo.commit(f"{title}\n\n{REASON}", {PATH: text + LIMITED})
    mom.index()
    assert {line for line, found in hinted(mom).items() if found == title} == {7}


def test_a_commit_that_wrote_imports_and_little_else_is_hinted_at_the_rest(mom: Mom) -> None:
    repo = Repo(mom.root, [1_800_000_000])
    title = "Avoid a crash when the clock jumps"
    text = MENDED.replace("import time\n", "import time\nimport clock\nimport zone\n").replace(
        "wait(host)", "wait(zone)"
    )
    repo.commit(f"{title}\n\n{REASON}", {PATH: text + LIMITED})
    mom.index()
    assert {line for line, found in hinted(mom).items() if found == title} == {8}


def test_show_says_why_a_memory_is_kept_silent(mom: Mom) -> None:
    because = {one["title"]: mom.call("show", id=one["id"])["because"] for one in mom.search("parser connection")}
    configure(mom, suggest={"threshold": 0})
    telling, dull = suggested(mom, TELLING_LINE)[TELLING], suggested(mom, DULL_LINE)[DULL]
    there = "useful at the lines that it wrote"
    assert (
        because[TELLING] == f"{telling['usefulness']:.0%} {there}; a suggestion needs {DEFAULT} (mom.suggest.threshold)"
    )
    silent = f"no, below mom.suggest.threshold ({DEFAULT}): {dull['usefulness']:.0%} {there}: "
    assert because[DULL].startswith(f"{silent}its text says little that the code does not")
    assert mom.call("show", id=dull["id"])["because"].endswith("; a suggestion needs 0% (mom.suggest.threshold)")


# What speaks against a memory

LINE = (Anchor(PATH, ("fetch",), ((5, 1),)),)
SWEEP = (*LINE, *(Anchor(f"{n}.py") for n in range(39)))


def words(memory: Memory, threshold: float = Settings().suggest.threshold) -> str:
    """Return why a memory is kept silent, in a history of five changes."""
    others = [make_memory(n, anchors=LINE, evidence=float(n)) for n in (1, 2, 3, 4)]
    return usefulness_text(make_view(*others, memory), 4, threshold)


@pytest.mark.parametrize(
    ("changes", "against"),
    [
        ({"informative": 0.2, "evidence": 9.0}, "its text says little that the code does not"),
        ({"informative": 0.5, "evidence": 0.0}, "it is routine for this repository"),
        ({"informative": 0.5, "evidence": 9.0, "anchors": SWEEP}, "it changed 40 files"),
        (
            {"informative": 0.2, "evidence": 0.0, "anchors": SWEEP},
            "its text says little that the code does not and it is routine for this repository and it changed 40 files",
        ),
    ],
)
def test_what_speaks_against_a_memory_is_told(changes: dict[str, Any], against: str) -> None:
    told = words(make_memory(9, **{"anchors": LINE, **changes}), threshold=0.9)
    assert told.startswith("no, below mom.suggest.threshold (90%): ")
    assert told.endswith(f"% useful at the lines that it wrote: {against}")


def test_where_nothing_speaks_against_a_memory_nothing_is_told() -> None:
    told = words(make_memory(9, anchors=LINE, informative=0.5, evidence=9.0), threshold=0.9)
    assert told.endswith("% useful at the lines that it wrote")


def test_a_comment_has_no_line_that_it_wrote() -> None:
    comment = make_memory(9, anchors=LINE, source=Source("file", path=PATH, line=5))
    assert words(comment) == f"where it is useful enough (mom.suggest.threshold is {DEFAULT})"


def test_what_is_just_below_the_threshold_is_not_rounded_up_to_it() -> None:
    memory = make_memory(9, anchors=LINE, informative=0.5, evidence=9.0)
    percent = int(words(memory, threshold=0).partition("%")[0])
    rising = (words(memory, threshold=percent / 100 + n / 1000) for n in range(-10, 10))
    needed, useful = re.findall(r"(\d+)%", next(told for told in rising if told.startswith("no")))
    assert int(useful) < int(needed)
