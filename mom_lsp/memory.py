"""The values everything else speaks in: frozen, without I/O.

A *memory* (SCMS Layer 0) is one candidate pattern that the repository or the user wrote down once and
that must prove itself by being used again. What the repository says stands here; what became of it
(pins, uses, strength) is folded from the journal and never stored in the memory itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np

Kind = Literal[
    "decision",
    "fix",
    "bug_pattern",
    "anti_pattern",
    "failed_approach",
    "workaround",
    "optimisation",
    "convention",
    "known_issue",
    "note",
]
SourceType = Literal["commit", "file", "user"]
Relation = Literal["revert", "reapply", "partial_revert", "fixes", "followup", "mention"]
Status = Literal["candidate", "validated", "promoted", "needs_revision", "replaced", "archived"]
Confidence = Literal["low", "medium", "high"]
EpisodeKind = Literal["branch", "issue", "session"]
Freshness = Literal["fresh", "moved", "drifted", "gone"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a memory was read: a commit, a span of a committed file, or the user's own words."""

    type: SourceType
    commit: str | None = None  # full sha; of a file span, None until somebody asks blame
    author: str = ""
    email: str = ""
    time: int = 0  # seconds since 1970, UTC; the author's time of a commit
    path: str | None = None
    line: int | None = None  # 1-based first line of a file span
    end_line: int | None = None  # inclusive
    blob: str | None = None  # object id of the file that the span was read from


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place a memory is about: a path, its symbols, and the lines it wrote there."""

    path: str
    symbols: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()  # (first line, number of lines) in the new file


@dataclass(frozen=True, slots=True)
class Reference:
    """One memory naming an earlier one. Resolved when read, since only ancestors of HEAD count."""

    relation: Relation
    target: str  # "1a2b3c4…" (7 to 64 lower-case hex digits), "#123", or another form that `extract.references` lists


@dataclass(frozen=True, slots=True)
class Memory:
    """What the repository (or the user) says, extracted and cleaned."""

    id: str
    kind: Kind
    title: str
    body: str
    why: str  # the rationale found in the text, "" if none was
    source: Source
    commits: tuple[str, ...] = ()  # all commits that are this memory (a cherry-pick adds one)
    blobs: tuple[str, ...] = ()  # of a file span: the blobs it was seen in
    anchors: tuple[Anchor, ...] = ()
    added: tuple[str, ...] = ()  # identifiers
    removed: tuple[str, ...] = ()
    added_lines: tuple[int, ...] = ()  # 32-bit keys of changed lines, by which they are found again
    removed_lines: tuple[int, ...] = ()
    references: tuple[Reference, ...] = ()
    numbers: tuple[int, ...] = ()  # issue or pull request numbers that mean this very commit
    aliases: tuple[str, ...] = ()  # what else references may call it beside hash, number and title
    renames: tuple[tuple[str, str], ...] = ()  # (old path, new path)
    trailers: tuple[tuple[str, str], ...] = ()
    evidence: float = 0.0  # that this was not routine; its quintile in the repository is the surprise
    noise: str = ""  # why it is history that is never suggested, "" if it may be

    @property
    def paths(self) -> tuple[str, ...]:
        """The anchors' paths, in their order."""
        return tuple(anchor.path for anchor in self.anchors)


@dataclass(frozen=True, slots=True)
class Pin:
    """Where a memory was pinned: at a line of a function, at a line outside of any, or in a whole file."""

    path: str  # as the file was called then
    symbol: str = ""
    line: int = 0
    key: int = 0  # by which the line is found again, 0 for none


@dataclass(frozen=True, slots=True)
class Usage:
    """What the user did with a memory, folded from the journal."""

    pinned: bool = False
    pins: tuple[Pin, ...] = ()  # where; they count while it is pinned
    forgotten: bool = False
    uses: int = 0  # accepted ones only
    first_used: float = 0.0  # seconds since 1970
    last_used: float = 0.0
    places: tuple[tuple[str, str, float], ...] = ()  # (path, symbol, first time) where it was accepted
    failures: int = 0  # accepted uses that the user took back in so many words
    shown: int = 0  # in a list or a hover, once a file and day, since it was last restored
    shown_on: tuple[int, frozenset[str]] = (0, frozenset())  # the last such day, and its files
    hinted: int = 0  # as a hint on the screen, once a file and day, since it was last accepted or restored
    hinted_on: tuple[int, frozenset[str]] = (0, frozenset())
    dismissed: frozenset[tuple[str, str]] = frozenset()  # (path, symbol) where it was not wanted
    never: bool = False  # it was not wanted anywhere
    restored: float = 0.0  # when the user last brought it back
    discounted: frozenset[str] = frozenset()  # commits that say nothing of it: the user took back what they made of it


