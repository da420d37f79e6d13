"""What git keeps for commits outside of them: notes, and the checkpoints of Entire. Only names are read here."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mom_lsp.git.runner import Runner
from mom_lsp.pathnames import decoded

# The refs of notes, and those at which Entire keeps its checkpoints.
PATTERNS = (
    "refs/notes",
    "refs/heads/entire/checkpoints/v1",
    "refs/remotes/*/entire/checkpoints/v1",
    "refs/entire/checkpoints",
)
NOTES = "refs/notes/"
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def annotation_refs(runner: Runner) -> dict[str, str]:
    """Return the commit at each ref that keeps something for commits, by the ref's name."""
    lines = runner.lines("for-each-ref", "--format=%(objecttype) %(objectname) %(refname)", *PATTERNS)
    fields = (line.split(" ", 2) for line in lines)
    return {name: commit for kind, commit, name in fields if kind == "commit"}


def blobs(runner: Runner, commit: str) -> Iterator[tuple[str, str]]:
    """Yield (path, blob) of all files of a commit."""
    listing = runner.output("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit)
    for record in decoded(listing).split("\0"):
        meta, _, path = record.partition("\t")
        if " blob " in meta:
            yield path, meta.rpartition(" ")[2]


def changed_blobs(runner: Runner, old: str, new: str) -> Iterator[tuple[str, str, str]]:
    """Yield (path, old blob, new blob) of the files that differ between two commits; "" for none."""
    options = ("-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--no-ext-diff", "--no-textconv")
    listing = runner.output("diff-tree", *options, "--end-of-options", old, new)
    fields = decoded(listing).split("\0")
    for meta, path in zip(fields[::2], fields[1::2], strict=False):
        before, after = meta.split(" ")[2:4]
        yield path, before.strip("0") and before, after.strip("0") and after


def annotated_commit(path: str) -> str:
    """Return the commit that a path of a notes tree stands for, "" if none: folders only spread the names."""
    name = path.replace("/", "")
    return name if _SHA.fullmatch(name) else ""
