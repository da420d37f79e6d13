"""The checkpoints of Entire: https://github.com/entireio/cli, docs/architecture/sessions-and-checkpoints.md.

A commit names its checkpoint in a trailer, `Entire-Checkpoint: ID`. A checkpoint is a folder: on the branch
`entire/checkpoints/v1` at `<first two of ID>/<rest>/`, or the whole tree at `refs/entire/checkpoints/<last two>/ID`. It
has a `metadata.json` and folders of sessions (`0/`, `1/`, …), each with a `metadata.json` (agent, perhaps a summary)
and a `prompt.txt`. The oldest checkpoints have one session, without a folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mom_lsp.annotations.agents import agent
from mom_lsp.annotations.values import FormatError, Remark, Said

REFS = "refs/entire/checkpoints/"  # one for each checkpoint
BRANCH = re.compile(r"refs/(?:heads|remotes/[^/]+)/entire/checkpoints/v1")
MAX_CHECKPOINTS = 8  # of a commit that are read
MAX_SESSIONS = 4  # of a checkpoint that are read
MAX_PART = 2_000  # characters of each part of a summary that are read
PROMPTS = "prompt.txt"
_METADATA = "metadata.json"

_ID = r"(?:[0-9a-f]{12}|[0-9A-HJKMNP-TV-Z]{26})"
_TRAILER = re.compile(rf"^Entire-Checkpoint: ({_ID})[ \t\r]*$", re.MULTILINE)
_BETWEEN = re.compile(r"(?<!\n)\n++---\n+")
_PARTS = ("intent", "outcome")  # of a summary


def checkpoints_of(message: str) -> list[str]:
    """Return the ids of the checkpoints that a commit message names: one, or those of all commits that it squashes."""
    return list(dict.fromkeys(_TRAILER.findall(message)))[:MAX_CHECKPOINTS]


def checkpoint_at(ref: str, path: str) -> str:
    """Return the id of the checkpoint that a changed path of a ref belongs to, "" if none."""
    name = ref.rpartition("/")[2] if ref.startswith(REFS) else "".join(path.split("/")[:2])
    return name if re.fullmatch(_ID, name) else ""


def files_of(checkpoint: str, refs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield git's name and the path of each file that a checkpoint may have.

    Args:
        checkpoint: its id.
        refs: the commits at the refs of checkpoints.
    """
    own = refs.get(f"{REFS}{checkpoint[-2:]}/{checkpoint}")
    trees = [f"{own}:"] if own else []
    trees += [f"{tip}:{checkpoint[:2]}/{checkpoint[2:]}/" for ref, tip in refs.items() if BRANCH.fullmatch(ref)]
    for tree in trees:
        for folder in ("", *(f"{session}/" for session in range(MAX_SESSIONS))):
            for name in (_METADATA, PROMPTS):
                yield f"{tree}{folder}{name}", folder + name


def read(record: Mapping[str, Any]) -> Said | None:
    """Return what a `metadata.json` says, None if it is of another format. Raises FormatError."""
    if "checkpoint_id" not in record or "files_touched" not in record:
        return None
    named = agent(str(record.get("agent") or ""), str(record.get("model") or ""))
    summary = record.get("summary") or {}
    if not isinstance(summary, Mapping):
        raise FormatError("Entire: 'summary' is not an object")
    parts = [summary[part].strip()[:MAX_PART] for part in _PARTS if isinstance(summary.get(part), str)]
    remarks = (Remark("summary", "\n\n".join(parts)),) if any(parts) else ()
    return Said(remarks, (named,) if named is not None and named.name != "Agent" else ())


def prompts(text: str) -> Iterable[str]:
    """Return the prompts in a `prompt.txt`."""
    return _BETWEEN.split(text)
