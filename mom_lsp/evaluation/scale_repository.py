"""Repositories of any number of commits, made by `git fast-import` from a seed: the same seed makes the same commits.

Like real ones: files are added, edited, renamed and deleted, some far more often than others; a few authors make most
commits; half of the messages give a reason, in words of a Zipf distribution; a few commits revert the one before.
"""

from __future__ import annotations

import random
import subprocess
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import IO

from mom_lsp.evaluation.bench_clone import run_command

BRANCH = "main"
START, MINUTES = 1_200_000_000, (5, 600)  # seconds since 1970 of the first commit; between two commits
AUTHORS, WORDS, FOLDERS = 200, 30_000, 40  # that there are
SHAPES = {"edit": 0.80, "add": 0.10, "rename": 0.04, "revert": 0.04, "delete": 0.02}  # of commits, and their shares
SHORTEST, LONGEST, TAIL = 40, 1_500, 1.2  # lines of a new file, by a Pareto distribution
HUNKS, EDITED = (1, 3), (1, 10)  # of an edit; lines of one
TOGETHER = (1, 1, 1, 2, 2, 3, 5)  # files that one commit edits
FEWEST = 8  # files below which one is added
RECENT = 20  # commits that may be reverted
VERBS = ("Add", "Fix", "Avoid", "Remove", "Check", "Retry", "Cache", "Limit", "Split", "Close")
REASONS = ("because", "since", "so that", "otherwise", "to avoid that", "which broke when", "as reported when")
SYLLABLES = tuple(
    consonant + vowel for consonant in "bcdfglmnprstvz" for vowel in ("a", "e", "i", "o", "u", "an", "er")
)


@dataclass(slots=True)
class _Edit:
    """A commit that may be reverted: one file, its content before and after."""

    mark: int
    subject: str
    path: str
    before: list[str]
    after: list[str]


