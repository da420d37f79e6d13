from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from processes import LONG
from suggestions import SHA, make_suggestion

from mom_lsp import __version__
from mom_lsp.cli.app import VERBS, app
from mom_lsp.cli.index import _stop_on_signal, in_words
from mom_lsp.cli.output import BAR, TERM_STYLES, shares
from mom_lsp.cli.progress import SEARCHABLE, JsonLines, Lines, News
from mom_lsp.cli.target import parse_target, split_target
from mom_lsp.cli.text import one_line
from mom_lsp.errors import ChildTimeout, RepositoryError, UntrustedPath, UsageError
from mom_lsp.git.location import Location, locate
from mom_lsp.indexing import Progress, Summary
from mom_lsp.process import EngineServer

PLAIN = {"NO_COLOR": "1", "FORCE_COLOR": None, "TERM": "dumb"}
TERMINAL = {"NO_COLOR": None, "FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "100", "COLORTERM": "truecolor"}


class Notebook:
    """A service that is a function of what it was told: two memories about src/a.py, and a log of statements."""

    def __init__(self) -> None:
        self.memories = [make_suggestion(), make_suggestion(id="cafe000000000002", kind="fix", title="Count from one")]
        self.events: list[dict[str, Any]] = []

    def open(self, location: Location) -> Callable[[str, dict[str, Any]], Any]:
        def answer(method: str, params: dict[str, Any]) -> Any:
            assert params.pop("root") == str(location.root)
            return getattr(self, "answer_" + method, self.record)(method, params)

        return answer

    def answer_suggest(self, _: str, params: dict[str, Any]) -> Any:
        found = self.memories[: params["k"]] if params.get("path", "src/a.py") == "src/a.py" else []
        return {"query": params, "suggestions": found, "abstained": not found, "took_ms": 1.5}

    def answer_search(self, _: str, params: dict[str, Any]) -> Any:
        found = [memory for memory in self.memories if params["text"].lower() in memory["title"].lower()]
        return {"query": params, "suggestions": found[: params["k"]], "abstained": False, "took_ms": 1.5}

    def answer_show(self, _: str, params: dict[str, Any]) -> Any:
        found = [memory for memory in self.memories if memory["id"].startswith(params["id"])]
        if len(found) != 1:
            raise UsageError(f"no memory has an id that begins with {params['id']}")
        said = {"event": "pin", "age": "2 years ago"}
        history = [{"event": "pin", "path": "src/a.py", "reason": "", "phrases": said}]
        phrases = found[0]["phrases"] | {"evidence": "no accepted use"}
        more = {"suggested": False, "because": "it was dismissed here", "history": history, "phrases": phrases}
        more["life"] = {"reason": ""}
        return found[0] | more | {"related": [m for m in self.memories if m is not found[0]]}

    def answer_review(self, _: str, params: dict[str, Any]) -> Any:
        lists: dict[str, Any] = {name: [] for name in ("promoted", "drifted", "forgotten")}
        phrases = self.memories[0]["phrases"] | {"strength": "working, strength 0.25"}
        fading = [self.memories[0] | {"reason": "falls from working to episodic", "phrases": phrases}]
        return lists | {"fading": fading, "archived": [self.memories[1] | {"reason": "dismissed"}]}

    def answer_export(self, _: str, params: dict[str, Any]) -> Any:
        return {"events": self.events}

    def answer_import(self, _: str, params: dict[str, Any]) -> Any:
        new = [event for event in params["events"] if event not in self.events]
        self.events += new
        return {"ok": True, "message": f"imported {len(new)} events"}

    def answer_doctor(self, _: str, params: dict[str, Any]) -> Any:
        broken = bool(self.events)
        return {"checks": [{"name": "journal", "ok": not broken, "message": "read", "fix": "restore a copy of it"}]}

    def answer_status(self, _: str, params: dict[str, Any]) -> Any:
        rows = [["memories", "1,200 from 1,500 commits"], ["engine", "not running"]]
        some = bool(self.memories)
        return {"commits": 1500, "indexed": some, "rows": rows, "problems": ["the history is shallow"]}

    def record(self, method: str, params: dict[str, Any]) -> Any:
        if params.get("id") == "missing":
            return {"ok": False, "message": "no such memory"}
        self.events.append({"method": method, **params})
        return {"ok": True, "message": f"{method} done"}


@dataclass
class Shell:
    """Runs `mom` in a workspace against a Notebook."""

    root: Path
    book: Notebook
    opener: Any

    def __call__(self, *args: str, env: dict[str, str | None] | None = None, stdin: str | None = None) -> Result:
        return CliRunner().invoke(
            app, ["-C", str(self.root), *args], obj=self.opener, env=env or PLAIN, input=stdin, prog_name="mom"
        )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "work tree"
    (root / "src").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", root], check=True)
    (root / "src/a.py").write_text("one\ntwo\nthree\n")
    return root


@pytest.fixture
def mom(root: Path) -> Shell:
    book = Notebook()
    return Shell(root, book, book.open)


# --- the target -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a.py", ("a.py", None, None)),
        ("a.py:4", ("a.py", 4, 4)),
        ("a.py:4-9", ("a.py", 4, 9)),
        (r"C:\x\a.py", (r"C:\x\a.py", None, None)),
        (r"C:\x\a.py:7", (r"C:\x\a.py", 7, 7)),
        ("a:b.py", ("a:b.py", None, None)),
        ("a:1:2", ("a:1", 2, 2)),
        ("a.py:", ("a.py:", None, None)),
        (":3", (":3", None, None)),
    ],
)
def test_target_is_split_at_the_last_colon_before_digits(text: str, parts: tuple[str, int | None, int | None]) -> None:
    assert split_target(text) == parts


