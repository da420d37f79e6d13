"""Which is worth reading at a line: mom's first suggestion, the commit of blame, or the best of `git log -L`.

    python -m mom_lsp.evaluation.against_blame LABELS --repo OWNER/NAME=CLONE … [--hints LABELS]

A label is a line with the commits that blame and `git log -L` name, and the verdicts of two readers on these and on
what mom showed, who did not know whose they were: U for useful, D for dull, I for irrelevant. What is shown now and
nobody has read counts as unread. With `--hints`, all hints of the files in those labels are counted as well.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mom_lsp.evaluation.asked import unused_workspace
from mom_lsp.evaluation.clones import clones_of
from mom_lsp.evaluation.verdicts import IRRELEVANT, USEFUL, is_irrelevant, is_useful
from mom_lsp.workspace.answers.line_hints import Wanted
from mom_lsp.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """What each side shows at a line."""

    mom: str  # verdicts on the first suggestion; "" if none is shown, "?" if nobody has read it
    blame: str
    log: str  # on the best of `git log -L`
    known: bool  # whether any commit is known to be useful there


def judged_lines(workspace: Workspace, labels: Sequence[Mapping[str, Any]]) -> Iterator[JudgedLine]:
    """Yield what the sides show at the labelled lines of a clone."""
    for row in labels:
        verdicts: Mapping[str, str] = row["verdicts"]
        found = workspace.suggest(row["path"], row["line"], row["line"], rev=row["rev"])["suggestions"]
        source = found[0]["source"] if found else {}
        shown = source.get("commit") or source.get("path")
        yield JudgedLine(
            mom=verdicts.get(shown, "?") if shown else "",
            blame=verdicts.get(row["blame"], ""),
            log=max((verdicts.get(sha, "") for sha in row["log_L"]), key=lambda one: one.count(USEFUL), default=""),
            known=any(map(is_useful, verdicts.values())),
        )


def table(lines: Sequence[JudgedLine]) -> list[str]:
    """Return a row for each side, and how they compare."""
    rows = []
    for side in ("mom", "blame", "log"):
        shown = [verdicts for one in lines if (verdicts := getattr(one, side))]
        useful, bad = sum(map(is_useful, shown)), sum(map(is_irrelevant, shown))
        unread = f", {shown.count('?')} unread" if "?" in shown else ""
        share = f" ({useful / len(shown):.0%})" if shown else ""
        rows.append(f"{side}: {len(shown)} of {len(lines)} shown, {useful} useful{share}, {bad} irrelevant{unread}")
    better = sum(is_useful(one.mom) and not is_useful(one.blame) for one in lines)
    worse = sum(is_useful(one.blame) and not is_useful(one.mom) for one in lines)
    quiet = sum(not one.mom and not is_useful(one.blame) for one in lines)
    rows.append(
        f"mom is more useful than blame {better} times, less {worse}; silent {quiet} times where blame is no use"
    )
    return rows


def judged_hints(workspace: Workspace, labels: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the verdicts on all hints of the labelled files, "?" where nobody has read one."""
    known = {(row["path"], row["commit"]): row["verdicts"] for row in labels}
    head, found = workspace.worktree.head(), list[str]()
    for path in dict.fromkeys(row["path"] for row in labels):
        lines = workspace.worktree.committed(head, path)
        text = "".join(f"{line}\n" for line in lines)
        for hint in workspace.hints(path, text, Wanted(1, len(lines))).hints:
            found.append(known.get((path, hint["suggestion"]["source"]["commit"]), "?"))
    return found


def main() -> None:
    """Print a table for each clone."""
    parser = argparse.ArgumentParser(description="Compare what mom, blame and git log -L show at a line.")
    parser.add_argument("labels", type=Path)
    parser.add_argument("--repo", action="append", required=True, metavar="OWNER/NAME=CLONE")
    parser.add_argument("--hints", type=Path, help="labels of hints")
    chosen = parser.parse_args()
    lines, hints = _rows(chosen.labels), _rows(chosen.hints) if chosen.hints else []
    everything: list[JudgedLine] = []
    for name, clone in clones_of(chosen.repo).items():
        with unused_workspace(clone) as workspace:
            own = list(judged_lines(workspace, [row for row in lines if row["repo"] == name]))
            everything += own
            _print(f"{name}:", *(table(own) if own else ()))
            if asked := [row for row in hints if row["repo"] == name]:
                verdicts = judged_hints(workspace, asked)
                read = [one for one in verdicts if one != "?"]
                useful = sum(one.count(USEFUL) for one in read) / max(1, sum(map(len, read)))
                bad = sum(one.count(IRRELEVANT) for one in read) / max(1, sum(map(len, read)))
                _print(f"  hints: {len(verdicts)}, {len(read)} read: {useful:.0%} useful, {bad:.1%} irrelevant")
    _print("all:", *table(everything))


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _print(*texts: str) -> None:
    sys.stdout.write("\n  ".join(texts) + "\n")


if __name__ == "__main__":
    main()