@dataclass
class _Author:
    """Writes the commits of one history."""

    stream: IO[bytes]
    answers: IO[bytes]
    random: random.Random
    files: dict[str, list[str]] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)  # of `files`; the first ones change most often
    recent: deque[_Edit] = field(default_factory=lambda: deque(maxlen=RECENT))
    mark: int = 0
    time: int = START

    def __post_init__(self) -> None:
        self.words = [self._word(number) for number in range(WORDS)]
        self.zipf = list(accumulate(1 / rank for rank in range(1, WORDS + 1)))
        self.writers = list(accumulate(1 / rank for rank in range(1, AUTHORS + 1)))

    def commit(self) -> None:
        """Write one more commit."""
        shape = self.random.choices(list(SHAPES), list(SHAPES.values()))[0]
        if len(self.files) < FEWEST or shape == "add":
            self._add()
        elif shape == "rename":
            self._rename()
        elif shape == "delete":
            self._delete()
        elif not (shape == "revert" and self._revert()):
            self._edit()

    def _add(self) -> None:
        path = self._free_path()
        self.files[path] = [self._line() for _ in range(min(LONGEST, int(SHORTEST * self.random.paretovariate(TAIL))))]
        self.paths.append(path)
        self._write(self._message(path), [self._modified(path)])

    def _rename(self) -> None:
        at, path = self._place(), self._free_path()
        old, self.paths[at] = self.paths[at], path
        self.files[path] = self.files.pop(old)
        self._write(self._message(path), [b"R %s %s\n" % (old.encode(), path.encode())])

    def _delete(self) -> None:
        path = self.paths.pop(self._place())
        del self.files[path]
        self._write(self._message(path), [b"D %s\n" % path.encode()])

    def _edit(self) -> None:
        paths = sorted({self.paths[self._place()] for _ in range(self.random.choice(TOGETHER))})
        before = self.files[paths[0]]
        for path in paths:
            self.files[path] = self._edited(self.files[path])
        message = self._message(paths[0])
        self._write(message, map(self._modified, paths))
        if len(paths) == 1:
            subject = message.partition("\n")[0]
            self.recent.append(_Edit(self.mark, subject, paths[0], before, self.files[paths[0]]))

    def _revert(self) -> bool:
        """Revert a recent commit whose file is still as it left it; whether there is one."""
        edit = next((one for one in reversed(self.recent) if self.files.get(one.path) is one.after), None)
        if edit is None:
            return False
        self.recent.remove(edit)
        self.files[edit.path] = edit.before
        self.stream.write(b"get-mark :%d\n" % edit.mark)
        self.stream.flush()
        sha = self.answers.readline().strip().decode()
        message = f'Revert "{edit.subject}"\n\nThis reverts commit {sha}.\n\n{self._reason()}\n'
        self._write(message, [self._modified(edit.path)])
        return True

    def _edited(self, lines: list[str]) -> list[str]:
        for _ in range(self.random.randint(*HUNKS)):
            count, at = self.random.randint(*EDITED), self.random.randrange(len(lines))
            grown = self.random.randint(-1, 1) if len(lines) > SHORTEST else 1
            lines = [*lines[:at], *(self._line() for _ in range(count + grown)), *lines[at + count :]]
        return lines

    def _write(self, message: str, changes: Iterable[bytes]) -> None:
        self.mark += 1
        self.time += 60 * self.random.randint(*MINUTES)
        who = self.random.choices(range(AUTHORS), cum_weights=self.writers)[0]
        name, text = f"Author {who} <author{who}@example.org>", message.encode()
        self.stream.write(b"commit refs/heads/%s\nmark :%d\n" % (BRANCH.encode(), self.mark))
        self.stream.write(f"author {name} {self.time} +0000\ncommitter {name} {self.time} +0000\n".encode())
        self.stream.write(b"data %d\n%s\n" % (len(text), text))
        self.stream.writelines(changes)

    def _modified(self, path: str) -> bytes:
        data = "".join(self.files[path]).encode()
        return b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)

    def _place(self) -> int:
        """Return where in `paths` a file is, mostly one of the first."""
        return int(len(self.paths) * self.random.random() ** 2)

    def _free_path(self) -> str:
        while (path := f"src/{self.words[self.random.randrange(FOLDERS)]}/{'_'.join(self._some(2))}.py") in self.files:
            pass
        return path

    def _message(self, path: str) -> str:
        subject = f"{self.random.choice(VERBS)} {' '.join(self._some(self.random.randint(2, 5)))} in {Path(path).stem}"
        if self.random.random() < 0.5:
            return f"{subject}\n"
        return f"{subject}\n\n" + "\n".join(self._reason() for _ in range(self.random.randint(1, 4))) + "\n"

    def _reason(self) -> str:
        some = self._some(self.random.randint(8, 16))
        return f"The {' '.join(some[:4])} {self.random.choice(REASONS)} {' '.join(some[4:])}."

    def _line(self) -> str:
        name, *words = self._some(self.random.randint(3, 6))
        return f"    {name} = {'_'.join(words[:2])}({', '.join(words[2:])})\n"

    def _some(self, count: int) -> list[str]:
        return self.random.choices(self.words, cum_weights=self.zipf, k=count)

    @staticmethod
    def _word(number: int) -> str:
        """Return the word of a number, the more frequent ones shorter."""
        word = ""
        number += len(SYLLABLES)
        while number:
            number, at = divmod(number, len(SYLLABLES))
            word += SYLLABLES[at]
        return word


def make_repository(root: Path, commits: int, seed: int = 0) -> None:
    """Make a repository of so many commits in a new folder, packed like a clone, and check its branch out."""
    root.mkdir(parents=True)
    git = ("git", "-C", str(root))
    run_command(*git, "init", "--quiet", f"--initial-branch={BRANCH}")
    run_command(*git, "config", "gc.auto", "0")
    with subprocess.Popen(
        [*git, "fast-import", "--quiet", "--force"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as importing:
        assert importing.stdin is not None and importing.stdout is not None
        author = _Author(importing.stdin, importing.stdout, random.Random(seed))
        for _ in range(commits):
            author.commit()
        importing.stdin.close()
    if importing.returncode:
        raise subprocess.CalledProcessError(importing.returncode, "git fast-import")
    run_command(*git, "repack", "-a", "-d", "-q")
    run_command(*git, "reset", "--quiet", "--hard")


def commit_edit(root: Path, paths: Sequence[str], number: int) -> None:
    """Commit an edit of one of some files, with a message that no other number has."""
    file = root / paths[number % len(paths)]
    lines = file.read_text("utf-8", "surrogateescape").split("\n")
    lines.insert(number % len(lines), f"# step {number}")
    file.write_text("\n".join(lines), "utf-8", "surrogateescape")
    message = f"Note step {number}\n\nBecause the reader of step {number} would not expect it."
    who = ("-c", "user.name=Author", "-c", "user.email=author@example.org", "-c", "gc.auto=0")
    run_command("git", "-C", str(root), *who, "commit", "--quiet", "--no-verify", "-m", message, "--", str(file))