def test_target_is_relative_to_the_root_with_forward_slashes(root: Path) -> None:
    target = parse_target("a.py:2-3", root / "src", root)
    assert (target.path, target.start, target.end, target.whole) == ("src/a.py", 2, 3, False)


def test_target_without_lines_is_the_whole_file(root: Path) -> None:
    target = parse_target("src/a.py", root, root)
    assert (target.start, target.end, target.whole) == (1, 3, True)


@pytest.mark.parametrize(("content", "last"), [(b"", 1), (b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"\xff\x00\n\n", 2)])
def test_target_counts_lines_as_an_editor_does(root: Path, content: bytes, last: int) -> None:
    (root / "f").write_bytes(content)
    assert parse_target("f", root, root).end == last
    assert parse_target(f"f:{last}", root, root).start == last
    with pytest.raises(UsageError, match=f"no line {last + 1}"):
        parse_target(f"f:{last + 1}", root, root)


def test_target_prefers_a_file_whose_name_ends_like_a_line(root: Path) -> None:
    (root / "log:12").write_text("a\nb\n")
    target = parse_target("log:12", root, root)
    assert (target.path, target.start, target.end, target.whole) == ("log:12", 1, 2, True)
    assert parse_target("log:12:2", root, root).start == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nothing.py", "there is no file nothing.py"),
        ("src", "is a folder"),
        ("src/a.py:0", "count from 1"),
        ("src/a.py:3-2", "count from 1"),
        ("src/a.py:2-4", "has 3 lines, so there is no line 4"),
    ],
)
def test_target_that_is_wrong_says_how(root: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_target(text, root, root)


def test_target_outside_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x\n")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "folder").symlink_to(tmp_path)
    with pytest.raises(UntrustedPath, match="symbolic link that leads out"):
        parse_target("link:1", root, root)
    with pytest.raises(UntrustedPath, match="symbolic link that leads out"):
        parse_target("folder/secret", root, root)
    with pytest.raises(UntrustedPath, match="is outside of"):
        parse_target("../secret", root, root)
    with pytest.raises(UntrustedPath, match="is outside of"):
        parse_target(str(tmp_path / "secret"), root, root)


def test_target_follows_a_link_that_stays_inside(root: Path) -> None:
    (root / "alias.py").symlink_to("src/a.py")
    assert parse_target("alias.py:2", root, root).path == "src/a.py"


def test_target_in_another_revision_need_not_be_on_disk(root: Path) -> None:
    target = parse_target("gone.py:900", root, root, on_disk=False)
    assert (target.path, target.start, target.end) == ("gone.py", 900, 900)
    assert parse_target("gone.py", root, root, on_disk=False).start == 0
    with pytest.raises(UntrustedPath):
        parse_target("../gone.py", root, root, on_disk=False)


# --- words ------------------------------------------------------------------------------------------------------------


@given(st.text())
def test_one_line_is_one_safe_line(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in line)
    assert line.encode().decode() == line  # no lone surrogates


# --- the bar ----------------------------------------------------------------------------------------------------------

blocks = {block for _, block in TERM_STYLES.values()}


@given(st.dictionaries(st.sampled_from(sorted(TERM_STYLES)), st.floats(-2, 2)))
def test_bar_is_full_and_followed_by_every_phrase(terms: dict[str, float]) -> None:
    phrases = make_suggestion(terms=terms)["phrases"]["shares"]
    drawn = shares(terms, phrases).plain
    cells = sum(drawn.count(block) for block in blocks)
    assert cells == (BAR if any(share > 0 for share in terms.values()) else 0)
    assert drawn.endswith("  ".join(phrases.values()))


def test_bar_gives_each_term_its_part() -> None:
    one = make_suggestion(terms={"place": 0.6, "lex": 0.2, "temp": -0.05})
    drawn = shares(one["terms"], one["phrases"]["shares"]).plain
    assert drawn.count("█") == BAR * 3 // 4
    assert drawn.count("▓") == BAR // 4
    assert drawn.endswith("place +0.60  words +0.20  recency -0.05")


# --- suggest, search, show --------------------------------------------------------------------------------------------


def test_suggest_in_a_pipe_is_plain_and_whole(mom: Shell) -> None:
    long = "x" * 300
    mom.book.memories[0]["why"] = long
    result = mom("suggest", "src/a.py:2")
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.stdout
    assert "failed approach: Cache the resolver's answers\n" in result.stdout
    assert f"Ada · {SHA[:10]} · src/a.py:2\n" in result.stdout
    assert "It made every second request wait.\n" in result.stdout
    assert "So it was reverted. …\n" in result.stdout
    assert "And nobody tried again." not in result.stdout
    assert long in result.stdout
    assert "place +0.60  words +0.20  recency -0.05  deadbeef\n" in result.stdout
    assert result.stderr == ""


def test_suggest_on_a_terminal_has_colours_and_links(mom: Shell) -> None:
    url = f"https://forge.example/a/b/commit/{SHA}"
    mom.book.memories[0]["source"]["url"] = url
    result = mom("suggest", "src/a.py:2", "-k", "1", env=TERMINAL)
    assert "\x1b[" in result.stdout
    assert f";{url}\x1b\\" in result.stdout
    assert f";{(mom.root / 'src/a.py').as_uri()}#2\x1b\\" in result.stdout
    assert "work%20tree" in result.stdout


def test_no_color_is_respected_on_a_terminal(mom: Shell) -> None:
    result = mom("suggest", "src/a.py:2", "-k", "1", env=TERMINAL | {"NO_COLOR": "1"})
    assert set(re.findall(r"\x1b\[([\d;]*)m", result.stdout)) <= {"0", "1", "2", "3"}  # bold, dim, italic
    assert "failed approach: " in result.stdout


def test_a_hostile_memory_draws_only_text(mom: Shell) -> None:
    evil = "\x1b]0;owned\x07[red]a[/red] :smile: \u202e\x9b2J"
    mom.book.memories[0] |= {"title": evil, "body": evil, "why": evil}
    mom.book.memories[0]["source"] |= {"author": evil, "path": f"{evil}/\n../../x", "url": "javascript:alert(1)"}
    mom.book.memories[0]["lines"] = []
    for env in (PLAIN, TERMINAL):
        result = mom("suggest", "src/a.py:2", "-k", "1", env=env)
        assert result.exit_code == 0, result.output
        assert "[red]a[/red] :smile:" in result.stdout
        for bad in ("owned", "\x07", "\u202e", "\x9b", "javascript:"):
            assert bad not in result.stdout


def test_suggest_abstains_in_one_calm_line(mom: Shell) -> None:
    (mom.root / "b.py").write_text("x\n")
    result = mom("suggest", "b.py:1")
    assert (result.exit_code, result.stdout) == (0, "")
    assert len(result.stderr.splitlines()) == 1
    assert "mom search" in result.stderr


def test_suggest_json_is_one_document_with_the_whole_query(mom: Shell) -> None:
    result = mom("suggest", "src/a.py:2-3", "-k", "1", "--json", env=TERMINAL)
    document = json.loads(result.stdout)
    assert document["suggestions"] == mom.book.memories[:1]
    lines = {"path": "src/a.py", "start": 2, "end": 3, "text": None}
    assert document["query"] == lines | {"k": 1, "rev": None, "counted": False}  # a script has seen nothing
    assert result.stderr == ""


def test_suggest_takes_an_intent_with_or_without_a_place(mom: Shell) -> None:
    alone = json.loads(mom("suggest", "--intent", "fix the retry", "-k", "1", "--json").stdout)
    assert alone["query"] == {"k": 1, "counted": False, "intent": "fix the retry"}
    there = json.loads(mom("suggest", "src/a.py:2", "--intent", "fix the retry", "--json").stdout)["query"]
    assert (there["path"], there["start"], there["intent"]) == ("src/a.py", 2, "fix the retry")
    assert "Count from one" in mom("suggest", "--intent", "fix the retry", "-k", "2").stdout
    for wrong in (["suggest"], ["suggest", "--intent", " "], ["suggest", "--intent", "x", "--rev", "HEAD"]):
        assert mom(*wrong).exit_code == 2


def test_search_joins_its_words_and_says_when_nothing_matches(mom: Shell) -> None:
    assert "Count from one" in mom("search", "count", "from").stdout
    nothing = mom("search", "teapot")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "teapot" in nothing.stderr


def test_show_prints_everything(mom: Shell) -> None:
    result = mom("show", "dead")
    for words in (
        "And nobody tried again.",
        "deadbeef00000001",
        "it was dismissed here",
        "Count from one",
        "2 years ago",
    ):
        assert words in result.stdout
    assert json.loads(mom("show", "dead", "--json").stdout)["because"] == "it was dismissed here"


# --- statements -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["pin", "unpin", "useful", "forget", "restore", "undo"])
def test_statements_about_a_memory_are_sent_and_confirmed(mom: Shell, verb: str) -> None:
    result = mom(verb, "dead")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"{verb} done\n")
    assert mom.book.events == [{"method": verb, "id": "dead"}]


