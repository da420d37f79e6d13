"""Power cuts: records what mom writes, and asks what is left of it at any instant: python power_cuts.py --states 500"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fault_questions import Asker
from fault_workload import written
from power_cut import Disk, Model, write_state
from repositories import Repo, move_in
from write_trace import Write, available, record

MODELS: tuple[Model, ...] = ("ext4", "posix")
REBUILDING = ("is being rebuilt", "nothing is indexed yet")


@dataclass
class Recording:
    """What mom wrote in a repository."""

    repo: Repo
    writes: list[Write]
    whole: dict[str, dict[str, Any]] = field(default_factory=dict)  # what it should answer, by HEAD


@dataclass
class Flaws:
    """What was wrong with one state."""

    lost: list[str] = field(default_factory=list)  # what was acknowledged
    stuck: list[str] = field(default_factory=list)  # what a person would have to mend
    rough: list[str] = field(default_factory=list)  # an error that says nothing useful, until the index is rebuilt


def recorded(folder: Path) -> Recording:
    """Record the workload in a new repository. The caller has made the user's home."""
    repo = written(folder / "repo")
    command = [sys.executable, "-P", str(Path(__file__).with_name("fault_workload.py")), str(repo.root)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    writes = record(command, repo.location.data, folder / "strace.log", environment)
    return Recording(repo, writes)


def ask_whole(recording: Recording, asker: Asker, root: Path) -> None:
    """Keep what mom answers at each HEAD where nothing was damaged."""
    heads = [at for at, write in enumerate(recording.writes) if write.kind == "print" and b"head" in write.data]
    for end in [*heads[1:], len(recording.writes)]:
        disk = Disk().replay(recording.writes[:end])
        head = head_of(disk)
        write_repository(recording, root, disk.whole(), head)
        recording.whole[head] = asker.ask(root)
        shutil.rmtree(root)


def head_of(disk: Disk) -> str:
    """Return the commit that was checked out last, "" for the first."""
    return next((line.split()[1] for line in reversed(disk.printed) if line.startswith("head ")), "")


def write_repository(recording: Recording, root: Path, state: dict[str, bytes | None], head: str) -> None:
    """Write a repository at a commit, with a data folder."""
    data = recording.repo.location.data
    shutil.copytree(recording.repo.root, root, ignore=lambda at, names: [data.name] if Path(at) == data.parent else [])
    Repo(root, [*recording.repo.now]).git("reset", "--quiet", "--hard", head)
    write_state(state, root / data.relative_to(recording.repo.root))


def flaws(found: dict[str, Any], acknowledged: list[str], whole: dict[str, Any]) -> Flaws:
    """Judge what mom answered after damage, by what it had acknowledged and what it answers without damage."""
    seen = Flaws()
    if "ended" in found:
        seen.stuck.append(f"the process ended with {found['ended']}")
        return seen
    kept = {event[0]: event for event in whole["again"]["journal"]["events"]}
    for line in acknowledged:
        what, _, number = line.partition(" ")
        if what == "discussion" and int(number) not in found["discussions"]:
            seen.lost.append(f"{line} of {found['discussions']}")
        for when in ("before", "again") if what == "event" else ():
            if kept[int(number)] not in found[when]["journal"].get("events", []):
                seen.lost.append(f"{when}: {line} of {found[when]['journal']}")
    for when in ("before", "after", "again"):
        for question, answer in found[when].items():
            if error := _error(answer):
                excused = when == "before" and any(word in error for word in REBUILDING) and "MomError" in error
                (seen.rough if when == "before" else seen.stuck).extend(
                    [] if excused else [f"{when} {question}: {error}"]
                )
            elif when != "before" and question in {"search", "show"}:
                missing = _comparable(whole["again"][question]) - _comparable(answer)
                seen.stuck.extend([f"{when} {question}: {sorted(missing)} not found"] if missing else [])
    for step in ("index", "follow", "rows"):
        if error := _error(found[step]):
            seen.stuck.append(f"{step}: {error}")
            return seen
    rows = {row["id"]: row for row in found["rows"]}
    lacking = [row for row in whole["rows"] if row["title"] and rows.get(row["id"]) != row]
    if lacking or len(rows) != len(found["rows"]):
        seen.stuck.append(
            f"rows: {len(lacking)} of {len(whole['rows'])} are missing, changed or doubled: {lacking[:1]}"
        )
    if found["matches"] < sum(bool(row["title"]) for row in whole["rows"]):
        seen.stuck.append(f"full text: {found['matches']} of {whole['matches']}")
    return seen


def _error(answer: Any) -> str:
    """Return the kinds, the text and the end of the traceback of an error, "" for an answer."""
    if not isinstance(answer, dict) or "error" not in answer:
        return ""
    return " ".join([*answer["kinds"][:-3], answer["error"][:300], *answer["trace"]])


def _comparable(titles: list[str]) -> set[str]:
    """Return titles without the user's notes, later ones of which were not yet written; of comments that say the same
    any one may be shown."""
    return {"a comment" if title.startswith("NOTE:") else title for title in titles if not title.startswith("Note ")}


def cuts(recording: Recording, states: int, seed: int) -> Iterator[tuple[int, Model, int, Disk, random.Random]]:
    """Yield power cuts at instants spread over the recording, in both models, shuffled: some of them are a sample."""
    order = list(range(states))
    random.Random(seed).shuffle(order)
    for number in order:
        chance = random.Random(f"{seed} {number}")
        at = 1 + int((number + chance.random()) / states * len(recording.writes))
        yield number, MODELS[number % 2], at, Disk().replay(recording.writes[:at]), chance


def run(states: int, seed: int, folder: Path, *, only: int | None = None) -> dict[Model, Counter[str]]:
    """Try power cuts, print what was wrong, and return the counts by model."""
    recording, asker = recorded(folder), Asker()
    ask_whole(recording, asker, folder / "whole")
    counts: dict[Model, Counter[str]] = {model: Counter() for model in MODELS}
    for number, model, at, disk, chance in cuts(recording, states, seed):
        if only is not None and number != only:
            continue
        root = folder / "state"
        head = head_of(disk) or next(iter(recording.whole))
        write_repository(recording, root, disk.cut(model, chance), head)
        seen = flaws(asker.ask(root), disk.printed, recording.whole[head])
        counts[model]["states"] += 1
        if sys.stderr.isatty():
            print(f"\r{sum(count['states'] for count in counts.values())} of {states}", end="", file=sys.stderr)
        for kind in ("lost", "stuck", "rough"):
            if found := getattr(seen, kind):
                counts[model][kind] += 1
                print(f"state {number} ({model}, write {at}) {kind}: {found[0]}", flush=True)
        if only is None:
            shutil.rmtree(root)
    asker.close()
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the number of one state, which is kept")
    given = parser.parse_args()
    if not available():
        sys.exit("strace is needed, and the right to trace: apt install strace")
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="mom-power-cuts-", dir=base))
    with pytest.MonkeyPatch.context() as patch:
        move_in(folder / "home", patch)
        counts = run(given.states, given.seed, folder, only=given.only)
    for model, found in counts.items():
        print(f"{model}: {found['states']} states, {found['lost']} lost what was acknowledged, ", end="")
        print(f"{found['stuck']} need a person, {found['rough']} gave an error until the index was rebuilt")
    if given.only is None:
        shutil.rmtree(folder)
    else:
        print(folder)
    sys.exit(any(found["lost"] or found["stuck"] for found in counts.values()))


if __name__ == "__main__":
    main()
