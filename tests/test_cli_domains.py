"""`mom domains`, and `mom search --in`, with its completion in bash."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from cli_shell import Shell
from repositories import Repo, Start, fill
from suggestions import make_suggestion

MOM = Path(sys.executable).with_name("mom")


def test_domains_are_listed_with_their_sizes(mom: Shell) -> None:
    assert mom("domains").stdout.split() == ["1,200", "lib/vtls:", "openssl,", "certificates"]
    assert json.loads(mom("domains", "--json").stdout)[0]["name"] == "lib/vtls: openssl, certificates"
    mom.book.memories = []
    nothing = mom("domains")
    assert (nothing.exit_code, nothing.stdout) == (0, "") and "mom index" in nothing.stderr


def test_a_search_says_the_domains_of_its_answers_only_to_explain_them(mom: Shell) -> None:
    vtls = "lib/vtls: openssl, certificates"
    mom.book.memories = [make_suggestion(domain=vtls)]
    for asked in (["search", "cache"], ["search", "cache", "--in", "openssl"], ["suggest", "src/a.py:2", "-k", "1"]):
        assert vtls not in mom(*asked).stdout
        assert f"  in {vtls}\n" in mom(*asked, "--explain").stdout
    assert json.loads(mom("search", "cache", "--json").stdout)["suggestions"][0]["domain"] == vtls


def test_a_place_to_search_in_is_a_path_in_the_current_folder_or_a_name(mom: Shell) -> None:
    def scope(*arguments: str) -> str | None:
        found = json.loads(mom("-C", "src", "search", "cache", *arguments, "--json").stdout)
        return found["query"].get("in")  # type: ignore[no-any-return]

    assert scope("--in", "a.py") == "src/a.py"
    assert scope("--in", ".") == "src"
    assert scope("--in", "openssl") == "openssl"
    assert scope("--in", "../..") == "../.."  # outside: the engine says that nothing is called so
    assert scope() is None
    assert mom("search").exit_code == 2 and "--in" in mom("search").stderr
    assert json.loads(mom("search", "--in", "src", "--json").stdout)["query"]["text"] == ""


def test_bash_completes_the_names_of_domains(project: Repo, moms: Start) -> None:
    fill(project, 40)
    mom = moms(project)
    mom.index()
    name = next(one["name"] for one in mom.call("domains")["domains"] if " " in one["name"])
    script = f"""
        eval "$(_MOM_COMPLETE=bash_source '{MOM}')"; compopt() {{ :; }}  # bash's own works only at a prompt
        COMP_WORDS=(mom search --in '{name[:3]}') COMP_CWORD=3
        _mom_completion '{MOM}'
        eval "typed=($(printf '%s ' "${{COMPREPLY[@]}}"))"; printf '%s\\n' "${{typed[@]}}"
    """
    run = subprocess.run(["bash", "-c", script], cwd=project.root, capture_output=True, text=True, check=True)
    assert name in run.stdout.splitlines() and not run.stderr
    outside = subprocess.run(["bash", "-c", script], cwd="/", capture_output=True, text=True, check=True)
    assert outside.stdout.strip() == outside.stderr == ""  # no repository, no names, no error