@pytest.mark.parametrize("verb", ["undo", "purge"])
def test_statements_about_nothing_in_particular(mom: Shell, verb: str) -> None:
    assert mom(verb).exit_code == 0
    assert mom.book.events == [{"method": verb}]


def test_review_lists_where_nobody_sits_and_walks_where_somebody_does(
    mom: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = json.loads(mom("review", "--json").stdout)
    assert [len(document[name]) for name in ("fading", "promoted", "archived")] == [1, 0, 1]
    listed = mom("review").stdout
    for words in ("About to fade", "Cache the resolver", "working, strength 0.25", "Archived"):
        assert words in listed
    assert mom.book.events == []
    monkeypatch.setattr("mom_lsp.cli.review.interactive", lambda: True)
    mom("review", stdin="k\nk\n")
    mom("review", stdin="m\ncafe\nq\n")
    assert mom.book.events == [
        {"method": "pin", "id": "deadbeef00000001"},
        {"method": "restore", "id": "cafe000000000002"},
        {"method": "merge", "id": "cafe", "other": "deadbeef00000001"},
    ]
    mom.book.answer_review = lambda *_: dict.fromkeys(("fading", "promoted", "drifted", "archived", "forgotten"), ())
    assert "Nothing needs a look" in mom("review").stderr


def test_dismiss_and_note_say_where(mom: Shell) -> None:
    assert mom("dismiss", "dead").exit_code == 0
    assert mom("dismiss", "dead", "--at", "src/a.py:3").exit_code == 0
    assert mom("note", "because of the cache", "--at", "src/a.py:2").exit_code == 0
    assert mom("note", "all of it", "--at", "src/a.py").exit_code == 0
    assert mom.book.events == [
        {"method": "dismiss", "id": "dead", "path": None, "line": None},
        {"method": "dismiss", "id": "dead", "path": "src/a.py", "line": 3},
        {"method": "note", "text": "because of the cache", "path": "src/a.py", "line": 2},
        {"method": "note", "text": "all of it", "path": "src/a.py", "line": None},
    ]


def test_a_refused_statement_fails(mom: Shell) -> None:
    result = mom("pin", "missing")
    assert (result.exit_code, result.stderr) == (1, "mom: no such memory\n")


def test_a_note_needs_text_and_place(mom: Shell) -> None:
    assert mom("note", " ", "--at", "src/a.py:1").exit_code == 2
    assert mom("note", "text").exit_code == 2
    assert mom.book.events == []


def test_export_and_import_bring_everything_back_once(mom: Shell, tmp_path: Path) -> None:
    mom("pin", "dead")
    mom("note", "größer\nals", "--at", "src/a.py:2")
    told = list(mom.book.events)
    piped = mom("export").stdout
    assert [json.loads(line) for line in piped.splitlines()] == told
    file = tmp_path / "told.jsonl"
    assert mom("export", "-o", str(file)).stdout == ""
    assert file.read_text("utf-8") == piped
    assert mom("import", str(file)).stderr == "imported 0 events\n"
    mom.book.events = []
    assert mom("import", stdin=piped + "\n").stderr == "imported 2 events\n"
    assert mom.book.events == told


@pytest.mark.parametrize("content", [b'{"a": 1}\nnot json\n', b'{"a": 1}\n[1]\n'])
def test_import_names_the_line_that_is_wrong_and_imports_nothing(mom: Shell, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad").write_bytes(content)
    result = mom("import", str(tmp_path / "bad"))
    assert result.exit_code == 2
    assert "line 2 of" in result.stderr
    assert mom.book.events == []


def test_import_of_a_binary_file_is_refused(mom: Shell, tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"\xff\xfe\x00")
    result = mom("import", str(tmp_path / "bad"))
    assert (result.exit_code, "not UTF-8" in result.stderr) == (2, True)


# --- status, doctor ---------------------------------------------------------------------------------------------------


def test_status_is_a_short_table(mom: Shell) -> None:
    out = " ".join(mom("status").stdout.split())
    assert "memories 1,200 from 1,500 commits engine not running" in out
    assert "problem the history is shallow" in out
    assert json.loads(mom("status", "--json").stdout)["commits"] == 1500


def test_status_of_nothing_says_what_to_do(mom: Shell) -> None:
    mom.book.memories = []
    assert "run `mom index`" in mom("status").stderr


def test_doctor_fails_if_a_check_does(mom: Shell) -> None:
    well = mom("doctor")
    assert well.exit_code == 0, well.output
    assert "restore a copy" not in well.stdout
    mom("pin", "dead")
    ill = mom("doctor")
    assert ill.exit_code == 1
    assert "→ restore a copy of it" in ill.stdout
    checks = json.loads(mom("doctor", "--json").stdout)["checks"]
    assert {"journal", "hook"} <= {check["name"] for check in checks}


def test_doctor_reports_a_service_that_does_not_open(mom: Shell) -> None:
    def broken(_: Location) -> Any:
        raise RepositoryError("the journal is a folder")

    mom.opener = broken
    result = mom("doctor")
    assert result.exit_code == 1
    assert "the journal is a folder" in result.stdout


# --- the engine -------------------------------------------------------------------------------------------------------


def test_a_running_engine_is_asked(root: Path) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []

    def handler(method: str, params: dict[str, Any]) -> Any:
        asked.append((method, params))
        if params.get("id") == "none":
            raise UsageError("no such memory")
        return {"ok": True, "message": f"{method} by the engine"}

    server = EngineServer(locate(root).data, handler)
    assert server.start()
    try:
        result = CliRunner().invoke(app, ["-C", str(root / "src"), "pin", "abc"], env=PLAIN)
        refused = CliRunner().invoke(app, ["-C", str(root), "pin", "none"], env=PLAIN)
    finally:
        server.close()
    assert (result.exit_code, result.stderr) == (0, "pin by the engine\n")
    assert (refused.exit_code, refused.stderr) == (2, "mom: no such memory\n")
    assert asked[0] == ("pin", {"root": str(root), "id": "abc"})


# --- -C, errors, exit codes -------------------------------------------------------------------------------------------


def test_folder_is_taken_before_and_after_the_verb(mom: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(mom.root.parent)
    for args in (
        ["-C", "work tree/src", "suggest", "a.py:1", "--json"],
        ["suggest", "a.py:1", "--json", "-C", "work tree/src"],
        ["-C", "work tree", "suggest", "-C", "src", "a.py:1", "--json"],  # each where the one before led
    ):
        result = CliRunner().invoke(app, args, obj=mom.opener, env=PLAIN)
        assert json.loads(result.stdout)["query"]["path"] == "src/a.py", result.output
    wrong = CliRunner().invoke(app, ["-C", "nowhere", "status"], obj=mom.opener)
    assert wrong.exit_code == 2
    assert "nowhere is not a folder" in wrong.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [(RepositoryError("git\nsays no\x1b[2J"), 1), (ChildTimeout("too slow"), 1), (UsageError("no such line"), 2)],
)
def test_errors_are_one_line_and_an_exit_code(mom: Shell, error: Exception, code: int) -> None:
    def failing(_: Location) -> Any:
        raise error

    mom.opener = failing
    result = mom("suggest", "src/a.py", "--json")
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr == f"mom: {one_line(str(error))}\n"


def test_ctrl_c_is_130(mom: Shell) -> None:
    def interrupted(_: Location) -> Any:
        raise KeyboardInterrupt

    mom.opener = interrupted
    result = mom("status")
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "mom: stopped\n")


def test_unknown_verbs_and_options_are_2(mom: Shell) -> None:
    assert mom("frobnicate").exit_code == 2
    assert mom("suggest").exit_code == 2
    assert mom("suggest", "src/a.py", "-k", "0").exit_code == 2
    assert mom("serve", "--tcp", "nohost").exit_code == 2
    assert mom("index", "--watch", "--json").exit_code == 2


def test_every_verb_has_help(mom: Shell) -> None:
    listed = mom("--help").stdout
    for verb in VERBS:
        result = mom(verb, "--help")
        assert result.exit_code == 0, result.output
        assert "-C PATH" in result.stdout
        assert f"\n  {verb} " in listed or verb == "engine"


# --- progress ---------------------------------------------------------------------------------------------------------


def reports() -> Iterator[Progress]:
    for phase, total in (("history", 3), ("files", 2), ("encoding", 4)):
        for done in range(total + 1):
            yield Progress(phase, done, total)


def test_news_are_told_once() -> None:
    news = News()
    told = [(report, line) for report in reports() for line in news.of(report)]
    assert told == [(Progress("history", 3, 3), SEARCHABLE)]
    unchanged = News()
    assert not list(unchanged.of(Progress("encoding", 1, 2))), "nothing was read, so nothing became searchable"
    waiting = [line for _ in range(3) for line in unchanged.of(Progress("waiting", 0, 0, "another\nis at it"))]
    assert waiting == ["Waiting: another is at it"]
    assert not list(unchanged.of(Progress("waiting", 0, 0, "")))


def test_log_has_a_line_a_phase(capsys: pytest.CaptureFixture[str]) -> None:
    with Lines() as report:
        for each in reports():
            report(each)
    assert capsys.readouterr().err.splitlines() == [
        "Reading history: 3",
        SEARCHABLE,
        "Reading files: 2",
        "Encoding memories: 4",
    ]


def test_json_progress_has_every_phase_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    with JsonLines() as report:
        for each in reports():
            report(each)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    ends = [line for line in lines if line["done"] == line["total"]]
    assert [line["phase"] for line in ends] == ["history", "files", "encoding"]
    assert len(lines) < 12, "reports in between are thinned out"


def test_bars_show_counts_and_say_once_that_all_is_searchable() -> None:
    @click.command()
    def draw() -> None:
        from mom_lsp.cli.progress import Bars

        with Bars() as report:
            for each in reports():
                report(each)

    result = CliRunner().invoke(draw, env=TERMINAL)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert result.stderr.count(SEARCHABLE) == 1
    for count in ("3/3", "2/2", "4/4"):
        assert count in result.stderr


def test_summary_is_one_line() -> None:
    done = Summary(commits=1500, memories=1, files=20, encoded=0, seconds=75.0)
    assert in_words(done) == "indexed 1,500 commits, 20 files, 1 memory, 0 encoded in 1 min 15 s"
    assert in_words(Summary(nothing_new=True, seconds=0.3)) == "nothing new (0.3 s)"
    assert in_words(Summary(waiting="a rebase is under way")) == "waiting: a rebase is under way"


def test_first_signal_asks_to_stop_and_the_second_interrupts() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), _stop_on_signal() as stop:
        assert not stop.is_set()
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


