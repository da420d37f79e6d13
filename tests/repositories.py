"""Makes real git repositories: deterministic, and independent of the user's configuration."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mom_lsp.engine.requests import answer
from mom_lsp.engine.service import Service
from mom_lsp.git import Location, Repository, locate
from mom_lsp.indexing import Summary, index, index_settings
from mom_lsp.settings import Settings
from mom_lsp.workspace.library.blame_patience import BlamePatience

START = 1_700_000_000  # seconds since 1970: when the first commit is made
HOUR = 3600  # seconds between two commits
AUTHOR = "Ada Lovelace <ada@example.org>"
ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_COMMITTER_NAME": "Grace Hopper",
    "GIT_COMMITTER_EMAIL": "grace@example.org",
    "GIT_EDITOR": "true",
}
# A user's settings. The messages of small repositories tell little, and are shown all the same.
SHOW_ALL = "[suggest]\nthreshold = 0\n[hints]\nthreshold = 0\n"
WITHOUT_MODELS = "[encoder]\nenable = false\n[model]\nenable = false\n"
CONFIG = ("gc.auto=0", "maintenance.auto=false", "init.defaultBranch=main", "protocol.file.allow=always")


@dataclass
class Repo:
    """A worktree that a test writes to with plain git."""

    root: Path
    now: list[int] = field(default_factory=lambda: [START])  # shared by the worktrees of one repository

    def git(
        self, *args: str, stdin: bytes | None = None, check: bool = True, env: Mapping[str, str] | None = None
    ) -> str:
        """Run plain git in the repository, an hour after the last call; return its output without the last newline."""
        self.now[0] += HOUR
        dates = {f"GIT_{who}_DATE": f"{self.now[0]} +0000" for who in ("AUTHOR", "COMMITTER")}
        author, _, email = AUTHOR.rstrip(">").partition(" <")
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        options = [part for entry in CONFIG for part in ("-c", entry)]
        done = subprocess.run(
            ["git", *options, *args],
            cwd=self.root,
            env={
                **inherited,
                "GIT_AUTHOR_NAME": author,
                "GIT_AUTHOR_EMAIL": email,
                **ENVIRONMENT,
                **dates,
                **(env or {}),
            },
            input=stdin or b"",
            capture_output=True,
        )
        if check and done.returncode:
            raise AssertionError(f"git {' '.join(args)}: {done.stderr.decode('utf-8', 'replace')}")
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def write(self, path: str | bytes, content: str | bytes) -> Path:
        """Write a file of the work tree."""
        file = self.root / os.fsdecode(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def commit(
        self, message: str | bytes, files: Mapping[str, str] | None = None, *, author: str = AUTHOR, date: int = 0
    ) -> str:
        """Write files, commit all of the work tree and return the new commit."""
        for path, content in (files or {}).items():
            self.write(path, content)
        self.git("add", "--all")
        text = message.encode() if isinstance(message, str) else message
        dated = {"GIT_AUTHOR_DATE": f"{date} +0000"} if date else {}
        options = ("--quiet", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim", f"--author={author}")
        self.git("commit", *options, "--file=-", stdin=text, env=dated)
        return self.head

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    @property
    def location(self) -> Location:
        return locate(self.root)

    @property
    def repository(self) -> Repository:
        return Repository(self.location)

    def worktree(self, path: Path, *args: str) -> Repo:
        """Add a linked worktree."""
        self.git("worktree", "add", "--quiet", *args, str(path))
        return Repo(path, self.now)


def make_repository(path: Path, *options: str) -> Repo:
    """Make an empty repository."""
    path.mkdir(parents=True)
    repo = Repo(path)
    repo.git("init", "--quiet", *options)
    return repo


def clone(source: Repo, path: Path, *options: str) -> Repo:
    """Clone as over a network, so that --depth and --filter count."""
    Repo(path.parent, source.now).git("clone", "--quiet", *options, f"file://{source.root}", str(path))
    return Repo(path, source.now)


def with_line(code: str, line: int, text: str) -> str:
    """Return the code with one line replaced."""
    lines = code.split("\n")
    lines[line - 1] = text
    return "\n".join(lines)


class Change(NamedTuple):
    """A commit that writes one file."""

    message: str
    path: str
    text: str


def import_commits(repo: Repo, changes: Iterable[Change], start: int = START, every: int = 60) -> None:
    """Add commits by the hundred to `main`, some seconds apart, in a single call of git."""
    stream = []
    for number, (message, path, text) in enumerate(changes):
        at = start + number * every
        stream += [
            "commit refs/heads/main",
            f"author {AUTHOR} {at} +0000",
            f"committer {AUTHOR} {at} +0000",
            f"data {len(message)}\n{message}",
            *(["from refs/heads/main^0"] if not number and repo.git("for-each-ref", "refs/heads/main") else []),
            f"M 100644 inline {path}",
            f"data {len(text)}\n{text}",
        ]
    repo.git("fast-import", "--quiet", stdin="\n".join(stream).encode() + b"\n")
    repo.git("reset", "--quiet", "--hard", "main")


def fill(repo: Repo, commits: int, files: int = 20) -> None:
    """Add commits by the hundred, each with a reason and a change of one file."""
    import_commits(repo, (step(number, number % files, number // files) for number in range(commits)))


def step(number: int, worker: int, rule: int) -> Change:
    note = f"# NOTE: keep the order of step {rule}, because callers rely on it"
    return Change(
        f"Change step {number} of worker {worker}\n\nBecause caller {number * 7919} saw the wrong sum.",
        f"src/worker_{worker}.py",
        f"def work_{worker}(value):\n    {note}\n    return value + {number}\n",
    )


def add_followups(repo: Repo, count: int = 42) -> None:
    """Add commits, and as many that each reference one of them: enough to tune and to evaluate."""

    def part(n: int, message: str, sign: str = "") -> Change:
        return Change(message, f"part{n}.py", f"def part_{n}():\n    return {sign}{n}\n")

    import_commits(repo, (part(n, f"Add part {n} of the machine") for n in range(count)))
    added = repo.git("rev-list", "--reverse", "HEAD").split()
    followups = (part(n, f"Change part {n}\n\nFollow-up to {sha}", sign="-") for n, sha in enumerate(added))
    import_commits(repo, followups, START + HOUR)


class Mom:
    """mom in one folder, as for a command without an engine: indexing and answering in this process."""

    def __init__(self, root: Path) -> None:
        self.root, self.location = root, locate(root)
        self.clock = time.time  # seconds since 1970; a test may set another one
        self.repairs: list[Location] = []  # that were wanted
        waiting, repairs = BlamePatience(30.0, background=False), self.repairs.append
        self.service = Service(self.location.data, repair_wanted=repairs, waiting=waiting, clock=lambda: self.clock())

    def index(self, **options: Any) -> Summary:
        """Index, and let the service follow as the engine does."""
        options = {"report": lambda progress: None, "stop": threading.Event()} | options
        summary = index(self.location, lambda: self.settings, **options)
        self.service.library.reload()
        return summary

    @property
    def settings(self) -> Settings:
        return index_settings(self.location)

    def call(self, method: str, **params: Any) -> Any:
        return answer(self.service, method, {"root": str(self.root), **params})

    def suggest(self, path: str, line: int, last: int = 0, **params: Any) -> list[dict[str, Any]]:
        found = self.call("suggest", path=path, start=line, end=last or line, **params)
        return list(found["suggestions"])

    def search(self, text: str, k: int = 50) -> list[dict[str, Any]]:
        return list(self.call("search", text=text, k=k)["suggestions"])

    def titles(self, text: str) -> list[str]:
        return sorted(one["title"] for one in self.search(text))


Start = Callable[[Repo | Path], Mom]


def move_in(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a home whose settings turn off encoder, model and thresholds, and use it as the user's."""
    (home / "mom-lsp").mkdir(parents=True)
    (home / "mom-lsp" / "settings.toml").write_text(WITHOUT_MODELS + SHOW_ALL)
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(home))
    return home


