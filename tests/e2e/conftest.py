"""Both editors as pytest-lsp recorded them, against the real server, engine and index of a small repository."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient, client_capabilities

from mom_lsp.process import EngineClient
from mom_lsp.process.runtime_folder import new_files

from .inbox import LOG, MESSAGE, Inbox, make_client

CONVERTER = default_converter()
SERVER = [sys.executable, "-P", "-m", "mom_lsp", "serve"]
ASKS_AGAIN = 0.1  # seconds, between the requests of an editor without refresh support
TIMEOUT = 120.0  # seconds; reached only by a failure, on a busy machine too
SETTINGS = {"hints": {"delay": 50, "minimumSurprise": 1}}

FETCH = "import time\n\n\ndef fetch(url):\n"
RETRIES = "    for attempt in range(42):  # 🍎 tries\n        time.sleep(attempt)\n"  # beyond the BMP: columns differ
PARSE = "\n\ndef parse(text):\n    return text.split()\n"
WHY = """The server bans a client after 50 attempts, because its firewall counts them.
We decided against a backoff: it hid the ban for hours.
[click](command:evil) <b>bold</b> https://example.invalid/ ```
"""
FIX = "Fix endless retries by limiting them to 42"
# (subject, body, the file after the commit)
HISTORY = [
    ("Add a client with retries", "", f"{FETCH}    return url\n"),
    (FIX, WHY, f"{FETCH}{RETRIES}    return url\n"),
    ("Add a helper for parsing", "", f"{FETCH}{RETRIES}    return url\n{PARSE}"),
]
LINE = 4  # 0-based: the line that the fix wrote
FILE = "src/client.py"


# A file that one commit changed in two functions: hinted at the first of them.
TWICE, TWICE_LINE = "src/twice.py", 1
TWICE_FIX = "Wait for the port before answering"
OPEN = "def serve(port):\n    close(port)\n\n\ndef stop(port):\n    close_all(port)\n"
FIXED = OPEN.replace("serve(port):\n", "serve(port):\n    listen(port)\n    accept(port)\n    answer(port)\n").replace(
    "stop(port):\n", "stop(port):\n    refuse(port)\n    drain(port)\n    tell_all(port)\n"
)


def run_git(folder: Path, *arguments: str) -> str:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env = clean | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=Ann Author", "-c", "user.email=ann@example.invalid", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, env=env, check=True, capture_output=True, text=True)
    return done.stdout


def mom(folder: Path, *arguments: str, env: dict[str, str]) -> Any:
    """Run a `mom` command and return its JSON."""
    command = [sys.executable, "-P", "-m", "mom_lsp", "-C", str(folder), *arguments, "--json"]
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An environment without this machine's settings, thresholds, and the encoder, which takes seconds to load.

    Engines that came up only after their test are ended with the session.
    """
    home = tmp_path_factory.mktemp("home")
    (home / "config" / "mom-lsp").mkdir(parents=True)
    (home / "config" / "mom-lsp" / "settings.toml").write_text(
        "[encoder]\nenable = false\n[model]\nenable = false\n"
        "[suggest]\nthreshold = 0\n[hints]\nthreshold = 0\n",  # the messages of small repositories tell little
        "utf-8",
    )
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "MOM_"))}
    yield clean | {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CONFIG", "DATA", "CACHE", "STATE")}
    ours = tmp_path_factory.getbasetemp()
    for record in Path(new_files(ours)).parent.glob("*.json"):
        if (data := Path(json.loads(record.read_text("utf-8"))["data"])).is_relative_to(ours):
            end_engine(data)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """An indexed repository of a few commits; no test writes to it, so all copies start the same."""
    folder = tmp_path_factory.mktemp("template") / "repository"
    (folder / "src").mkdir(parents=True)
    run_git(folder, "init", "--quiet")
    for subject, body, text in HISTORY:
        (folder / FILE).write_text(text, "utf-8")
        run_git(folder, "add", ".")
        run_git(folder, "commit", "--quiet", "-m", subject, "-m", body)
    mom(folder, "index", env=environment)
    return folder


@pytest.fixture
def twice(repo: Path, environment: dict[str, str]) -> Path:
    """The repository with a file that one commit changed in two functions."""
    for subject, body, text in (("Serve a port", "", OPEN), (TWICE_FIX, WHY, FIXED)):
        (repo / TWICE).write_text(text, "utf-8")
        run_git(repo, "add", ".")
        run_git(repo, "commit", "--quiet", "-m", subject, "-m", body)
    mom(repo, "index", env=environment)
    return repo


@pytest.fixture(scope="session")
def indexed(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A read-only copy, so that all tests can share its engine."""
    yield from copied(template, tmp_path_factory.mktemp("indexed") / "repository")


@pytest.fixture
def repo(template: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy to write into, with an engine of its own."""
    yield from copied(template, tmp_path / "repository")


def copied(template: Path, folder: Path) -> Iterator[Path]:
    """Copy a repository, and end its engine afterwards."""
    shutil.copytree(template, folder)
    yield folder
    end_engine(folder / ".git" / "mom")


def end_engine(data: Path) -> None:
    """Make the engine exit, as a client of another version does."""
    EngineClient.connect(data, TIMEOUT, version="none of them")


@dataclass
class Editor:
    """An editor with one workspace folder."""

    client: LanguageClient
    inbox: Inbox
    name: str
    folder: Path
    versions: dict[str, int] = field(default_factory=dict)
    refreshed: asyncio.Event = field(default_factory=asyncio.Event)
    initialized: types.InitializeResult | None = None
    states: list[Any] = field(default_factory=list)  # received from `mom/state`
    state_received: asyncio.Event = field(default_factory=asyncio.Event)
    spell: Callable[[str], str] = lambda path: Path(path).as_uri()

    @property
    def refreshes(self) -> bool:
        return self.name == "neovim"

    async def expect_message(self, part: str) -> str:
        """Wait for a message to the user that has some text in it, and return it. An unexpected one fails the test."""
        return await self.inbox.take(MESSAGE, part, TIMEOUT)

    async def expect_warning(self, part: str) -> str:
        """Wait for a warning in the log that has some text in it, and return it."""
        return await self.inbox.take(LOG, part, TIMEOUT)

    async def nothing_unread(self) -> None:
        """Fail if the server has sent anything that the test did not expect."""
        if not self.client.stopped:
            await self.hover("file:///nowhere", 0)  # answered after everything sent before
        self.inbox.check()

    async def configure(self, settings: Any = None) -> None:
        """Change the user's settings, by default back to those of the start."""
        self.client.set_configuration({"mom": settings or SETTINGS})
        self.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings={}))
        await self.run("mom.status")  # answered after the settings were read

    @property
    def encoding(self) -> str:
        assert self.initialized
        return str(self.initialized.capabilities.position_encoding or "utf-16")

    def uri(self, path: str = FILE) -> str:
        return self.spell(str(self.folder / path))

    def open(self, path: str = FILE, text: str | None = None, language: str = "python") -> str:
        """Open a file, by default with the text on the disk."""
        uri = self.uri(path)
        content = (self.folder / path).read_text("utf-8") if text is None else text
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, language, 1, content))
        )
        self.versions[uri] = 1
        return uri

    def close_all(self) -> None:
        for uri in self.versions:
            self.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))
        self.versions.clear()

    def edit(self, uri: str, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        self.versions[uri] += 1
        change = types.TextDocumentContentChangePartial(types.Range(types.Position(*start), types.Position(*end)), text)
        document = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    async def hints(self, uri: str) -> list[types.InlayHint]:
        params = types.InlayHintParams(
            types.TextDocumentIdentifier(uri), types.Range(types.Position(0, 0), types.Position(10_000, 0))
        )
        return list(await self.client.text_document_inlay_hint_async(params) or [])

    async def hover(self, uri: str, line: int) -> str | None:
        """Return a hover. It gives up soon, so what it asks for is asked first, and it is asked again if need be."""
        times = 1
        if uri in self.versions:
            place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": 0}}
            with contextlib.suppress(JsonRpcException):  # a hover is silent about what is wrong
                known = await self.client.protocol.send_request_async("mom/suggest", place)
                times = 5 if known.suggestions else 1
        params = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, 0))
        found = None
        while found is None and times:
            found, times = await self.client.text_document_hover_async(params), times - 1
        if found is None:
            return None
        assert isinstance(found.contents, types.MarkupContent)
        assert found.contents.kind == types.MarkupKind.Markdown
        return found.contents.value

    async def all_actions(self, uri: str, line: int, **context: Any) -> list[types.CodeAction]:
        """Return the actions on a line."""
        place = types.Range(types.Position(line, 0), types.Position(line, 0))
        params = types.CodeActionParams(
            types.TextDocumentIdentifier(uri), place, types.CodeActionContext([], **context)
        )
        raw: Any = await self.client.text_document_code_action_async(params)
        found = [CONVERTER.structure(item, types.CodeAction) for item in raw or []]
        return [action if action.disabled else await self.resolved(action) for action in found]

    async def resolved(self, action: types.CodeAction) -> types.CodeAction:
        """Ask for the command of an action that lacks it, as an editor does once it is chosen."""
        return action if action.command else await self.client.code_action_resolve_async(action)

    async def actions(self, uri: str, line: int, **context: Any) -> dict[str, types.CodeAction]:
        """Return all actions on a line by the command they run, those of the first memory."""
        found = await self.all_actions(uri, line, **{"only": ["mom"]} | context)
        return {action.command.command if action.command else "": action for action in reversed(found)}

    async def run(self, command: str, *arguments: Any) -> Any:
        params = types.ExecuteCommandParams(command, arguments=list(arguments))
        return await self.client.workspace_execute_command_async(params)

    async def run_action(self, action: types.CodeAction) -> Any:
        assert action.command
        return await self.run(action.command.command, *(action.command.arguments or []))

    async def hints_become(self, uri: str, wanted: Callable[[list[types.InlayHint]], bool]) -> list[types.InlayHint]:
        """Request hints as the editor does until they are as wanted: at every refresh, or else by polling."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                self.refreshed.clear()
                hints = await self.hints(uri)
                if wanted(hints):
                    return hints
                await (self.refreshed.wait() if self.refreshes else asyncio.sleep(ASKS_AGAIN))


async def start(
    name: str,
    folder: Path,
    environment: dict[str, str],
    *,
    settings: Any = None,
    process_id: int | None = None,
    more_folders: tuple[Path, ...] = (),
    experimental: Any = None,
    spell: Callable[[str], str] = lambda path: Path(path).as_uri(),
    server: Sequence[str] = SERVER,
    opens: bool = True,
) -> Editor:
    """Start the server and greet it as the editor `name` does."""
    client, inbox = make_client()
    editor = Editor(client, inbox, name, folder, spell=spell)
    client.set_configuration({"mom": SETTINGS | (settings or {})})
    client.feature(types.WORKSPACE_INLAY_HINT_REFRESH)(lambda *_: editor.refreshed.set())
    client.feature("mom/state")(lambda state: (editor.states.append(state), editor.state_received.set()))
    client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda *_: None)
    result_type = client.protocol.get_result_type  # lsprotocol takes a CodeAction with a command for a Command
    raw = types.TEXT_DOCUMENT_CODE_ACTION
    client.protocol.get_result_type = lambda method: None if method == raw else result_type(method)
    await client.start_io(*server, env=environment)
    root = spell(str(folder))
    capabilities = client_capabilities(name)
    capabilities.experimental = experimental
    if not opens and capabilities.window:
        capabilities.window.show_document = None
    params = types.InitializeParams(
        capabilities,
        process_id=process_id,
        root_uri=root,
        workspace_folders=[types.WorkspaceFolder(spell(str(one)), one.name) for one in (folder, *more_folders)],
    )
    editor.initialized = await client.initialize_session(params)
    return editor


async def stop(*editors: Editor) -> None:
    """Stop editors, then fail if one of them received something that its test did not expect."""
    for editor in editors:
        await end(editor)
    for editor in editors:
        editor.inbox.check()


async def end(editor: Editor) -> None:
    if not editor.client.stopped:
        with contextlib.suppress(Exception):
            await editor.client.shutdown_session()
    await editor.client.stop()


EDITORS = ["visual-studio-code", "neovim"]


@pytest.fixture(scope="session", params=EDITORS)
async def reader(request: pytest.FixtureRequest, indexed: Path, environment: dict[str, str]) -> AsyncIterator[Editor]:
    started = await start(request.param, indexed, environment)
    yield started
    await stop(started)


@pytest.fixture
async def editor(reader: Editor) -> AsyncIterator[Editor]:
    """Each of the two editors, for reading: they stay open across tests, the documents do not."""
    yield reader
    reader.close_all()
    await reader.nothing_unread()


@pytest.fixture(params=EDITORS)
async def writer(request: pytest.FixtureRequest, repo: Path, environment: dict[str, str]) -> AsyncIterator[Editor]:
    """Each of the two editors, in a repository of its own."""
    started = await start(request.param, repo, environment)
    yield started
    await stop(started)


Start = Callable[..., Awaitable[Editor]]


@pytest.fixture
async def start_editor(repo: Path, environment: dict[str, str]) -> AsyncIterator[Start]:
    """Start editors with options of their own."""
    started: list[Editor] = []

    async def make(name: str = "neovim", folder: Path = repo, **options: Any) -> Editor:
        started.append(await start(name, folder, environment, **options))
        return started[-1]

    yield make
    await stop(*started)
