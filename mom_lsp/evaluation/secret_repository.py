"""A repository with secrets in every place where people leave them, written by `git fast-import`."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mom_lsp.evaluation.secret_corpus import KINDS, SecretKind

AT = 1_700_000_000  # seconds since 1970 of the first commit
KEY_LINE = 60  # characters; shorter lines of a key are no secret
ADA = "Ada <ada@example.org>"

TEXTS = (
    "body",
    "added line",
    "removed line",
    "comment",
    "docstring",
    "document",
    "changelog",
    "git note",
    "pull request",
    "own note",
)
LINES = ("subject", "trailer", "heading")  # of one line
NAMES = ("author", "e-mail", "file name", "branch")  # without spaces and slashes
PLACES = TEXTS + LINES + NAMES


@dataclass(frozen=True, slots=True)
class Planted:
    """A secret in a place."""

    kind: str
    place: str
    text: str  # as it is written there
    hidden: tuple[str, ...]  # what nobody may find


def plant(seed: int = 0) -> Iterator[Planted]:
    """Yield a secret of each kind for each place where it can stand."""
    for kind in KINDS:
        rng = random.Random(f"{seed} {kind.name}")
        for place in PLACES:
            if planted := _planted(kind, place, rng):
                yield planted


def _planted(kind: SecretKind, place: str, rng: random.Random) -> Planted | None:
    secret = kind.make(rng)
    text = rng.choice(kind.forms).format(secret)
    if place in NAMES:
        text = secret if "{}" in kind.forms else text
        if kind.lines or set(text) & set(" /\\\"'<>{}\n"):
            return None
    if kind.lines and place not in TEXTS:
        return None
    hidden = tuple(line for line in secret.split("\n") if len(line) >= KEY_LINE) if kind.lines else (secret,)
    return Planted(kind.name, place, text, hidden)


@dataclass
class SecretRepository:
    """Writes a repository, and an export of its pull requests."""

    root: Path
    _stream: list[bytes] = field(default_factory=list)
    _notes: list[tuple[int, str]] = field(default_factory=list)
    _pulls: list[dict[str, object]] = field(default_factory=list)
    _marks: int = 0

    def write(self, planted: Sequence[Planted]) -> Path:
        """Write all but the notes of the user; return the export."""
        subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(self.root)], check=True)
        for number, one in enumerate(planted):
            self._plant(number, one)
        self._write_notes()
        stream = b"".join(self._stream)
        subprocess.run(["git", "-C", str(self.root), "fast-import", "--quiet"], input=stream, check=True)
        subprocess.run(["git", "-C", str(self.root), "reset", "--quiet", "--hard", "main"], check=True)
        export = self.root.with_suffix(".json")
        export.write_text(json.dumps(self._pulls), "utf-8")
        return export

    def _plant(self, number: int, one: Planted) -> None:
        text, name = one.text, f"part{number}"
        indented = text.replace("\n", "\n    ")
        match one.place:
            case "subject":
                self._commit(f"Fix the login of {name}: it used {text}")
            case "body":
                self._commit(
                    f"Fix the login of {name}\n\nBecause nobody else knows it, it used this:\n\n{text}\n\nDone."
                )
            case "trailer":
                self._commit(f"Fix the login of {name}\n\nIt failed before.\n\nReason: because {text} is old")
            case "author":
                self._commit(f"Fix {name}, because it failed", author=f"{text} <ada@example.org>")
            case "e-mail":
                self._commit(f"Fix {name}, because it failed", author=f"Ada <{text}@example.org>")
            case "file name":
                self._commit(
                    f"Add {name}, because it failed", {f"files/{text}/{name}.py": "x = 1\n", f"{text}.md": "# A\n"}
                )
            case "branch":
                self._commit(f"Merge branch '{text}' into main\n\nBecause {name} needs it.")
            case "added line":
                self._commit(
                    f"Add {name}, because it failed", {f"src/{name}.py": f"def f():\n    '''\n    {indented}\n"}
                )
            case "removed line":
                path = f"src/{name}.py"
                self._commit(f"Add {name}", {path: f"def f():\n    {indented}\n    return 1\n"})
                self._commit(f"Change {name}, because it failed", {path: "def f():\n    return 1\n"})
            case "comment":
                commented = "".join(f"# {line}\n" for line in text.split("\n"))
                code = f"# NOTE: this must stay, because nobody else may log in:\n{commented}x = 1\n"
                self._commit(f"Explain {name}", {f"src/{name}.py": code})
            case "docstring":
                code = f'def f():\n    """Log in.\n\n    It must be so, because of this:\n    {indented}\n    """\n'
                self._commit(f"Describe {name}", {f"src/{name}.py": code})
            case "document":
                written = f"# Decision {name}\n\n## Context\n\nWe must use this because it is ours:\n\n{text}\n"
                self._commit(f"Decide {name}", {f"docs/adr/{number:04}-{name}.md": written})
            case "heading":
                written = f"# Contributing\n\n## You must never use {text}\n\nBecause it is old, {name} fails.\n"
                self._commit(f"Document {name}", {f"{name}/CONTRIBUTING.md": written})
            case "changelog":
                written = f"# Changelog\n\n## 1.0\n\n- Fixed {name}, which failed because of:\n  {text}\n"
                self._commit(f"Release {name}", {f"{name}/CHANGELOG.md": written})
            case "git note":
                self._notes.append((self._commit(f"Change {name}"), f"Because nobody else knows it:\n{text}"))
            case "pull request":
                self._commit(f"Change {name} (#{number + 1})")
                self._pulls.append(_pull(number + 1, name, text))

    def _commit(self, message: str, files: dict[str, str] | None = None, author: str = ADA) -> int:
        """Write a commit, and return its mark; without files it changes one of its own."""
        self._marks += 1
        time = f"{AT + 3600 * self._marks} +0000"
        head = f"commit refs/heads/main\nmark :{self._marks}\nauthor {author} {time}\ncommitter {ADA} {time}\n"
        self._stream += [head.encode(), _data(message)]
        for path, content in (files or {f"src/module{self._marks}.py": f"value = {self._marks}\n"}).items():
            self._stream += [f'M 100644 inline "{path}"\n'.encode(), _data(content)]
        return self._marks

    def _write_notes(self) -> None:
        self._stream += [f"commit refs/notes/review\ncommitter {ADA} {AT} +0000\n".encode(), _data("Notes")]
        for mark, note in self._notes:
            self._stream += [f"N inline :{mark}\n".encode(), _data(note)]


def _data(text: str) -> bytes:
    encoded = text.encode()
    return b"data %d\n%s\n" % (len(encoded), encoded)


def _pull(number: int, name: str, text: str) -> dict[str, object]:
    """Return a pull request as `gh pr list --json` prints it."""
    comment = {
        "author": {"login": "bob"},
        "body": f"We must keep it, because:\n{text}",
        "createdAt": "2024-01-01T00:00:00Z",
    }
    return {
        "number": number,
        "title": f"Change {name}",
        "body": f"The login failed, because it used this:\n\n{text}\n",
        "author": {"login": "ada"},
        "state": "MERGED",
        "mergedAt": "2024-01-02T00:00:00Z",
        "createdAt": "2024-01-01T00:00:00Z",
        "url": f"https://github.com/o/n/pull/{number}",
        "comments": [comment],
    }
