"""Every repository of `fixtures/corpus`: each command answers, or says in one sentence why it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from corpus import verdicts
from corpus.maker import Impossible, Question

from mom_lsp.cli.app import app

SMALL = 0.002  # of the large repositories


def asked(question: Question, command: str) -> verdicts.Result:
    """Run a command in this process; what it raises is told as a traceback."""
    done = CliRunner().invoke(app, ["-C", str(question.folder), command, *verdicts.arguments(question, command)])
    crashed = done.exception if not isinstance(done.exception, SystemExit | None) else None
    return verdicts.Result(
        done.exit_code, done.stdout, done.stderr + (f"{verdicts.CRASH}: {crashed!r}" if crashed else "")
    )


@pytest.mark.parametrize("name", verdicts.REPOSITORIES)
def test_every_command_answers_or_says_why_not(name: str, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    try:
        question = verdicts.REPOSITORIES[name](folder, SMALL)
    except Impossible as why:
        pytest.skip(str(why))
    results = {command: asked(question, command) for command in verdicts.COMMANDS}
    faults = {command: verdicts.fault(question, command, result) for command, result in results.items()}
    assert not any(faults.values()), "\n".join(f"{one}: {faults[one]}: {results[one]}" for one in faults if faults[one])


def test_a_traceback_a_wrong_answer_and_a_silent_refusal_are_faults(tmp_path: Path) -> None:
    asks, refuses = Question(tmp_path), Question(tmp_path, refuses=("suggest",))
    crash, empty, told = (
        verdicts.Result(1, "", f"{verdicts.CRASH}:\n"),
        verdicts.Result(0, "", ""),
        verdicts.Result(1, "", "mom: the table is gone\n"),
    )
    for command in verdicts.COMMANDS:
        assert verdicts.fault(asks, command, crash) == "crashes"
    for command in ("suggest", "search", "doctor"):
        assert verdicts.fault(asks, command, empty)
    assert verdicts.fault(asks, "suggest", told) and not verdicts.fault(refuses, "suggest", told)
    assert verdicts.fault(refuses, "suggest", empty) and verdicts.fault(refuses, "suggest", verdicts.Result(1, "", ""))