# --- the entry point --------------------------------------------------------------------------------------------------


def run(*args: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", *args], capture_output=True, text=True, encoding="utf-8", timeout=LONG, **options
    )


def test_version_imports_nothing_heavy() -> None:
    result = run("-X", "importtime", "-m", "mom_lsp", "--version")
    assert (result.returncode, result.stdout) == (0, f"mom {__version__}\n")
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in result.stderr.splitlines()}
    assert "click" in imported
    assert not imported & {"rich", "lancedb", "git", "pyarrow", "numpy", "torch", "sentence_transformers", "pygls"}


def test_a_wrong_line_is_one_line_of_a_real_process(root: Path) -> None:
    (root / "src/a.py").write_text("x\n")
    result = run("-m", "mom_lsp", "suggest", "src/a.py:99", cwd=root)
    assert result.returncode in (1, 2)
    assert result.stdout == ""
    assert result.stderr.startswith("mom: ") and "Traceback" not in result.stderr


def test_a_closed_pipe_is_no_traceback(mom: Shell) -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from test_cli_app import Notebook, make_suggestion\n"
        "from mom_lsp.cli.app import app\n"
        "book = Notebook(); book.memories = [make_suggestion()] * 300\n"  # more than a pipe holds
        "app(['-C', sys.argv[1], 'suggest', 'src/a.py:1', '-k', '300'], obj=book.open)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(mom.root)],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"NO_COLOR": "1"},
    )
    assert child.stdout is not None and child.stderr is not None
    with child.stdout, child.stderr:
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.wait(LONG) in (0, 1)
