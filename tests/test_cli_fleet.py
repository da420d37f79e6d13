"""`mom fleet`: what it prints and returns, and the settings that it reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fleets import published_rows
from repositories import Repo, fill, make_repository

from mom_lsp.cli.app import app

Run = Callable[..., Result]


@pytest.fixture
def run(home: Path) -> Run:
    """Run `mom fleet` in this process."""
    return lambda *args: CliRunner().invoke(app, ["fleet", *map(str, args)])


@pytest.fixture
def uri(home: Path, tmp_path: Path) -> str:
    """An empty fleet in a folder, which the user's settings name."""
    settings(home, f'uri = "{tmp_path / "fleet"}"')
    return str(tmp_path / "fleet")


def settings(home: Path, line: str) -> None:
    file = home / "mom-lsp" / "settings.toml"
    text = file.read_text()
    file.write_text(text + ("" if "[fleet]" in text else "[fleet]\n") + line + "\n")


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        repo = make_repository(tmp_path / "all" / name)
        repo.commit(f"Start {name}\n\nBecause {name} was asked for.", {"src/a.py": "a = 1\n", "own/b.py": "b = 1\n"})
        repo.commit(f"Hide {name}\n\nBecause {name} is nobody's business.", {"own/b.py": "b = 2\n"})
    return tmp_path / "all"


def parsed(result: Result) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_it_publishes_to_the_fleet_of_the_settings_and_says_so(run: Run, uri: str, listed: Path) -> None:
    result = run("index", "--repos", listed, "--on", "local")
    assert result.exit_code == 0, result.output
    assert "[1/2]" in result.stderr
    assert "2 repositories: 2 indexed; 4 commits" in result.stderr
    again = run("index", "--repos", listed, "--on", "local", "--json")
    assert [(one["name"], one["state"]) for one in parsed(again)["repositories"]] == [
        ("one", "unchanged"),
        ("two", "unchanged"),
    ]


def test_files_and_repositories_of_the_settings_are_not_published(run: Run, uri: str, listed: Path, home: Path) -> None:
    settings(home, 'exclude = ["own/"]\nexcludeRepositories = ["tw*"]')
    assert run("index", "--repos", listed, "--on", "local").exit_code == 0
    hidden = {row["title"]: row["noise"] for row in published_rows(uri)}
    assert hidden == {"Start one": "", "Hide one": "excluded"}


def test_more_files_can_be_excluded_for_one_run(run: Run, uri: str, listed: Path) -> None:
    run("index", "--repos", listed / "one", "--on", "local", "--exclude", "own/")
    assert [row["noise"] for row in published_rows(uri) if row["title"] == "Hide one"] == ["excluded"]


def test_paths_are_relative_to_the_folder_of_the_command(
    run: Run, listed: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    result = run("index", "-C", listed, "--repos", "one", "--into", "fleet", "--on", "local")
    assert result.exit_code == 0, result.output
    assert {row["title"] for row in published_rows(str(listed / "fleet"))} == {"Start one", "Hide one"}


def test_a_failed_repository_is_named_and_fails_the_command(run: Run, uri: str, listed: Path) -> None:
    make_repository(listed / "empty")
    result = run("index", "--repos", listed, "--on", "local")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == f"failed: empty ({listed / 'empty'}): it has no commits yet"


def test_a_pull_says_what_does_not_fit(run: Run, uri: str, listed: Path, home: Path) -> None:
    large: Repo = make_repository(listed / "large")
    fill(large, 600)
    run("index", "--repos", listed, "--on", "local")
    settings(home, "cacheSize = 1")
    result = run("pull")
    assert result.exit_code == 0, result.output
    assert "2 repositories" in result.stderr
    assert "1 repository does not fit: raise mom.fleet.cacheSize (now 1 MB)" in result.stderr
    assert parsed(run("pull", "--json"))["left_out"] == ["large"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["index", "--repos", "{all}", "--on", "local"], "--into"),
        (["index", "--repos", "{all}/nowhere", "--into", "{all}/f", "--on", "local"], "neither a folder nor a list"),
        (["index", "--repos", "{all}", "--into", "gs://x/y", "--on", "local"], "not supported"),
        (["index", "--repos", "{all}", "--into", "x", "--on", "local", "--workers", "2"], "need --on dask"),
        (["index", "--repos", "{all}", "--into", "x", "--scheduler", "tcp://x:1", "--workers", "2"], "combined"),
        (["pull"], "mom.fleet.uri"),
    ],
)
def test_wrong_usage_says_what_to_do(run: Run, listed: Path, arguments: list[str], said: str) -> None:
    result = run(*(one.replace("{all}", str(listed)) for one in arguments))
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (listed / "f").exists() or not list((listed / "f").iterdir())


def test_two_clones_of_one_repository_are_named(run: Run, uri: str, listed: Path) -> None:
    Repo(listed / "one").git("clone", "--quiet", "--bare", str(listed / "one"), str(listed / "copies" / "one.git"))
    result = run("index", "--repos", listed, "--on", "local", "--json")
    (failed,) = [one for one in parsed(result)["repositories"] if one["state"] == "failed"]
    assert "list only one of them" in failed["error"]
