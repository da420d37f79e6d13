from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from cli_shell import PLAIN, TERMINAL, Shell
from hypothesis import given
from hypothesis import strategies as st
from processes import LONG
from suggestions import SHA, make_suggestion

from mom_lsp.cli.output import BAR, TERM_STYLES, LinkRoot, shares, source_line, title_line
from mom_lsp.cli.text import one_line


@given(st.text())
def test_one_line_output_is_safe_to_print(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in line)
    assert line.encode().decode() == line  # no lone surrogates


blocks = {block for _, block in TERM_STYLES.values()}


@given(st.dictionaries(st.sampled_from(sorted(TERM_STYLES)), st.floats(-2, 2)))
def test_the_bar_has_full_width_and_lists_every_phrase(terms: dict[str, float]) -> None:
    phrases = make_suggestion(terms=terms)["phrases"]["shares"]
    drawn = shares(terms, phrases).plain
    cells = sum(drawn.count(block) for block in blocks)
    assert cells == (BAR if any(share > 0 for share in terms.values()) else 0)
    assert drawn.endswith("  ".join(phrases.values()))


def test_the_bar_is_proportional_to_the_terms() -> None:
    one = make_suggestion(terms={"place": 0.6, "lex": 0.2, "temp": -0.05})
    drawn = shares(one["terms"], one["phrases"]["shares"]).plain
    assert drawn.count("█") == BAR * 3 // 4
    assert drawn.count("▓") == BAR // 4
    assert drawn.endswith("location +0.60  lexical +0.20  recency -0.05")


def test_suggest_prints_plain_untruncated_text_to_a_pipe(mom: Shell) -> None:
    long = "x" * 300
    mom.book.memories[0] = make_suggestion(why=long)
    result = mom("suggest", "src/a.py:2")
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.stdout
    assert "failed approach: Cache the resolver's answers\n" in result.stdout
    assert f"Ada · {SHA[:10]} · src/a.py:2\n" in result.stdout
    assert "  It made every second request wait. So it was reverted.\n" in result.stdout
    assert "And nobody tried again." not in result.stdout
    assert f"91% relevant: {long}  deadbeef\n" in result.stdout
    assert result.stderr == ""


def test_suggest_prints_colours_and_links_to_a_terminal(mom: Shell) -> None:
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


def test_a_hostile_memory_prints_only_text(mom: Shell) -> None:
    evil = "\x1b]0;owned\x07[red]a[/red] :smile: \u202e\x9b2J"
    mom.book.memories[0] = make_suggestion(title=evil, body=evil, why=evil)
    mom.book.memories[0]["source"] |= {"author": evil, "path": f"{evil}/\n../../x", "url": "javascript:alert(1)"}
    mom.book.memories[0]["lines"] = []
    for env in (PLAIN, TERMINAL):
        result = mom("suggest", "src/a.py:2", "-k", "1", env=env)
        assert result.exit_code == 0, result.output
        assert "[red]a[/red] :smile:" in result.stdout
        for bad in ("owned", "\x07", "\u202e", "\x9b", "javascript:"):
            assert bad not in result.stdout


def test_a_closed_pipe_causes_no_traceback(mom: Shell) -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from cli_shell import Notebook, make_suggestion\n"
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


def test_a_review_is_printed_with_its_name_and_its_author() -> None:
    discussion = {"type": "pull_request", "number": 12, "state": "merged", "name": "review of #12"}
    source = make_suggestion()["source"] | {"type": "discussion", "author": "@rita", "discussion": discussion}
    one = make_suggestion(kind="note", source=source)
    assert title_line(one).plain.startswith("review")
    line = source_line(one, LinkRoot(Path("/repo"))).plain
    assert line.endswith("@rita · review of #12")


def test_a_title_that_begins_with_its_kind_has_no_tag() -> None:
    for kind, title in (("fix", "Fix the parser"), ("fix", "fixed it"), ("workaround", "Work around a bug")):
        assert title_line(make_suggestion(kind=kind, title=title)).plain == title
    assert title_line(make_suggestion(kind="fix", title="Mend the parser")).plain.startswith("fix")
