"""`mom bench --scale`, `--updates` and `--load`: made repositories, what is measured in them, and its plot."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from processes import eventually
from repositories import Repo

from mom_lsp.cli.app import app
from mom_lsp.evaluation import scale_bench, updates_bench
from mom_lsp.evaluation.growth_plot import plot_growth
from mom_lsp.evaluation.load_bench import measure_load
from mom_lsp.evaluation.process_tree import processes_below, resident, resident_together, watched_memory
from mom_lsp.evaluation.scale_bench import Scale, measure_scale, slopes
from mom_lsp.evaluation.scale_repository import commit_edit, make_repository
from mom_lsp.evaluation.updates_bench import Point, measure_updates

PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"


def test_a_made_repository_has_what_real_ones_have(tmp_path: Path) -> None:
    make_repository(tmp_path / "made", 300)
    made = Repo(tmp_path / "made")
    assert made.git("rev-list", "--count", "HEAD") == "300"
    assert made.git("status", "--porcelain") == ""
    changes = made.git("log", "--format=", "--name-status", "-M90").split()
    assert {"A", "M", "D", "R100"} <= set(changes)
    reverts = made.git("log", "--grep=^This reverts commit", "--format=%b").split("\n")
    reverted = [line.split()[-1].rstrip(".") for line in reverts if line.startswith("This reverts")]
    assert reverted
    for sha in reverted:
        made.git("merge-base", "--is-ancestor", sha, "HEAD")
    assert len(set(made.git("log", "--format=%ae").split())) > 20


def test_the_same_seed_makes_the_same_commits(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        make_repository(tmp_path / name, 40, seed)
    one, same, other = (Repo(tmp_path / name).head for name in ("one", "same", "other"))
    assert one == same != other


def test_each_edit_is_a_commit_of_one_file(project: Repo) -> None:
    project.commit("Begin", {"a.py": "a\nb\n", "b.py": "c\n"})
    for number in range(3):
        commit_edit(project.root, ["a.py", "b.py"], number)
        assert project.git("log", "-1", "--format=", "--name-only") == ("a.py", "b.py")[number % 2]
    assert len(set(project.git("log", "--format=%s").split("\n"))) == 4


@pytest.mark.parametrize(
    "options", [("--curve", "a.svg"), ("--load", "1", "."), ("--updates", "5", "."), ("--load", "0")]
)
def test_options_that_do_not_fit_are_refused(project: Repo, options: tuple[str, ...]) -> None:
    found = CliRunner().invoke(app, ["-C", str(project.root), "bench", *options])
    assert found.exit_code == 2 and options[0] in found.output


def test_the_slope_is_the_exponent_of_n() -> None:
    rows = [{"name": "", "commits": n, "linear": 3 * n, "root": n**0.5, "same": 7.0} for n in (10, 100, 1000)]
    assert slopes(rows) == {name: pytest.approx(value) for name, value in (("linear", 1), ("root", 0.5), ("same", 0))}
    assert slopes(rows[:1]) == {}


def test_what_grows_like_n_is_parallel_to_the_dashed_line(tmp_path: Path) -> None:
    plot_growth(tmp_path / "growth.svg", {"seconds": {"index": [(n, n / 50) for n in (1_000, 4_000, 64_000)]}})
    picture = ElementTree.parse(tmp_path / "growth.svg")
    points = next(one.attrib["points"] for one in picture.iter() if one.tag.endswith("polyline")).split()
    (x1, y1), *_, (x2, y2) = [tuple(map(float, point.split(","))) for point in points]
    dashed = next(one.attrib for one in picture.iter() if "stroke-dasharray" in one.attrib)
    left, top, right, bottom = (float(dashed[name]) for name in ("x1", "y1", "x2", "y2"))
    assert len(points) == 3
    assert (y2 - y1) / (x2 - x1) == pytest.approx((bottom - top) / (right - left), rel=0.02)


@contextmanager
def started(code: str) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process that ends with its standard input."""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc")
def test_the_memory_of_a_process_includes_what_it_started() -> None:
    with started(PARENT) as parent:
        eventually(lambda: len(processes_below(parent.pid)) == 1)
        (child,) = processes_below(parent.pid)
        eventually(lambda: resident(child) > 1)
        assert resident_together(parent.pid) > resident(parent.pid) > 1
        with watched_memory(parent.pid) as memory:
            eventually(lambda: memory.peak > 2)
    assert resident(parent.pid) == 0.0


@pytest.mark.slow
@pytest.mark.alone
def test_every_figure_of_two_sizes_and_of_a_clone_has_a_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale_bench, "SIZES", (60, 120, 1_000_000))
    make_repository(tmp_path / "real", 90)
    told: list[Scale] = []
    found = measure_scale([tmp_path / "real"], 120, told.append)
    assert [(row["name"], row["commits"]) for row in found["rows"]] == [("60", 60), ("120", 120), ("real", 90)]
    assert len(told) == 3
    assert all(value > 0 for row in found["rows"] for name, value in row.items() if name != "name")
    assert set(found["slopes"]) == set(found["rows"][0]) - {"name", "commits"}


@pytest.mark.slow
@pytest.mark.alone
def test_the_data_folder_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates_bench, "SHOWN", 4)
    monkeypatch.setattr("mom_lsp.store.store.KEEP_VERSIONS", timedelta(0))
    points: list[Point] = []
    measure_updates(120, points.append, commits=100)
    assert [point.updates for point in points] == [0, 30, 60, 90, 120]
    assert points[-1].disk < 1.2 * points[1].disk
    assert points[-1].files < 1.5 * points[1].files


@pytest.mark.slow
@pytest.mark.alone
def test_under_load_every_request_ends_and_nothing_goes_on_working() -> None:
    found = measure_load(0.15, lambda memory: None, commits=100)
    figures = {one["name"]: one["value"] for one in found["figures"]}
    assert figures["requests sent"] > 150
    assert figures["of them answered"] > 1
    assert figures["never answered"] == figures["errors"] == figures["processes of git afterwards"] == 0
    assert figures["processor time of the engine afterwards"] < 20
    assert all(memory["front"] > 10 and memory["engine"] > 10 for memory in found["memory"])
