"""`mom report`: one page that loads nothing, whose numbers are those of the index and the journal."""

from __future__ import annotations

import os
import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from report_pages import Page
from repositories import Mom, Repo, Start, copy_of, indexed, make_repository, move_in

from mom_lsp import datafolder
from mom_lsp.cli.app import app
from mom_lsp.errors import UsageError
from mom_lsp.lm.trace_file import TraceFile
from mom_lsp.lm.traces import Observation
from mom_lsp.report import page as pages
from mom_lsp.report.make import report_page

WHY = "Because old proxies send an empty header, parse failed with a ValueError in production."
EVIL = '<script>alert("1")</script> & <b>$x$'


def write(repo: Repo) -> None:
    """Write a history with a fix, a decision, and a change that was reverted."""
    repo.commit(f"Parse headers\n\n{WHY}", {"lib/parse.py": "def parse(header):\n    return header.split(':')\n"})
    repo.commit(
        f"Fix the crash of parse: {EVIL}\n\n{WHY}", {"lib/parse.py": "def parse(h):\n    return h and h.split(':')\n"}
    )
    repo.commit(f"Cache answers\n\n{WHY}", {"src/net/cache.py": "def cache(key):\n    return CACHE.get(key)\n"})
    tried = repo.head
    repo.git("revert", "--no-edit", tried)
    decision = "# Use SQLite\n\n## Decision\n\nWe decided to use SQLite, because one file is easy to copy.\n"
    repo.commit("Record the decision", {"docs/adr/0001-use-sqlite.md": decision})


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return indexed(tmp_path_factory.mktemp("history"), write)


@pytest.fixture
def mom(history: Repo, tmp_path: Path, moms: Start) -> Mom:
    return moms(copy_of(history, tmp_path / "copy"))


def report(mom: Mom) -> str:
    """Return the page of the report."""
    traces = TraceFile(mom.location.data / datafolder.TRACES)
    return report_page(mom.service.workspace(str(mom.root)), traces, lambda: mom.clock())


