from __future__ import annotations

import json
from typing import Any

import pytest
from cli_shell import Shell

from mom_lsp.errors import RepositoryError
from mom_lsp.git.location import Location


def test_status_is_a_short_table(mom: Shell) -> None:
    out = " ".join(mom("status").stdout.split())
    assert "memories 1,200 from 1,500 commits engine not running" in out
    assert "problem the history is shallow" in out
    assert json.loads(mom("status", "--json").stdout)["commits"] == 1500


@pytest.mark.parametrize("command", ["status", "doctor"])
def test_no_line_ends_with_blanks_in_a_pipe(mom: Shell, command: str) -> None:
    lines = mom(command).stdout.splitlines()
    assert len(lines) > 1
    assert [line for line in lines if line != line.rstrip()] == []


def test_status_without_an_index_says_what_to_do(mom: Shell) -> None:
    mom.book.memories = []
    assert "run `mom index`" in mom("status").stderr


def test_doctor_fails_if_a_check_fails(mom: Shell) -> None:
    well = mom("doctor")
    assert well.exit_code == 0, well.output
    assert "restore a copy" not in well.stdout
    mom("pin", "dead")
    ill = mom("doctor")
    assert ill.exit_code == 1
    assert "→ restore a copy of it" in ill.stdout
    checks = json.loads(mom("doctor", "--json").stdout)["checks"]
    assert {"journal", "hook"} <= {check["name"] for check in checks}


def test_doctor_reports_a_service_that_fails_to_open(mom: Shell) -> None:
    def broken(_: Location) -> Any:
        raise RepositoryError("the journal is a folder")

    mom.opener = broken
    result = mom("doctor")
    assert result.exit_code == 1
    assert "the journal is a folder" in result.stdout


def test_doctor_reports_a_data_folder_that_is_refused(mom: Shell) -> None:
    (mom.root / ".git" / "mom").symlink_to(mom.root)
    result = mom("doctor", "--json")
    assert result.exit_code == 1
    (failed,) = [check for check in json.loads(result.stdout)["checks"] if check["ok"] is False]
    assert "symbolic link" in failed["message"]
