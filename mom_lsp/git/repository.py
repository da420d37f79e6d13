"""One worktree of a repository, read-only."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from mom_lsp import datafolder
from mom_lsp.errors import RepositoryError, UsageError
from mom_lsp.git.annotations import annotation_refs, blobs, changed_blobs
from mom_lsp.git.blame import OWN_FILE, BlameGroup, follow_moves, read_blame, revisions
from mom_lsp.git.blank import BlankGit
from mom_lsp.git.decode import decode
from mom_lsp.git.location import Location
from mom_lsp.git.log import DETAILS, parse_time, read_commits
from mom_lsp.git.overrides import Overrides
from mom_lsp.git.patch import read_patch
from mom_lsp.git.preimage import PreImage, read_preimages
from mom_lsp.git.runner import ADVICE, Runner, Stop, is_damage
from mom_lsp.git.torn import NO_GRAPH, TornHistory
from mom_lsp.git.values import Commit
from mom_lsp.git.working_tree import cleaned
from mom_lsp.pathnames import decoded

if TYPE_CHECKING:
    from mom_lsp.git.ancestors import Ancestors

PROJECT = re.compile(r"(?:[a-z+]+://[^/\s]+/|[\w.-]+@[\w.-]+:/?)(?P<name>\S+?)(?:\.git)?/?$")
CREDENTIALS = re.compile(r"(?<=://)[^/@]*@")
PROMISED = r"^(extensions\.partialclone|remote\..*\.promisor)$"
LISTING = ("--date-order", "--parents", "--end-of-options")
SKIPPED = 1 << 20  # bytes of a blob that are skipped at a time
UNBORN = "Needed a single revision"  # git's message for a HEAD without commits


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A regular file of a tree."""

    path: str
    blob: str
    size: int


