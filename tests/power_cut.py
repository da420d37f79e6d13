"""What is left on a disk after a power cut: recorded writes, replayed up to one of them, without what was not flushed.

Two models. With the rules of POSIX only what was flushed is certain: of the rest any write, and any entry of a folder,
may be there or not. With those of ext4 (data=ordered) folders change in order, every flush of anything flushes all
changes of folders before it, a file that was renamed has the data that it had then, and files grow in order.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from write_trace import Write

Model = Literal["ext4", "posix"]
# How much of what was not flushed is there: nothing, all but the last, or each with a chance of a half.
FATES = ("nothing", "half", "half", "most")
CHANCE = {"nothing": 0.0, "half": 0.5, "most": 0.9}


@dataclass(slots=True, eq=False)
class Node:
    """A file or a folder: what was flushed, and what was not."""

    folder: bool = False
    flushed: bytes = b""
    writes: list[Write] = field(default_factory=list)  # and truncations, since the last flush
    entries: dict[str, Node] = field(default_factory=dict)  # as processes see them
    on_disk: dict[str, Node] = field(default_factory=dict)
    unflushed: list[dict[str, Node | None]] = field(default_factory=list)  # changes of entries since the last flush
    before: int = 0  # writes that were flushed

    def content(self, writes: Sequence[Write]) -> bytes:
        """Return the flushed bytes, changed by some writes."""
        data = bytearray(self.flushed)
        for write in writes:
            if write.kind == "truncate":
                del data[write.at :]
                data.extend(bytes(write.at - len(data)))
                continue
            at = len(data) if write.at < 0 else write.at
            data.extend(bytes(max(0, at - len(data))))
            data[at : at + len(write.data)] = write.data
        return bytes(data)

    def flush(self) -> None:
        self.flushed, self.before, self.writes = self.content(self.writes), self.before + len(self.writes), []
        self.on_disk, self.unflushed = dict(self.entries), []


@dataclass(frozen=True, slots=True)
class Change:
    """Changes of entries that happen together: (folder, name, node or None)."""

    entries: tuple[tuple[Node, str, Node | None], ...]
    renamed: Node | None = None
    writes: int = 0  # of the renamed file, until then


class Disk:
    """A folder as processes see it, and what is known to be on the disk."""

    def __init__(self) -> None:
        self.root = Node(folder=True)
        self.printed: list[str] = []
        self._changes: list[Change] = []  # of folders, not flushed
        self._ordered = 0  # how many of these a flush of anything has flushed, with the rules of ext4

    def replay(self, writes: Sequence[Write]) -> Disk:
        for write in writes:
            getattr(self, f"_{write.kind}")(write)
        return self

    def _parent(self, path: str) -> tuple[Node, str]:
        *folders, name = path.split("/")
        node = self.root
        for folder in folders:
            node = node.entries[folder]
        return node, name

    def _node(self, path: str) -> Node | None:
        if path == ".":
            return self.root
        parent, name = self._parent(path)
        return parent.entries.get(name)

    def _change(self, *entries: tuple[Node, str, Node | None], renamed: Node | None = None) -> None:
        together: dict[Node, dict[str, Node | None]] = {}
        for folder, name, node in entries:
            _enter(folder.entries, name, node)
            together.setdefault(folder, {})[name] = node
        for folder, changes in together.items():
            folder.unflushed.append(changes)
        self._changes.append(Change(entries, renamed, renamed.before + len(renamed.writes) if renamed else 0))

    def _print(self, write: Write) -> None:
        self.printed += write.data.decode("utf-8", "replace").splitlines()

    def _open(self, write: Write) -> None:
        node = self._node(write.path)
        if node is None:
            self._change((*self._parent(write.path), Node()))
        elif write.truncates and not node.folder:
            node.writes.append(Write("truncate"))

    def _write(self, write: Write) -> None:
        if node := self._node(write.path):  # None: it was removed while it is open
            node.writes.append(write)

    _truncate = _write

    def _mkdir(self, write: Write) -> None:
        if write.path != ".":
            self._change((*self._parent(write.path), Node(folder=True)))

    def _unlink(self, write: Write) -> None:
        self._change((*self._parent(write.path), None))

    _rmdir = _unlink

    def _link(self, write: Write) -> None:
        if write.to:
            self._change((*self._parent(write.to), self._node(write.path)))

    def _rename(self, write: Write) -> None:
        node = self._node(write.path)
        self._change((*self._parent(write.path), None), (*self._parent(write.to), node), renamed=node)

    def _sync(self, write: Write) -> None:
        self._ordered = len(self._changes)
        if node := self._node(write.path):
            node.flush()

    def cut(self, model: Model, chance: random.Random) -> dict[str, bytes | None]:
        """Return what is left after a power cut: the content of each file by path, None for a folder."""
        part = CHANCE[chance.choice(FATES)]
        return self._cut_ext4(part) if model == "ext4" else self._cut_posix(part, chance)

    def _cut_ext4(self, part: float) -> dict[str, bytes | None]:
        committed = self._ordered + round(part * (len(self._changes) - self._ordered))
        entries: dict[Node, dict[str, Node]] = {}
        least: dict[Node, int] = {}
        for change in self._changes[:committed]:
            for folder, name, node in change.entries:
                _enter(entries.setdefault(folder, {}), name, node)
            if change.renamed is not None:
                least[change.renamed] = change.writes

        def content(node: Node) -> bytes:
            certain = max(0, least.get(node, 0) - node.before)
            return node.content(node.writes[: certain + round(part * (len(node.writes) - certain))])

        return dict(_walk(self.root, "", lambda folder: entries.get(folder, {}), content))

    def _cut_posix(self, part: float, chance: random.Random) -> dict[str, bytes | None]:
        def entries(folder: Node) -> dict[str, Node]:
            left = dict(folder.on_disk)
            for changes in folder.unflushed:
                if chance.random() < part:
                    for name, node in changes.items():
                        _enter(left, name, node)
            return left

        def content(node: Node) -> bytes:
            return node.content([write for write in node.writes if chance.random() < part])

        return dict(_walk(self.root, "", entries, content))

    def whole(self) -> dict[str, bytes | None]:
        """Return what processes see."""
        return dict(_walk(self.root, "", lambda folder: folder.entries, lambda node: node.content(node.writes)))


def _enter(entries: dict[str, Node], name: str, node: Node | None) -> None:
    if node is None:
        entries.pop(name, None)
    else:
        entries[name] = node


def _walk(
    node: Node, above: str, entries: Callable[[Node], dict[str, Node]], content: Callable[[Node], bytes]
) -> Iterator[tuple[str, bytes | None]]:
    for name, child in sorted(entries(node).items()):
        path = f"{above}{name}"
        if child.folder:
            yield path, None
            yield from _walk(child, f"{path}/", entries, content)
        else:
            yield path, content(child)


def write_state(state: dict[str, bytes | None], folder: Path) -> None:
    """Write files and folders."""
    folder.mkdir(parents=True)
    for path, data in state.items():
        if data is None:
            (folder / path).mkdir()
        else:
            (folder / path).write_bytes(data)
