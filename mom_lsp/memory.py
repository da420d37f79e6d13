"""The value types of the project: frozen, without I/O.

A *memory* (SCMS Layer 0) is one candidate pattern that the repository or the user wrote down once and that is
validated by being used again. A memory has what the repository says; feedback and strength are folded from the journal
and never stored in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
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
SourceType = Literal["commit", "file", "user", "discussion"]
Relation = Literal["revert", "reapply", "partial_revert", "fixes", "followup", "mention"]
Status = Literal["candidate", "validated", "promoted", "needs_revision", "replaced", "archived"]
Confidence = Literal["low", "medium", "high"]
EpisodeKind = Literal["branch", "issue", "session"]
Freshness = Literal["fresh", "moved", "drifted", "gone"]


@dataclass(frozen=True, slots=True)
class DiscussionPart:
    """The part of a discussion on a code host that a memory was made of."""

    type: Literal["pull_request", "issue"]
    number: int
    state: Literal["open", "closed", "merged"]
    part: str = ""  # the key of a review thread in the archive, "" for the discussion itself
    anchor: str = ""  # of the link to it: "discussion_r123"
    project: str = ""  # "owner/name", "" if it is unknown


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a memory: a commit, a span of a committed file, a note of the user, or a discussion."""

    type: SourceType
    commit: str | None = None  # full sha; None for a file span, whose commit comes from blame
    author: str = ""
    email: str = ""
    time: int = 0  # seconds since 1970, UTC; author date of a commit
    path: str | None = None
    line: int | None = None  # 1-based first line of a file span
    end_line: int | None = None  # inclusive
    blob: str | None = None  # of the file with the span
    discussion: DiscussionPart | None = (
        None  # its `author` is then a login, its `commit` the one that brought the lines
    )


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place that a memory is about: a path, its symbols, and the lines it wrote there."""

    path: str
    symbols: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()  # (first line, number of lines) in the new file


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference of one memory to an earlier one. Resolved when read, since only ancestors of HEAD count."""

    relation: Relation
    target: str  # "1a2b3c4…" (7 to 64 lower-case hex digits), "#123", or another form that `extract.references` lists


@dataclass(frozen=True, slots=True)
class Memory:
    """One memory, as extracted from the repository or written by the user, with secrets removed."""

    id: str
    kind: Kind
    title: str
    body: str
    why: str  # the rationale in the text, "" if there is none
    source: Source
    commits: tuple[str, ...] = ()  # all commits with this change (a cherry-pick adds one)
    blobs: tuple[str, ...] = ()  # of a file span: the blobs that have it
    anchors: tuple[Anchor, ...] = ()
    added: tuple[str, ...] = ()  # identifiers
    removed: tuple[str, ...] = ()
    added_lines: tuple[int, ...] = ()  # 32-bit keys of changed lines, to find them again
    removed_lines: tuple[int, ...] = ()
    added_normalized: tuple[int, ...] = ()  # keys of `added_lines` without layout, in their order; () if not known
    references: tuple[Reference, ...] = ()
    numbers: tuple[int, ...] = ()  # issue or pull request numbers of this commit
    aliases: tuple[str, ...] = ()  # other names in references, besides hash, number and title
    renames: tuple[tuple[str, str], ...] = ()  # (old path, new path); see `extract.renames.packed`
    trailers: tuple[tuple[str, str], ...] = ()
    evidence: float = 0.0  # that it was not routine; its quintile is the surprise
    informative: float = 0.0  # the probability that its text tells a reader something that the code does not
    noise: str = ""  # why it is never suggested (routine history), "" if it may be

    @property
    def paths(self) -> tuple[str, ...]:
        """The anchors' paths, in their order."""
        return tuple(anchor.path for anchor in self.anchors)


@dataclass(frozen=True, slots=True)
class Pin:
    """The place of a pin: a line in a function, a line outside of any, or a whole file."""

    path: str  # of the file at that time
    symbol: str = ""
    line: int = 0
    key: int = 0  # to find the line again, 0 for none


@dataclass(frozen=True, slots=True)
class Usage:
    """The feedback on a memory and its impressions, folded from the journal."""

    pinned: bool = False
    pins: tuple[Pin, ...] = ()  # count while it is pinned
    forgotten: bool = False
    uses: int = 0  # how often it was used
    first_used: float = 0.0  # seconds since 1970
    last_used: float = 0.0
    places: tuple[tuple[str, str, float], ...] = ()  # (path, symbol, first time) where it was accepted
    failures: int = 0  # dismissals where it had been accepted
    shown: int = 0  # impressions in a list or a hover, once per file and day, since it was last restored
    shown_on: tuple[int, frozenset[str]] = (0, frozenset())  # the last such day with its files
    hinted: int = 0  # impressions as a hint, once per file and day, since it was last accepted or restored
    hinted_on: tuple[int, frozenset[str]] = (0, frozenset())
    dismissed: frozenset[tuple[str, str]] = frozenset()  # (path, symbol) where the user dismissed it
    never: bool = False  # dismissed everywhere
    restored: float = 0.0  # time of the last restore
    discounted: frozenset[str] = frozenset()  # commits whose change of status was undone

    def is_dismissed(self, names: Iterable[str], symbol: str) -> bool:
        """Whether it was dismissed in a function of a file, or in all of it; the file has these names, also earlier."""
        return bool(self.dismissed) and any((name, part) in self.dismissed for name in names for part in (symbol, ""))