class Repository:
    """Reads commits, trees and blame of one worktree; raises RepositoryError."""

    def __init__(self, location: Location) -> None:
        if location.git_dir is None or location.common_dir is None:
            raise RepositoryError(f"{location.root} is not a git repository")
        self.location = location
        self._common_dir = location.common_dir
        self._torn = TornHistory(location.git_dir, location.common_dir, location.data)
        self._run = Runner(location.git_dir, also=lambda: self._torn.environment)
        self._overrides = Overrides(location.common_dir, self._run, self._torn)
        self._blank = BlankGit(location, self._run, self._overrides)

    def resolve(self, rev: str = "HEAD") -> str | None:
        """Return the commit that `rev` names; None for a HEAD without commits.

        Raises:
            UsageError: there is no such revision.
        """
        try:
            return self._run.lines("rev-parse", "--verify", "--end-of-options", f"{rev}^{{commit}}")[0]
        except RepositoryError as error:
            if rev != "HEAD":
                raise UsageError(f"{rev!r} is not a commit in this repository: {error}") from error
            if UNBORN not in str(error):
                raise
            named = self._named_by_head()
            if named is None:
                return None
            raise RepositoryError(f"commit {named}, which HEAD names, cannot be read{ADVICE}") from error

    def _named_by_head(self) -> str | None:
        """Return the commit that HEAD names, whether it is there or not; None before the first commit."""
        try:
            return self._run.lines("rev-parse", "--verify", "HEAD")[0]
        except RepositoryError:
            return None

    def history(self, rev: str, *, without: Sequence[str] = ()) -> list[str]:
        """Return the ancestors of a commit, itself first, newest first; each was read, and not listed from a cache."""
        revisions = (rev, *(f"^{sha}" for sha in without))
        return self._listed("--date-order", "--end-of-options", *revisions, runner=self._run).decode().split()

    def graph(self, rev: str, *, without: Sequence[str] = ()) -> list[tuple[str, tuple[str, ...]]]:
        """Return (sha, parents) of the ancestors of a commit, itself first, newest first, parents after children."""
        revisions = [rev, *(f"^{sha}" for sha in without)]
        lines = self._listed(*LISTING, *revisions).decode().splitlines()
        return [(names[0], tuple(names[1:])) for names in map(str.split, lines)]

    def ancestors(self, rev: str, *, without: Sequence[str] = ()) -> Ancestors:
        """Return the same as arrays."""
        from mom_lsp.git.ancestors import Ancestors  # here: numpy, which a check for new commits does not need

        revisions = [rev, *(f"^{sha}" for sha in without)]
        return Ancestors.of_listing(self._listed(*LISTING, *revisions))

    def _listed(self, *arguments: str, runner: Runner | None = None) -> bytes:
        """Return what `git rev-list` prints; once more without what is missing or damaged, if git fails for that."""
        command = ("rev-list", *arguments) if runner is None else (*NO_GRAPH, "rev-list", *arguments)
        runner = runner or self._walk
        try:
            return runner.output(*command)
        except RepositoryError as error:
            tips = [one for one in arguments if not one.startswith(("-", "^"))]
            try:
                mended = is_damage(error) and self._torn.mend(self._run.lines("rev-parse", *tips))
            except OSError:  # the data folder is read-only
                mended = False
            if not mended:
                raise
            return runner.output(*command)

    @property
    def missing_commits(self) -> Sequence[str]:
        """The commits that are missing or damaged: the history is read without what led to them."""
        return self._torn.missing

    def keys(self, shas: Sequence[str]) -> Iterator[tuple[str, tuple[str, str], int, int, str]]:
        """Yield (sha, author emails, author time, commit time, first line) of each commit; missing ones are skipped.

        The emails are the one in the commit and that of the mailmap.
        """
        if not shas:
            return
        form = "%H%x00%ae%x00%aE%x00%at%x00%ct%x00%B"
        options = ("--ignore-missing", "--no-walk=unsorted", "--stdin", "-z", f"--format={form}")
        fields = self._run.output("log", *options, stdin=shas).decode("utf-8", "replace").split("\0")
        for sha, email, mapped, author_time, commit_time, message in zip(*[iter(fields)] * 6, strict=False):
            subject = message.strip().partition("\n")[0]
            yield sha, (email, mapped), parse_time(author_time), parse_time(commit_time), subject

    def commits(
        self,
        shas: Sequence[str],
        *,
        merges: bool = False,
        patch: bool = True,
        attributes: str = "",
        paths: Sequence[str] = (),
    ) -> Iterator[Commit]:
        """Yield commits with their diffs; boundary commits of a shallow clone get none: it would be the whole tree.

        With `paths`, the diffs have only those files, and commits that changed none of them may be missing. Without
        `patch`, they only have the names of the files.
        """
        shallow, details = self.shallow, DETAILS if patch else DETAILS[1:]
        whole = [sha for sha in shas if sha not in shallow]
        yield from read_commits(self._run, whole, details=details, merges=merges, attributes=attributes, paths=paths)
        cut = [sha for sha in shas if sha in shallow]
        yield from read_commits(self._run, cut, details=DETAILS[-1:])

    def preimages(self, shas: Sequence[str], attributes: str = "") -> Iterator[PreImage]:
        """Yield the old sides of commits."""
        return read_preimages(self._run, shas, attributes)

    @property
    def shallow(self) -> frozenset[str]:
        """The commits at which the history ends in this clone: it is shallow, or what comes before them is missing."""
        return self._overrides.shallow

    @property
    def overrides(self) -> frozenset[str]:
        """What currently overrides the parents that commits name. See `Overrides.all`."""
        return self._overrides.all

    @property
    def partial(self) -> bool:
        """Whether this is a partial clone, whose missing objects git would fetch on demand (which we forbid)."""
        try:
            return bool(self._run.lines("config", "--get-regexp", PROMISED))
        except RepositoryError:  # there is no such setting
            return False

    def lacks(self, commit: str) -> bool:
        """Whether trees or files of a commit are missing here."""
        if not self.has(commit):
            return False
        listing = self._run.lines("rev-list", "--objects", "--missing=print", "--max-count=1", commit)
        return any(line.startswith("?") for line in listing)

    def changed_paths(self, old: str, new: str) -> list[str]:
        """Return the paths that differ between the trees of two commits; a renamed file has two."""
        options = ("-r", "-z", "--no-renames", "--name-only", "--no-ext-diff", "--no-textconv")
        listing = self._run.output("diff-tree", *options, "--end-of-options", old, new)
        return decoded(listing).split("\0")[:-1]

    def annotation_refs(self) -> dict[str, str]:
        """Return the commit at each ref that keeps notes or checkpoints, by the ref's name."""
        return annotation_refs(self._run)

    def changed_blobs(self, old: str, new: str) -> Iterator[tuple[str, str, str]]:
        """Yield (path, old blob, new blob) of the files that differ between two commits; "" for none.

        Without an old commit, or one that is gone, that is all of them.
        """
        if old and self.has(old):
            return changed_blobs(self._run, old, new)
        return ((path, "", blob) for path, blob in blobs(self._run, new))

    def tree(self, commit: str, paths: Sequence[str] = ()) -> dict[str, TreeEntry]:
        """Return the regular files of a commit (with `paths`, only those) by path; no symbolic links and submodules."""
        options = ("-r", "-z", "--long", "--full-tree", "--end-of-options", commit)
        listing = self._run.output("--literal-pathspecs", "ls-tree", *options, *(("--", *paths) if paths else ()))
        entries = {}
        for record in decoded(listing).split("\0"):
            meta, _, path = record.partition("\t")
            fields = meta.split()
            if len(fields) == 4 and fields[1] == "blob" and fields[0].startswith("100"):
                size = int(fields[3]) if fields[3].isdigit() else 0
                entries[path] = TreeEntry(path, fields[2], size)
        return entries

    def blob_at(self, commit: str, path: str) -> str | None:
        """Return the blob of a path in a commit, None if it is no regular file there."""
        listing = decoded(self._run.output("--literal-pathspecs", "ls-tree", "-z", commit, "--", path))
        meta = listing.split("\0")[0].partition("\t")[0].split()
        return meta[2] if len(meta) == 3 and meta[1] == "blob" and meta[0].startswith("100") else None

    def texts(self, blobs: Sequence[str], max_size: int) -> Iterator[tuple[str, str]]:
        """Yield (blob, text) of the blobs that `contents` yields, decoded like the diffs of `commits`."""
        for blob, data in self.contents(blobs, max_size):
            yield blob, decode(data)

    def contents(self, blobs: Sequence[str], max_size: int) -> Iterator[tuple[str, bytes]]:
        """Yield (name, bytes) of the blobs that exist here, are text, and have at most `max_size` bytes.

        A blob may be named by its hash or as "commit:path".
        """
        with self._run.stream("cat-file", "--batch", "--buffer", stdin=blobs) as stream:
            for blob in blobs:
                header = stream.readline().split()
                if len(header) != 3 or not header[2].isdigit():
                    continue  # "<blob> missing": a partial clone, or no such path
                size = int(header[2])
                data = stream.read(min(size, max_size) + 1)[:size]
                for passed in range(max_size + 1, size + 1, SKIPPED):
                    stream.read(min(SKIPPED, size + 1 - passed))
                if header[1] == b"blob" and size <= max_size and b"\0" not in data[:8192]:
                    yield blob, data

    def cleaned(self, path: str, data: bytes) -> bytes:
        """Return a file of the work tree as git would store it. See `working_tree.cleaned`."""
        return cleaned(self._run, path, data)

    def blame(
        self,
        commit: str,
        path: str,
        *ranges: tuple[int, int],
        moves: bool = False,
        plain: Sequence[BlameGroup] = (),
        timeout: float | None = None,
        stop: Stop | None = None,
    ) -> list[BlameGroup]:
        """Return who last wrote the lines of a file in a commit, ignoring white-space changes and `ignored_revisions`.

        Args:
            commit: to blame.
            path: of the file.
            ranges: of lines, 1-based and inclusive; none for the whole file.
            moves: follow moves within a file and between the files of a commit, for three times the work.
            plain: the answer without moves, if it is known: a third of that work.
            timeout: seconds that one git may take, None for no limit.
            stop: called repeatedly; git is ended once it returns True.

        Raises:
            RepositoryError: no such file or lines, objects are missing, or git was ended.
        """
        ask = partial(
            read_blame,
            self._blank.runner,
            commit,
            path,
            ranges,
            ignored=self.ignored_revisions(commit),
            cut=self.shallow,
            timeout=timeout,
            stop=stop,
        )
        plain = plain or ask(moves=False)
        if not moves:
            return list(plain)
        deep = ask(moves=True)
        writers = {line: group.commit for group in deep for line in group.lines}
        carriers = {one.commit for one in plain for line in one.lines if writers[line] != one.commit}
        lines = next((text.split("\n") for _, text in self.texts([self.blob_at(commit, path) or ""], sys.maxsize)), [])
        return follow_moves(plain, deep, lines, self.commits(sorted(carriers), merges=True))

    @property
    def _walk(self) -> Runner:
        """A runner for commands that walk the history."""
        return Runner(self._run.git_dir, self._blank.with_graph, lambda: self._torn.environment)

    def lacks_commit_graph(self, tip: str) -> bool:
        """Whether our commit-graph was never written and would help. See `BlankGit.lacks_graph`."""
        return self._blank.lacks_graph(tip)

    def write_commit_graph(self, tips: Sequence[str]) -> None:
        """Bring our commit-graph up to date. See `BlankGit.write_graph`."""
        self._blank.write_graph(tips)

    def ignored_revisions(self, commit: str) -> list[str]:
        """Return the commits that blame ignores: indexed formatting, and the committed .git-blame-ignore-revs."""
        indexed = self.location.data / datafolder.IGNORED_REVISIONS
        texts = [indexed.read_text("ascii", "replace")] if indexed.is_file() else []
        blob = self.blob_at(commit, OWN_FILE)
        texts += [text for _, text in self.texts([blob], 1_000_000)] if blob else []
        return [name for text in texts for name in revisions(text, len(commit))]

    def has(self, commit: str) -> bool:
        """Whether a commit still exists; rewritten ones are garbage-collected some day."""
        return self._run.lines("cat-file", "--batch-check", stdin=[commit])[0].split()[1:2] == ["commit"]

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Whether `commit` is in the history of `of`."""
        return self.has(commit) and not self._walk.lines("rev-list", "--max-count=1", commit, "--not", of)

    def touched(self, path: str, since: str, until: str) -> bool:
        """Whether a commit after `since` changed a file."""
        return bool(
            self._walk.lines("--literal-pathspecs", "rev-list", "--max-count=1", until, f"^{since}", "--", path)
        )

    def worktrees(self) -> list[Path]:
        """Return the git directories of all worktrees of the repository, this one's included."""
        linked = self._common_dir / "worktrees"
        folders = sorted(linked.iterdir()) if linked.is_dir() else []
        return [self._common_dir, *(folder for folder in folders if (folder / "HEAD").is_file())]

    def checked_out(self) -> set[str]:
        """Return the commits at the HEADs of all worktrees."""
        listed = self._run.lines("worktree", "list", "--porcelain")
        return {line.removeprefix("HEAD ") for line in listed if line.startswith("HEAD ")}

    def version(self) -> str:
        """Return git's version."""
        return self._run.lines("version")[0]

    @cached_property
    def projects(self) -> tuple[str, ...]:
        """Return the "owner/name" of this project by its remotes; local remotes have none."""
        urls = (PROJECT.match(url) for _, url in self.remotes)
        return tuple(dict.fromkeys(url["name"] for url in urls if url))

    @cached_property
    def remotes(self) -> tuple[tuple[str, str], ...]:
        """Return the names and URLs of the remotes, without credentials."""
        try:
            lines = self._run.lines("config", "--get-regexp", r"^remote\..*\.url$")
        except RepositoryError:  # there are no remotes
            return ()
        pairs = (line.partition(" ") for line in lines)
        return tuple((key[len("remote.") : -len(".url")], CREDENTIALS.sub("", url)) for key, _, url in pairs)

    def messages(self, shas: Sequence[str]) -> Iterator[Commit]:
        """Yield commits without their files, in the given order."""
        return read_commits(self._run, shas, details=("message",))

    def patch(self, commit: str) -> str:
        """Return message and patch of a commit as text. See `read_patch`."""
        return read_patch(self._run, commit)

    def remote_url(self) -> str | None:
        """Return the URL of the remote called origin, without credentials; None if there is none."""
        try:
            url = self._run.lines("config", "--get", "remote.origin.url")[0]
        except RepositoryError:
            return None
        return CREDENTIALS.sub("", url)
