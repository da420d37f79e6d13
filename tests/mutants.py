"""`make mutants`: mutates the formulas with mutmut; fails if one survives that mutants_survived.toml does not explain.

A fixed sample of the mutants (the fourth of each function), since all of them would take an hour. What is mutated, and
by which tests, is in pyproject.toml, `[tool.mutmut]`. `make mutants SAMPLE='*'` tries all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
EXPLAINED = Path(__file__).with_name("mutants_survived.toml")
SAMPLE = "*__mutmut_4"  # the mutants of each function are numbered from 1
ALIVE = ("survived", "no tests", "suspicious", "segfault")


def main() -> int:
    """Run mutmut, and return 1 if a survivor is not explained."""
    sample = sys.argv[1:] or [SAMPLE]
    run = subprocess.run([*_mutmut("run"), *sample], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    tail = run.stdout.replace("\r", "\n").strip().splitlines()[-1:]
    sys.stdout.write("\n".join(tail) + "\n")
    if run.returncode:
        sys.stdout.write(run.stdout[-4000:])
        return 1
    known = {(one["file"], one["was"], one["now"]) for one in tomllib.loads(EXPLAINED.read_text("utf-8"))["survivor"]}
    new = [change for change in map(_change, _alive()) if change not in known]
    for file, was, now in new:
        sys.stdout.write(f'\n[[survivor]]\nfile = "{file}"\nwas = {was!r}\nnow = {now!r}\nwhy = ""\n')
    if new:
        sys.stdout.write(
            f"\n{len(new)} survived: write a test that fails with each, or explain it in {EXPLAINED.name}\n"
        )
    return bool(new)


def _alive() -> list[str]:
    """Return the names of the mutants that no test noticed."""
    out = subprocess.run(_mutmut("results"), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    rows = [line.strip().rpartition(": ") for line in out.splitlines() if ": " in line]
    return [name for name, _, status in rows if status in ALIVE and "__mutmut_" in name]


def _change(name: str) -> tuple[str, str, str]:
    """Return a mutant as its file, the lines that were, and the lines that are in their place."""
    diff = subprocess.run(_mutmut("show", name), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    lines = diff.splitlines()
    file = next(line.removeprefix("--- ") for line in lines if line.startswith("--- "))
    was, now = (
        "\n".join(line[1:].strip() for line in lines if line.startswith(sign) and not line.startswith(sign * 3))
        for sign in "-+"
    )
    return file, was, now


def _mutmut(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mutmut", *arguments]


if __name__ == "__main__":
    os.environ["PYTHONHASHSEED"] = "0"  # the same examples in every run
    sys.exit(main())