@dataclass(frozen=True, slots=True)
class MemoryStatus:
    """The status and strength of a memory on one HEAD."""

    status: Status = "candidate"
    layer: int = 0  # 0 candidate, 1 accepted in two places, 2 a procedure used five times
    confidence: Confidence = "low"
    reason: str = ""  # for the status
    tier: str = "episodic"
    strength: float = 0.0  # in [0, 1]
    half_life: float | None = None  # active days until the strength is halved, None while it does not decay


@dataclass(frozen=True, slots=True)
class Failed:
    """A failed approach: a change that was reverted, or a fix that needed a fix."""

    kind: Kind  # failed_approach, anti_pattern (reverted more than once), bug_pattern (a fix of a fix)
    tried: str  # title of the change
    because: str  # the sentence that says why it failed, "" if none does
    by: tuple[str, str]  # id and title of the revert or the second fix
    replaced_by: tuple[str, str] | None = None  # id and title of the replacement
    again: bool = False  # whether the open text repeats it


@dataclass(frozen=True, slots=True)
class Grouped:
    """The episode of a memory."""

    kind: EpisodeKind
    title: str
    members: tuple[str, ...]  # ids, oldest first


AGENT = "Agent"  # key of the trailer that names a coding agent: ours, since a message's own keys of one word are known

FORGOTTEN = "forgotten"  # the noise of a memory without text
TERMS = ("sem", "lex", "temp", "use", "place")


class Proof(Protocol):
    """The evidence that a memory proved useful at a place."""

    @property
    def task(self) -> str:
        """What the user was doing: "editing", "why" or "search"."""
        ...

    @property
    def place(self) -> tuple[str, ...]:
        """Domain, folder, file and symbol, as far as they matter."""
        ...

    @property
    def visits(self) -> int:
        """On how many days it was accepted, dismissed, or ignored in favour of another one there."""
        ...

    @property
    def accepted(self) -> int:
        """On how many of them it was accepted."""
        ...


@dataclass(frozen=True, slots=True)
class Scored:
    """A memory with its score, the signed share of each term (they sum to the score) and the reason."""

    memory: Memory
    score: float
    terms: dict[str, float]
    reason: str
    chance: float | None = None  # relevance: the calibrated probability that the user needs it; None without a question
    usefulness: float | None = None  # the probability that it is worth reading at the place asked about
    trial: bool = False  # chosen by a strategy, not by its score, to find out whether it is useful
    proven: Proof | None = None  # that it proved useful at the place asked about, or without a question, anywhere
    usage: Usage = field(default_factory=Usage)
    lifecycle: MemoryStatus = field(default_factory=MemoryStatus)
    freshness: Freshness = "fresh"
    surprise: int = 1  # 1 to 5
    lines: tuple[int, ...] = ()  # 1-based lines of the open text that it last wrote
    replacement: str | None = None  # id of the memory that reverted it
    failure: Failed | None = None
    episode: Grouped | None = None


class Encoder(Protocol):
    """Text to vectors of unit length."""

    name: str  # changes whenever the vectors change

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return float32 (len(texts), dimensions), rows of unit length."""
        ...

    def load(self) -> object:
        """Load it unless it is loaded."""
        ...

    def unload(self) -> None:
        """Free its memory; the next use loads it again."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message. The text of a memory has its id, so that its span of tokens is known."""

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
    """Return False: for work that is never cancelled."""
    return False


# Attention bias in logits by memory: one number for all heads, or (layer, head, strength) for some; 0 for no change.
Bias = Mapping[str, float | Sequence[tuple[int, int, float]]]


class Generator(Protocol):
    """A local language model."""

    @property
    def name(self) -> str:
        """The name of the model, which changes with its weights."""
        ...

    @property
    def context(self) -> int:
        """The context window in tokens: prompt and answer together."""
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
        """Yield the answer in pieces of text as they are generated.

        Args:
            messages: the prompt; the text of each memory is a part of its own.
            limit: maximum number of tokens.
            grammar: GBNF that the answer must follow.
            seed: of the sampling; 0 for greedy decoding.
            bias: of the memories in the prompt; None for no bias.
            cancelled: called before each token.
        """
        ...


def memory_id(*parts: str | int) -> str:
    """Return the hash of the parts of an identity, 16 hex digits."""
    text = "\0".join(str(part) for part in parts)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def commit_memory_id(
    emails: Sequence[str], author_time: int, subject: str, known: Collection[str] = frozenset()
) -> str:
    """Return the id of a commit's memory: the same after a rebase, an amended diff and a cherry-pick.

    Args:
        emails: of the author, as in the commit, then by the mailmap: a mailmap changes, but older versions used it.
        author_time: seconds since 1970.
        subject: the first line.
        known: ids that feedback was given to, one of which is preferred.
    """
    ids = [memory_id("commit", email.lower(), author_time, subject.strip()) for email in emails]
    return next((one for one in ids if one in known), ids[0])


def clashing_id(identity: str, ordinal: int) -> str:
    """Return the id of the nth different change by one author in one second with one subject."""
    return memory_id("clash", identity, ordinal) if ordinal else identity


def span_memory_id(path: str, symbol: str, text: str) -> str:
    """Return the id of a file span: of its path, symbol and text, without layout and case."""
    return memory_id("span", path, symbol, " ".join(text.lower().split()))


def discussion_memory_id(project: str, type: str, number: int, part: str) -> str:
    """Return the id of a review thread, or of a pull request as a whole (`part` is "")."""
    return memory_id("discussion", project, type, number, part)


def tombstone(memory: Memory) -> Memory:
    """Return what is stored of a forgotten memory: its identity, so that indexing does not restore it."""
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
        noise=FORGOTTEN,
    )
