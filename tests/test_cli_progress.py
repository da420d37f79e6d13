from __future__ import annotations

import json
from collections.abc import Iterator

import click
import pytest
from cli_shell import TERMINAL
from click.testing import CliRunner

from mom_lsp.cli.progress import SEARCHABLE, JsonLines, Lines, Milestones
from mom_lsp.indexing import Progress


def reports() -> Iterator[Progress]:
    for phase, total in (("history", 3), ("files", 2), ("encoding", 4)):
        for done in range(total + 1):
            yield Progress(phase, done, total)


def test_each_milestone_is_printed_once() -> None:
    news = Milestones()
    printed = [(report, line) for report in reports() for line in news.of(report)]
    assert printed == [(Progress("history", 3, 3), SEARCHABLE)]
    unchanged = Milestones()
    assert not list(unchanged.of(Progress("encoding", 1, 2))), "nothing was read, so nothing became searchable"
    waiting = [line for _ in range(3) for line in unchanged.of(Progress("waiting", 0, 0, "another\nis at it"))]
    assert waiting == ["Waiting: another is at it"]
    assert not list(unchanged.of(Progress("waiting", 0, 0, "")))


def test_the_log_has_one_line_per_phase(capsys: pytest.CaptureFixture[str]) -> None:
    with Lines() as report:
        for each in reports():
            report(each)
    assert capsys.readouterr().err.splitlines() == [
        "Reading history: 3",
        SEARCHABLE,
        "Reading files: 2",
        "Computing embeddings: 4",
    ]


def test_json_progress_reports_every_phase_to_completion(capsys: pytest.CaptureFixture[str]) -> None:
    with JsonLines() as report:
        for each in reports():
            report(each)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    ends = [line for line in lines if line["done"] == line["total"]]
    assert [line["phase"] for line in ends] == ["history", "files", "encoding"]
    assert len(lines) < 12, "reports in between are thinned out"


def test_json_progress_says_why_it_waits_once_until_that_changes(capsys: pytest.CaptureFixture[str]) -> None:
    with JsonLines() as report:
        for message in ("another is at it", "another is at it", "another is at it", "", "", "another is at it"):
            report(Progress("waiting", 0, 0, message))
    lines = [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()]
    assert lines == ["another is at it", "", "another is at it"]


def test_bars_show_counts_and_announce_searchability_once() -> None:
    @click.command()
    def draw() -> None:
        from mom_lsp.cli.progress import Bars

        with Bars() as report:
            for each in reports():
                report(each)

    result = CliRunner().invoke(draw, env=TERMINAL)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert result.stderr.count(SEARCHABLE) == 1
    for count in ("3/3", "2/2", "4/4"):
        assert count in result.stderr