@pytest.fixture(scope="module")
def unused(history: Repo, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """Return the report of a fresh index, and its status."""
    folder = tmp_path_factory.mktemp("unused")
    with pytest.MonkeyPatch.context() as patch:
        move_in(folder / "home", patch)
        mom = Mom(copy_of(history, folder / "copy").root)
        found = report(mom), mom.call("status")
        mom.service.close()
    return found


def test_the_page_is_well_formed_and_loads_nothing(unused: tuple[str, dict[str, Any]]) -> None:
    html, _ = unused
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    assert page.loaded and all(link.startswith("#") and link[1:] in page.ids for link in page.loaded)
    assert not page.tags & {"script", "link", "img", "iframe", "object"}
    assert re.findall(r"url\((?!#)|@import", html) == []
    assert "http://" not in html and "https://" not in html


def test_every_plot_has_a_text_alternative_and_a_table(unused: tuple[str, dict[str, Any]]) -> None:
    page = Page(unused[0])
    plotted = [one for one in page.articles.values() if one.plots]
    assert len(plotted) >= 6
    for one in plotted:
        assert all(plot["role"] == "img" and len(plot["aria-label"]) > 40 for plot in one.plots)
        assert one.rows and all(len(row) == len(one.columns) for row in one.rows)
    assert [level for level, _ in page.headings].count("h1") == 1
    levels = [int(level[1]) for level, _ in page.headings]
    assert all(later <= level + 1 for level, later in pairwise(levels))


def test_what_the_repository_says_is_text(mom: Mom) -> None:
    (one,) = mom.search("crash of parse", k=1)
    mom.call("pin", id=one["id"], path="lib/parse.py", line=1)
    html = report(mom)
    assert "<script" not in html and "<b>" not in html
    assert any("Fix the crash of parse" in row[0] for row in Page(html).articles["best"].rows)


def test_numbers_are_those_of_the_status(unused: tuple[str, dict[str, Any]]) -> None:
    page, status = Page(unused[0]), unused[1]
    assert int(page.tiles["memories"]) == status["memories"] > 3
    assert sum(page.articles["kinds"].column("memories").values()) == status["memories"]
    assert page.articles["tiers"].column("memories") == status["tiers"]
    assert sum(page.articles["ages"].column("memories").values()) == status["memories"]
    assert sum(page.articles["domains"].column("memories").values()) == status["memories"]
    folders = page.articles["folders"]
    assert folders.column("reverted") == {"src/net/": 1, "docs/adr/": 0}
    assert folders.column("decisions") == {"src/net/": 0, "docs/adr/": 1}
    assert page.articles["failures"].rows[0][0] == "Cache answers"
    assert sum(page.articles["drift"].column("memories").values()) == status["memories"]


def test_a_fresh_index_says_what_will_appear(unused: tuple[str, dict[str, Any]]) -> None:
    page = Page(unused[0])
    for key in ("shown", "precision", "variety", "best", "map", "motifs", "language", "traces"):
        one = page.articles[key]
        assert not one.plots and not one.rows and re.search(r"yet|[Tt]oo few", one.text), key
    assert page.tiles["precision of hints"] == "-"


def test_without_an_index_there_is_a_page_that_says_so(project: Repo, moms: Start) -> None:
    page = Page(report(moms(project)))
    assert page.tiles["memories"] == "0" and "run mom index" in page.articles["kinds"].text


def test_feedback_is_counted_and_what_was_undone_is_not(mom: Mom) -> None:
    journal, (one, other) = mom.service.library.journal, [found["id"] for found in mom.search("because")[:2]]
    now = mom.clock()
    seen = {"lib/parse.py": [one, other]}
    journal.append("shown", data={"seen": seen, "hinted": seen}, now=now - 10)
    mom.call("useful", id=one, path="lib/parse.py", line=1)
    mom.call("dismiss", id=other, path="lib/parse.py", line=1)
    mom.call("pin", id=other, path="lib/parse.py", line=1)
    mom.call("undo")
    page = Page(report(mom))
    assert page.tiles == page.tiles | {
        "suggestions shown": "2",
        "hints shown": "2",
        "accepted": "1",
        "dismissed": "1",
        "precision of hints": "50%",
    }
    assert page.articles["shown"].plots and page.articles["precision"].rows[0][1:4] == ["1", "1", "50%"]
    assert len(page.articles["best"].rows) == 2


def test_a_proven_memory_and_learned_heads_are_shown(mom: Mom) -> None:
    (one,) = mom.search("crash of parse", k=1)
    now = mom.clock()
    for day in range(4):
        at = now - day * 86_400
        mom.service.library.journal.append("useful", memory=one["id"], path="lib/parse.py", symbol="parse", now=at)
    attention = {one["id"]: np.eye(3)[:, :2]}
    file = TraceFile(mom.location.data / datafolder.TRACES)
    file.add("tiny", 3, 2, Observation("lib", attention, {one["id"]: 1.0}, gains={1.0: 0.1}))
    page = Page(report(mom))
    (motif,) = page.articles["motifs"].rows
    assert "Fix the crash" in motif[0] and "parse" in motif[0] and motif[1] == "4"
    assert sorted(row[0] for row in page.articles["traces"].rows) == ["layer 0, head 0", "layer 1, head 1"]


def test_the_command_writes_the_file_and_prints_its_path(mom: Mom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(mom.root)
    done = CliRunner().invoke(app, ["report", "--output", "here.html"])
    assert done.exit_code == 0 and done.output == f"{mom.root / 'here.html'}\n"
    assert Page((mom.root / "here.html").read_text("utf-8")).articles
    assert CliRunner().invoke(app, ["report", "--output", "no/such/folder.html"]).exit_code == 2
    assert "It is in your work tree; `-o FILE`" in CliRunner().invoke(app, ["report"]).stderr


def test_without_the_libraries_it_says_how_to_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match=r"matplotlib.*pip install 'mom-lsp\[report\]'"):
        pages.require()


def test_any_date_and_any_name_can_be_reported(tmp_path: Path, moms: Start) -> None:
    repo = make_repository(tmp_path / "repo")
    odd = os.fsdecode(b"d\351/caf\351.py")
    repo.commit(f"Cache answers\n\n{WHY}", {odd: "def cache(key):\n    return CACHE.get(key)\n"})
    later = {f"GIT_{who}_DATE": "@99999999999999 +0000" for who in ("AUTHOR", "COMMITTER")}
    repo.git("revert", "--no-edit", tried := repo.head, env=later)
    repo.git("commit", "--allow-empty", "-m", f"Fix the cache\n\nThis fixes {tried}.\n\n{WHY}", env=later)
    mom = moms(repo)
    mom.index()
    page = Page(report(mom).encode().decode())
    assert sum(page.articles["ages"].column("memories").values()) == int(page.tiles["memories"]) > 0
    assert page.articles["failures"].rows[0][:2] == ["Cache answers", ""]
