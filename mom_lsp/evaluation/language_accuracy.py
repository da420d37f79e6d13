"""How often reasons and kinds of commits are recognised in languages other than English, on hand-labelled commits.

    python -m mom_lsp.evaluation.language_accuracy LABELS --repo OWNER/NAME=CLONE … [--wrong]

A label has the lines of the message, counted from 1, that state a reason, and what the commit is: "fix", "workaround",
"revert", "routine" (noise: a typo, a version, a title that fits any change) or "other"; of several kinds any is right.
The "table" half was labelled before the tables were finished, the "test" half after that. Each is measured with the
tables, and with the English one alone.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from mom_lsp.evaluation.clones import clones_of
from mom_lsp.extract.commits import commit_memory
from mom_lsp.extract.language import leave_out_others
from mom_lsp.extract.message import has_rationale, sentences
from mom_lsp.git import Repository, locate
from mom_lsp.memory import Memory

KINDS = ("fix", "workaround", "revert", "routine")
_CLAIMS = {"fix": "fix", "bug_pattern": "fix", "workaround": "workaround", "failed_approach": "revert"}
HALVES = ("table", "test")


@dataclass(frozen=True, slots=True)
class Labelled:
    """What a commit is by hand, and by the tables."""

    repository: str
    commit: str  # full sha
    title: str
    language: str
    half: str
    kinds: tuple[str, ...]  # right to claim
    reasons: str  # the lines that state a reason, on one line
    claimed: str
    why: str  # "" if no reason was recognised


def quotes_a_reason(one: Labelled) -> bool:
    """Whether a sentence that was taken for the reason and the lines that state one share half of the shorter."""
    return any(_shared(sentence.rstrip("…"), one.reasons) for sentence in sentences(one.why))


def _shared(text: str, other: str) -> bool:
    run = SequenceMatcher(None, text, other, autojunk=False).find_longest_match().size
    return bool(other) and 2 * run >= min(len(text), len(other))


@dataclass(frozen=True, slots=True)
class Count:
    """Claims of one sort."""

    claimed: int
    right: int  # of the claimed
    labelled: int
    found: int  # of the labelled

    def __str__(self) -> str:
        precision = f"{self.right / self.claimed:.2f}" if self.claimed else "none"
        recall = f"{self.found / self.labelled:.2f}" if self.labelled else "none"
        return f"{self.right}/{self.claimed} right ({precision}), {self.found}/{self.labelled} found ({recall})"


def labelled_commits(labels: Path, clones: Mapping[str, Path]) -> list[Labelled]:
    """Return the labelled commits that the clones have."""
    rows = [json.loads(line) for line in labels.read_text("utf-8").splitlines()]
    found = []
    for name, clone in clones.items():
        repository = Repository(locate(clone))
        of_clone = {row["commit"]: row for row in rows if row["repo"] == name and repository.has(row["commit"])}
        for commit in repository.commits(sorted(of_clone)):
            row, memory = of_clone[commit.sha], commit_memory(commit, sanitize=str)
            lines = commit.message.strip().split("\n")
            found.append(
                Labelled(
                    name,
                    commit.sha,
                    memory.title,
                    row["language"],
                    row["half"],
                    tuple(row["kinds"]),
                    " ".join(" ".join(lines[number - 1] for number in row["reasons"]).split()),
                    "routine" if memory.noise else _CLAIMS.get(memory.kind, "other"),
                    _reason(memory),
                )
            )
    return found


def _reason(memory: Memory) -> str:
    """Return the reason in the text, or the title if that states one."""
    return memory.why or (memory.title if has_rationale(memory.title) else "")


def english_alone(labels: Path, clones: Mapping[str, Path]) -> list[Labelled]:
    """Return the same by the English table; in a process of its own, since tables are read once."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, initializer=leave_out_others) as pool:
        return pool.submit(labelled_commits, labels, clones).result()


def accuracy(commits: Sequence[Labelled]) -> dict[str, Count]:
    """Return the counts of reasons, of the sentence taken for the reason, and of each kind."""
    return {
        "reason": _count(commits, lambda one: bool(one.reasons)),
        "its sentence": _count(commits, quotes_a_reason),
        **{kind: _count_kind(commits, kind) for kind in KINDS},
    }


def _count(commits: Iterable[Labelled], right: Callable[[Labelled], bool]) -> Count:
    claimed = [one for one in commits if one.why]
    labelled = [one for one in commits if one.reasons]
    found = sum(bool(one.why) and right(one) for one in labelled)
    return Count(len(claimed), sum(map(right, claimed)), len(labelled), found)


def _count_kind(commits: Iterable[Labelled], kind: str) -> Count:
    claimed = [one for one in commits if one.claimed == kind]
    labelled = [one for one in commits if one.kinds[0] == kind]
    right = sum(kind in one.kinds for one in claimed)
    return Count(len(claimed), right, len(labelled), sum(one.claimed in one.kinds for one in labelled))


def main() -> None:
    """Print the counts of each language and half, with its table and with the English one alone."""
    parser = argparse.ArgumentParser(description="Measure what is recognised in other languages than English.")
    parser.add_argument("labels", type=Path)
    parser.add_argument("--repo", action="append", required=True, metavar="OWNER/NAME=CLONE")
    parser.add_argument("--wrong", action="store_true", help="list what is wrong or not found with the tables")
    chosen = parser.parse_args()
    clones = clones_of(chosen.repo)
    with_tables, alone = labelled_commits(chosen.labels, clones), english_alone(chosen.labels, clones)
    for language in [*sorted({one.language for one in with_tables}), "all"]:
        for half in HALVES:
            both = [_of(commits, language, half) for commits in (with_tables, alone)]
            counts, english = (accuracy(commits) for commits in both)
            _print(f"{language}, {half}: {len(both[0])} commits")
            for name, count in counts.items():
                _print(f"  {name}: {count}; English alone {english[name]}")
            for one in both[0] if chosen.wrong and language != "all" else ():
                _print_wrong(one)


def _of(commits: Iterable[Labelled], language: str, half: str) -> list[Labelled]:
    return [one for one in commits if language in (one.language, "all") and one.half == half]


def _print_wrong(one: Labelled) -> None:
    if one.claimed not in one.kinds:
        _print(f"    {one.commit[:12]} {one.claimed}, not {one.kinds[0]}: {one.title}")
    if bool(one.why) != bool(one.reasons):
        _print(f"    {one.commit[:12]} {'no reason' if one.why else 'reason not found'}: {one.title} | {one.why}")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
