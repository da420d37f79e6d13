"""How long a user waits in an editor: for the first hint, for a hover, and for the first answer by meaning.

Everything is asked over the pipe of a real `mom serve`. What it is compared with runs in the same rounds.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median, quantiles

from mom_lsp.errors import MomError
from mom_lsp.evaluation.bench_clone import BenchTarget, Figure, figure, run_command, saved_data, timed, timed_command
from mom_lsp.evaluation.editor import SCREEN, Editor, editing
from mom_lsp.evaluation.hook_bench import COMMIT
from mom_lsp.git import Location
from mom_lsp.process import EngineClient

ROUNDS = 3
HOVERED = 100  # lines
LEAD = 10  # lines above the hint on a screen
OPEN = 5.0  # seconds that the first editor stays open before the second one starts
PATIENCE, PAUSE = 60.0, 0.1  # seconds to wait for what is polled, and between two polls
BEYOND_BLAME, SECOND_START = 1.5, 1.0  # seconds: the goals
HOVER, HOVER_MOST = 45, 0.95  # ms, and the share of hovers that take less: the goal


@dataclass(frozen=True, slots=True)
class Screen:
    """Lines on a screen of which some have a hint."""

    path: str
    first: int  # line, from 1


def measure_editor(location: Location, targets: Sequence[BenchTarget]) -> list[Figure]:
    """Measure in an indexed clone, with files that change often; its data folder is left as it was."""
    paths = [target.path for target in targets]
    with saved_data(location) as restore:
        with editing(location) as editor:
            uris = {path: editor.open(path) for path in paths}
            screen = next((screen for path, uri in uris.items() if (screen := _screen(editor, path, uri))), None)
            hovers = _hovers(editor, location, uris)
        hints = _first_hints(location, screen, paths, restore) if screen else []
    return [*hints, *hovers]


def _screen(editor: Editor, path: str, uri: str) -> Screen | None:
    """Return the screen around the first hint of an open file, None if it has none."""
    hints = editor.hints(uri, 1, 2**20)
    return Screen(path, max(1, hints[0]["position"]["line"] + 1 - LEAD)) if hints else None


def _first_hints(location: Location, screen: Screen, paths: Sequence[str], restore: Callable[[], None]) -> list[Figure]:
    """Time the first hint of one file, of the same at a second start, and of the one opened last of several."""
    others = [path for path in paths if path != screen.path]
    lines = f"{screen.first},{screen.first + SCREEN - 1}"
    blames, one, again, many = [], [], [], []
    for _ in range(ROUNDS):
        restore()
        blames.append(timed_command("git", "-C", str(location.root), "blame", "-w", f"-L{lines}", "--", screen.path))
        one.append(_first_hint(location, screen, stay=OPEN))
        again.append(_first_hint(location, screen))
        restore()
        many.append(_first_hint(location, screen, others))
    blamed = median(blames)
    goal, note = round(blamed + BEYOND_BLAME, 2), f"`git blame -w -L{lines} {screen.path}` {blamed:.2f} s"
    return [
        figure("first hint, no engine running", median(one), "s", goal, note),
        figure(f"first hint with {len(others)} more files open", median(many), "s", goal, "they are opened first"),
        figure("first hint at the second start", median(again), "s", SECOND_START, "from `initialize`"),
    ]


def _first_hint(location: Location, screen: Screen, others: Sequence[str] = (), stay: float = 0.0) -> float:
    """Return the seconds from `initialize` to the first hint on the screen, infinity for none."""
    with editing(location) as editor:
        for path in others:
            editor.open(path)
        shown = editor.first_hints(editor.open(screen.path), screen.first, PATIENCE)
        time.sleep(stay)
        return shown - editor.initialized if shown is not None else float("inf")


def _hovers(editor: Editor, location: Location, uris: dict[str, str]) -> list[Figure]:
    """Time hovers over lines of open files that nobody asked about, each beside a question to the engine itself."""
    lines = {
        path: [at for at, line in enumerate(_text(location, path).split("\n"), 1) if line.strip()] for path in uris
    }
    each = HOVERED // len(lines) * 3
    spread = [(path, at) for path, all in lines.items() for at in all[:: max(1, len(all) // each)]]
    for path, at in spread[::3]:
        editor.hover(uris[path], at)  # so that the files that answers are checked against are read
    client = EngineClient.connect(location.data, PATIENCE)
    assert client is not None  # it answered
    hovers, engine = [], []
    for (path, at), (other, line) in zip(spread[1::3], spread[2::3], strict=False):
        hovers.append(timed(partial(editor.hover, uris[path], at)) * 1000)
        engine.append(_asked(client, location, other, line))
    client.close()
    told = f"of it the engine: p50 {median(engine):.0f}, p95 {_most(engine):.0f} ms (its own clock, other lines)"
    return [
        figure("hover, warm engine, median", median(hovers), "ms", None, told),
        figure("hover, warm engine, 95% within", _most(hovers), "ms", HOVER, f"{len(hovers)} lines, each asked once"),
    ]


def _asked(client: EngineClient, location: Location, path: str, line: int) -> float:
    """Return the milliseconds that the engine says a question takes."""
    place = {"root": str(location.root), "path": path, "start": line, "end": line, "counted": False}
    return float(client.call("suggest", {**place, "text": _text(location, path)}, PATIENCE)["took_ms"])


def _most(times: Sequence[float]) -> float:
    return quantiles(times, n=100, method="inclusive")[round(100 * HOVER_MOST) - 1]


def _text(location: Location, path: str) -> str:
    return (location.root / path).read_bytes().decode("utf-8", "replace")


def measure_encoding(location: Location) -> list[Figure]:
    """Commit while the embeddings of a clone without any are computed; nothing without an encoder."""
    with editing(location) as editor:
        if editor.command("mom.status")["encoder"] is None:
            return []
        seconds, note = _found_while_encoding(editor, location)
        for _ in _polls():
            if editor.command("mom.status")["encoded"]:  # for `measure_meaning`
                break
    return [figure("a commit is found while embeddings are computed", seconds, "s", 2, note)]


def measure_meaning(location: Location) -> list[Figure]:
    """Start an editor where there are embeddings, and search."""
    found = _first_by_meaning(location)
    note = "from `initialize`" if found is not None else f"not in {PATIENCE:g} s"
    return [figure("first answer by meaning, no engine running", found, "s", 1, note)]


def _found_while_encoding(editor: Editor, location: Location) -> tuple[float | None, str]:
    """Return the seconds from a commit until a search finds it, None if it does not, and a note."""
    for _ in _polls():
        status = editor.command("mom.status")
        if (status["indexing"] or {}).get("phase") == "encoding":
            break
        if status["searchable"] and status["encoded"] >= status["searchable"]:
            return None, "everything was encoded at once"
    (location.root / "bench.txt").write_text("quizzaciously\n", "utf-8")
    for command in (["add", "bench.txt"], [*COMMIT[:-1], "Say quizzaciously\n\nBecause no other commit does."]):
        subprocess.run(["git", *command], cwd=location.root, check=True, stdout=subprocess.DEVNULL)
    began = time.perf_counter()
    for _ in _polls():
        if any("quizzaciously" in one["title"] for one in editor.command("mom.search", "quizzaciously")["suggestions"]):
            return time.perf_counter() - began, "from the end of `git commit`"
    return None, f"not in {PATIENCE:g} s"


def _first_by_meaning(location: Location) -> float | None:
    """Return the seconds from `initialize` until a search is answered by meaning, None if it never is."""
    question = run_command("git", "-C", str(location.root), "log", "-1", "--format=%s").strip()  # something is like it
    with editing(location) as editor:
        for _ in _polls():
            try:
                found = editor.command("mom.search", question)["suggestions"]
            except MomError:  # the engine is starting
                continue
            if any(one["terms"]["sem"] for one in found):
                return time.perf_counter() - editor.initialized
    return None


def _polls() -> Iterator[None]:
    """Yield until the patience ends, with pauses."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        yield
        time.sleep(PAUSE)