@dataclass(frozen=True, slots=True)
class MemoryStatus:
    """What became of a memory on one HEAD."""

    status: Status = "candidate"
    layer: int = 0  # 0 candidate, 1 proven in two places, 2 a procedure used five times
    confidence: Confidence = "low"
    reason: str = ""  # for the status, in words
    tier: str = "episodic"
    strength: float = 0.0  # in [0, 1]
    half_life: float | None = None  # active days until half of it is left, None while it does not fade


@dataclass(frozen=True, slots=True)
class Failed:
    """What did not hold: an approach that was taken back, or a fix that had to be fixed."""

    kind: Kind  # failed_approach, anti_pattern (taken back more than once), bug_pattern (a fix of a fix)
    tried: str  # the title of what was tried
    because: str  # the sentence that says why it did not hold, "" if none does
    by: tuple[str, str]  # id and title of what ended it
    replaced_by: tuple[str, str] | None = None  # id and title of what came instead
    again: bool = False  # whether the open text is writing it again


@dataclass(frozen=True, slots=True)
class Grouped:
    """The episode that a memory is part of."""

    kind: EpisodeKind
    title: str
    members: tuple[str, ...]  # ids, oldest first


TERMS = ("sem", "lex", "temp", "use", "place")


@dataclass(frozen=True, slots=True)
class Scored:
    """A memory with its score, the signed share of each term (they sum to the score) and the reason in words."""

    memory: Memory
    score: float
    terms: dict[str, float]
    reason: str
    chance: float | None = None  # that it is what the user needs to know; None where nothing was asked
    trial: bool = False  # its score alone did not choose it: it is shown to find out whether it helps
    usage: Usage = field(default_factory=Usage)
    standing: MemoryStatus = field(default_factory=MemoryStatus)
    freshness: Freshness = "fresh"
    surprise: int = 1  # 1 to 5
    lines: tuple[int, ...] = ()  # 1-based lines of the open text that this memory last wrote
    replacement: str | None = None  # id of the memory that replaced it
    failure: Failed | None = None
    episode: Grouped | None = None


class Encoder(Protocol):
    """Text to vectors of unit length."""

    name: str  # changes whenever the vectors would

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return float32 (len(texts), dimensions), rows of unit length."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message. The text of a memory carries its id, so that its span of tokens is known."""

    text: str
    memory: str | None = None


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of a prompt."""

    role: Literal["system", "user", "assistant"]
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The whole message."""
        return "".join(part.text for part in self.parts)


def never_cancelled() -> bool:
    """Say no to "cancelled?", always."""
    return False


# memory -> how much more attention it gets: a number for all heads alike, or (layer, head, strength) of some.
# Logits of attention; 0 leaves it as it is.
Bias = Mapping[str, float | Sequence[tuple[int, int, float]]]


class Generator(Protocol):
    """A local language model."""

    @property
    def name(self) -> str:
        """Its name, which changes whenever its weights do."""
        ...

    @property
    def context(self) -> int:
        """Tokens of prompt and answer together."""
        ...

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        ...

    def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        limit: int,
        grammar: str | None = None,
        seed: int = 0,
        bias: Bias | None = None,
        cancelled: Callable[[], bool] = never_cancelled,
    ) -> Iterator[str]:
        """Yield the answer in pieces of text as they come.

        Args:
            messages: the prompt; what a memory says is data in a part of its own.
            limit: most tokens to generate.
            grammar: GBNF that the answer has to follow.
            seed: of the sampling; 0 always takes the likeliest token.
            bias: of the memories in the prompt; None leaves attention as it is.
            cancelled: asked before each token.
        """
        ...


def memory_id(*parts: str | int) -> str:
    """Hash the parts of an identity to 16 hex digits."""
    text = "\0".join(str(part) for part in parts)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def commit_memory_id(email: str, author_time: int, subject: str) -> str:
    """Identity of a commit's memory: kept by a rebase, an amend of the content and a cherry-pick."""
    return memory_id("commit", email.lower(), author_time, subject.strip())


def clashing_id(identity: str, ordinal: int) -> str:
    """Identity of the nth different change that one author made in one second under one subject."""
    return memory_id("clash", identity, ordinal) if ordinal else identity


def span_memory_id(path: str, symbol: str, text: str) -> str:
    """Identity of a file span: its path, its symbol and its text without regard to layout or case."""
    return memory_id("span", path, symbol, " ".join(text.lower().split()))


def tombstone(memory: Memory) -> Memory:
    """Return what is kept of a forgotten memory: its identity, so that indexing does not bring it back."""
    source = replace(memory.source, author="", email="", time=0)
    anchors = tuple(Anchor(path) for path in memory.paths) if source.type == "file" else ()
    return Memory(
        id=memory.id,
        kind="note",
        title="",
        body="",
        why="",
        source=source,
        commits=memory.commits,
        blobs=memory.blobs,
        anchors=anchors,
        noise="forgotten",
    )
