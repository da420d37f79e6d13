"""One pass: whatever the store lacks of one HEAD, and of the user's word. Runs under the writer lease."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from hashlib import sha1
from pathlib import Path
from typing import TypeVar

from mom_lsp.git import Location, Repository
from mom_lsp.indexing.marker import Marker
from mom_lsp.indexing.merge import Merger
from mom_lsp.indexing.progress import Control, Summary
from mom_lsp.indexing.worker import Rules, Task, extract, file_memories, ordered, wanted_file, workers
from mom_lsp.memory import Memory, commit_memory_id, tombstone
from mom_lsp.store import Store

FIRST_CHUNK = 200  # commits; small, so that suggestions start within seconds
CHUNK = 1_000
FILE_CHUNK = 200
MAX_FOLDER_FILES = 20_000
T = TypeVar("T")


def index_history(
    store: Store, repository: Repository, head: str, rules: Rules, merger: Merger, control: Control, summary: Summary
) -> None:
    """Index the ancestors of a commit that are not in the store yet, newest first."""
    known = {commit for commits in store.columns(["commits"])["commits"].to_pylist() for commit in commits}
    missing = [sha for sha in repository.history(head) if sha not in known]
    if not missing:
        return
    clashing = _clashing(repository, missing)
    location = repository.location
    plain = [sha for sha in missing if sha not in set(clashing)]
    chunks = [clashing, plain[:FIRST_CHUNK], *_chunks(plain[FIRST_CHUNK:], CHUNK)]
    tasks = [Task(location, rules, commits=tuple(chunk)) for chunk in chunks if chunk]
    control.step("history", 0, len(missing))
    with workers(len(missing)) as executor:
        for memories in ordered(executor, tasks):
            summary.memories += merger.write(memories)
            summary.commits += len(memories)
            control.step("history", summary.commits, len(missing))


def _clashing(repository: Repository, shas: Sequence[str]) -> list[str]:
    """Return the commits that share author, second and subject, oldest first: their order gives their ids."""
    if len(shas) < 2:
        return []
    groups: dict[str, list[tuple[int, str]]] = {}
    for sha, email, author_time, commit_time, subject in repository.keys(shas):
        groups.setdefault(commit_memory_id(email, author_time, subject), []).append((commit_time, sha))
    return [sha for group in groups.values() if len(group) > 1 for _, sha in sorted(group)]


def index_files(
    repository: Repository,
    head: str,
    rules: Rules,
    marker: Marker,
    merger: Merger,
    control: Control,
    summary: Summary,
) -> None:
    """Index the files of a commit that no tree indexed before had."""
    seen = {(e.path, e.blob) for tree in marker.trees if repository.has(tree) for e in repository.tree(tree).values()}
    entries = [e for e in repository.tree(head).values() if (e.path, e.blob) not in seen]
    wanted = [(e.path, e.blob) for e in entries if e.size <= rules.max_file_size and wanted_file(e.path, rules)]
    tasks = [Task(repository.location, rules, files=tuple(chunk)) for chunk in _chunks(wanted, FILE_CHUNK)]
    with workers(len(wanted)) as executor:
        for task, memories in zip(tasks, ordered(executor, tasks), strict=True):
            summary.memories += merger.write(memories)
            summary.files += len(task.files)
            control.step("files", summary.files, len(wanted))


def index_folder(
    store: Store, location: Location, rules: Rules, merger: Merger, control: Control, summary: Summary
) -> None:
    """Index a folder without git: its files as they are now; what they no longer say is removed."""
    rows = store.columns(["id", "paths", "blobs"], "source_type = 'file'").to_pylist()
    before = {row["id"]: (row["paths"][0], set(row["blobs"])) for row in rows}
    now: set[str] = set()
    files = list(_walk(location.root, rules))
    for path in files:
        data = path.read_bytes()
        name = path.relative_to(location.root).as_posix()
        if b"\0" not in data[:8192]:
            blob = sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
            fresh = file_memories(name, blob, data.decode("utf-8", "replace"), rules)
            now.update(memory.id for memory in fresh)
            changed = [m for m in fresh if m.id not in before or blob not in before[m.id][1]]
            summary.memories += merger.write(changed)
        summary.files += 1
        control.step("files", summary.files, len(files))
    store.delete(before.keys() - now)


def _walk(root: Path, rules: Rules) -> Iterator[Path]:
    """Yield regular files below a folder, hidden ones and symbolic links left out."""
    count = 0
    for folder, names, files in os.walk(root, followlinks=False):
        names[:] = sorted(n for n in names if not n.startswith(".") and not Path(folder, n).is_symlink())
        for name in sorted(files):
            path = Path(folder, name)
            relative = path.relative_to(root).as_posix()
            if name.startswith(".") or path.is_symlink() or not path.is_file() or not wanted_file(relative, rules):
                continue
            if path.stat().st_size <= rules.max_file_size:
                count += 1
                if count > MAX_FOLDER_FILES:
                    return
                yield path


def honour_user(store: Store, location: Location, rules: Rules, forgotten: set[str], control: Control) -> None:
    """Make forgotten memories disappear from every byte, and extract restored ones again."""
    table = store.columns(["id", "noise"])
    noise = dict(zip(table["id"].to_pylist(), table["noise"].to_pylist(), strict=True))
    gone = store.get([i for i in forgotten if noise.get(i, "forgotten") != "forgotten"])
    back = store.get([i for i, why in noise.items() if why == "forgotten" and i not in forgotten])
    if gone:
        store.upsert([tombstone(memory) for memory in gone.values()])
        contents = store.columns(["content"])["content"].to_pylist()
        store.keep_vectors(contents)
        control.step("compaction", 0, 1)
        store.compact(erase=True)
    if back:
        store.delete(back.keys())
        Merger(store, forgotten).write(_extract_again(location, rules, list(back.values())))


def _extract_again(location: Location, rules: Rules, tombstones: Sequence[Memory]) -> list[Memory]:
    if not location.git:
        return []  # the pass over the folder that follows finds them
    wanted = {memory.id for memory in tombstones}
    commits = tuple(sha for memory in tombstones for sha in memory.commits)
    files = tuple((path, blob) for memory in tombstones for path in memory.paths for blob in memory.blobs)
    found = extract(Task(location, rules, commits=commits, files=files))
    return [memory for memory in found if memory.source.type == "commit" or memory.id in wanted]


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