def indexed(folder: Path, write: Callable[[Repo], None]) -> Repo:
    """Write and index a repository that the tests of a module copy."""
    with pytest.MonkeyPatch.context() as patch:
        move_in(folder / "home", patch)
        repo = make_repository(folder / "repo")
        write(repo)
        mom = Mom(repo.root)
        mom.index()
        mom.service.close()
    return repo


def copy_of(repo: Repo, path: Path) -> Repo:
    """Copy a repository with its index; the copy has a clock of its own."""
    shutil.copytree(repo.root, path, symlinks=True)
    return Repo(path, [*repo.now])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a home of its own."""
    return move_in(tmp_path / "home", monkeypatch)


@pytest.fixture
def project(home: Path, tmp_path: Path) -> Repo:
    """Make an empty repository for a user of its own."""
    return make_repository(tmp_path / "repo")


@pytest.fixture
def moms(home: Path) -> Iterator[Start]:
    """Open mom in a folder, and close it at the end."""
    opened: list[Mom] = []

    def start(at: Repo | Path) -> Mom:
        opened.append(Mom(at.root if isinstance(at, Repo) else at))
        return opened[-1]

    yield start
    for mom in opened:
        mom.service.close()


def indexed_fixtures(write: Callable[[Repo], None]) -> tuple[Any, Any, Any]:
    """Return the fixtures `template`, `project` and `mom` of a module: a repository that is indexed once, a copy of it
    for each test, and mom at work in the copy.
    """

    @pytest.fixture(scope="module")
    def template(tmp_path_factory: pytest.TempPathFactory) -> Repo:
        return indexed(tmp_path_factory.mktemp("template"), write)

    @pytest.fixture
    def project(home: Path, template: Repo, tmp_path: Path) -> Repo:
        return copy_of(template, tmp_path / "repo")

    @pytest.fixture
    def mom(project: Repo, moms: Start) -> Mom:
        return moms(project)

    return template, project, mom
