"""Formats of what is said about commits outside their messages, and the agents that sign them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mom_lsp.annotations.agents import agent, agents_of
from mom_lsp.annotations.entire import checkpoint_at, checkpoints_of, files_of
from mom_lsp.annotations.reading import said
from mom_lsp.annotations.values import Agent, Remark, Said
from mom_lsp.extract.prompts import asked, telling
from mom_lsp.extract.remarks import remarks_text, speaker

CLAUDE = Agent("Claude Code", "claude-opus-4-5")
WHY = "Keep the old path because the server counts every request."


def note(content: str | bytes | dict[str, Any]) -> Said:
    text = json.dumps(content) if isinstance(content, dict) else content
    return said([("", text if isinstance(text, bytes) else text.encode())])


def shown(content: str | bytes | dict[str, Any]) -> str:
    return remarks_text(note(content), "Count requests", str)


def git_ai(**fields: Any) -> str:
    record = {"schema_version": "authorship/3.0.0", "base_commit_sha": "0" * 40, "prompts": {}} | fields
    return f"src/a.py\n  s_c9883b05a2487d::t_9f8e7d6c5b4a32 1-10,15\n---\n{json.dumps(record, indent=2)}\n"


def session(**fields: Any) -> dict[str, Any]:
    return {"agent_id": {"tool": "claude", "id": "1", "model": "claude-opus-4-5-20251101"}} | fields


def whogitit(*prompts: str, version: int = 3) -> dict[str, Any]:
    texts = [{"index": at, "text": text, "affected_files": ["a.py"]} for at, text in enumerate(prompts)]
    model = {"id": "claude-opus-4-5-20251101", "provider": "anthropic"}
    lines = [{"line_number": 1, "content": "secret = 1", "source": {"type": "AI"}}]
    return {
        "version": version,
        "session": {"session_id": "7f", "model": model},
        "prompts": texts,
        "files": [{"path": "a.py", "lines": lines}],
    }


def trace(kind: str = "ai", **fields: Any) -> dict[str, Any]:
    who = {"type": kind, "model_id": "anthropic/claude-opus-4-5-20251101"}
    files = [{"path": "a.py", "conversations": [{"contributor": who, "ranges": [{"start_line": 1, "end_line": 2}]}]}]
    return {
        "version": "0.1.0",
        "id": "550e8400",
        "timestamp": "2026-01-23T14:30:00Z",
        "tool": {"name": "cursor", "version": "2.4.0"},
        "files": files,
    } | fields


def test_a_written_note_is_text_and_a_mail_archive_is_not() -> None:
    assert shown(WHY) == f"Git note:\n\n{WHY}"
    assert shown("Message-Id: <1365681913-7059-3-git-send-email-git@adamspiers.org>\n") == ""
    review = (
        "Verified+1: Continuous Integration Build Bot\nSubmitted-by: A B <a@b.org>\nProject: plugins/x\nBranch: main"
    )
    assert shown(review) == ""
    assert shown(f"{review}\n\n{WHY}\nMessage-Id: <a@b>") == f"Git note:\n\n{WHY}"
    assert "Reason: the server counts" in shown("Reason: the server counts every request that it gets")


@pytest.mark.parametrize(
    "content",
    [
        {"any": "json"},
        "name,time\nparse,0.0123\nwrite,0.0456",
        "key = value",
        "c2VjcmV0IGRhdGEgdGhhdCBpcyBlbmNvZGVk",
        "src/a.py\n  s_c9883b05a2487d::t_9f8e7d6c5b4a32 1-10",
        "https://ci.example.org/build/17",
        b"\x00\x01\x02" * 100,
        b"\xff\xfe\xfa" * 100,
        "",
        "\n \n",
    ],
)
def test_what_programs_keep_in_notes_is_never_shown(content: Any) -> None:
    assert shown(content) == ""


def test_git_ai_names_the_agents_of_sessions_and_of_older_prompts() -> None:
    assert note(git_ai(sessions={"s_c9883b05a2487d": session()})) == Said((), (CLAUDE,))
    asked_for = [
        {"type": "user", "text": WHY},
        {"type": "assistant", "text": "I see"},
        {"type": "tool_use", "input": {}},
    ]
    both = note(
        git_ai(prompts={"c9": session(messages=asked_for)}, sessions={"s": session(agent_id={"tool": "codex"})})
    )
    assert both == Said((Remark("prompt", WHY),), (CLAUDE, Agent("Codex")))
    command = {"type": "user", "text": "<command-name>/fix</command-name>", "timestamp": "2026-02-17"}
    template = {"type": "user", "text": "Always search the code base first.", "timestamp": "2026-02-17"}
    expanded = note(git_ai(prompts={"c9": session(messages=[command, template, {"type": "user", "text": WHY}])}))
    assert [one.text for one in expanded.remarks] == [command["text"], WHY]
    assert note(git_ai(humans={"h_1": {"author": "Ada <a@b>"}})) == Said()
    assert note(git_ai().replace("src/a.py\n  s_c9883b05a2487d::t_9f8e7d6c5b4a32 1-10,15\n", "")) == Said()


def test_whogitit_prompts_are_read_and_the_lines_are_not() -> None:
    found = note(whogitit(json.dumps(WHY), json.dumps(WHY), "AI-assisted code change"))
    assert found == Said((Remark("prompt", WHY),), (CLAUDE,))
    assert shown(whogitit(WHY)) == f"Prompt to Claude Code:\n\n{WHY}"


def test_agent_trace_names_tool_and_model() -> None:
    assert note(trace()) == Said((), (Agent("Cursor", "claude-opus-4-5"),))
    assert note("\n".join(json.dumps(trace(kind)) for kind in ("human", "mixed"))).agents[0].name == "Cursor"
    assert note(trace("human")) == Said()
    assert note(trace(tool=None)).agents == (Agent("an agent", "claude-opus-4-5"),)


def test_entire_reads_the_agent_the_summary_and_the_prompts() -> None:
    summary = {
        "intent": "Log into one file",
        "outcome": "One file, so that it can be followed.",
        "learnings": {"x": []},
    }
    metadata = {"checkpoint_id": "a3b2c4d5e6f7", "files_touched": [], "agent": "Claude Code", "summary": summary}
    files = [
        ("0/metadata.json", json.dumps(metadata).encode()),
        ("0/prompt.txt", f"commit this\n\n---\n\n{WHY}".encode()),
    ]
    found = said(files)
    assert found.agents == (Agent("Claude Code"),)
    text = remarks_text(found, "Count requests", str)
    assert text.startswith(f"Prompt to Claude Code:\n\n{WHY}\n\nSummary by Claude Code:\n\nLog into one file")
    assert "commit this" not in text
    assert "learnings" not in text


def test_checkpoints_are_found_on_the_branch_and_at_refs_of_their_own() -> None:
    hexadecimal, ulid = "a3b2c4d5e6f7", "01KVBJCWYA4YW6J5M9GP655HZN"
    message = f"Squash\n\n* One\n\nEntire-Checkpoint: {hexadecimal}\n\n* Two\n\nEntire-Checkpoint: {ulid}\n"
    assert checkpoints_of(message) == [hexadecimal, ulid]
    assert checkpoints_of("x\n\nEntire-Checkpoint: ../../../etc\n") == []
    branch, own = "refs/remotes/origin/entire/checkpoints/v1", f"refs/entire/checkpoints/ZN/{ulid}"
    refs = {branch: "b" * 40, own: "c" * 40}
    assert ("b" * 40 + ":a3/b2c4d5e6f7/0/prompt.txt", "0/prompt.txt") in files_of(hexadecimal, refs)
    assert next(files_of(ulid, refs)) == ("c" * 40 + ":metadata.json", "metadata.json")
    assert checkpoint_at(branch, "a3/b2c4d5e6f7/0/prompt.txt") == hexadecimal
    assert checkpoint_at(own, "") == ulid
    assert checkpoint_at(branch, "README.md") == ""


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (git_ai(schema_version="authorship/4.0.0"), "'authorship/4.0.0' is not known"),
        (git_ai(sessions=[1]), "'sessions' is not an object"),
        (whogitit(WHY, version=9), "version 9 is not known"),
        (trace(version="7.0"), "version 7.0 is not known"),
        (git_ai()[:-20], "broken"),
        ('{"a": ', "broken"),
        ('{"a": ' + "1" * 5000 + "}", "broken"),
        ('{"a":' * 200_000, "nested too deeply"),
    ],
)
def test_a_record_that_cannot_be_read_is_a_problem_and_says_nothing(content: Any, problem: str) -> None:
    found = note(content)
    assert problem in found.problems[0]
    assert (found.remarks, found.agents) == ((), ())
    assert said([("", b"{"), ("", WHY.encode())]).remarks[-1].text == WHY


@pytest.mark.parametrize("appended", ["Reviewed by Ada.", json.dumps(trace(version="7.0")), '{"cut": '])
def test_what_was_appended_to_a_record_and_cannot_be_read_costs_only_itself(appended: str) -> None:
    found = note(f"{git_ai(sessions={'s': session()})}\n\n{appended}\n\n{json.dumps(trace())}")
    assert found.agents[0].name == "Claude Code"
    assert len(found.problems) == 1


@pytest.mark.parametrize(
    "field", ["prompts", "sessions", "agent_id", "files", "session", "version", "tool", "messages"]
)
@pytest.mark.parametrize("value", [None, 1, "x", [], [1], {}, {"x": 1}, {"x": {"agent_id": 1}}])
def test_wrong_types_never_raise(field: str, value: Any) -> None:
    records = (json.loads(git_ai(sessions={"s": session()}).partition("---\n")[2]), whogitit(WHY), trace())
    for record in records:
        note(record | {field: value})
        note(record | {"sessions": {"s": session(**{field: value})}})


def test_hostile_prompts_do_not_hang() -> None:
    for text in ("<a>" * 3000, "".join(f"<a{n}>" for n in range(2000)), "yes " * 3000, "```\n" * 3000, "a: " * 3000):
        assert telling([text] * 200, "Title") in ([], [text.strip()])
        assert len(remarks_text(Said((Remark("note", text * 10),)), "Title", str)) < 1000


@pytest.mark.parametrize(
    "prompt",
    [
        "fix it",
        "Continue.",
        "yes, implement this exactly as proposed",
        "Check the CI jobs - there's already a failing build step",
        "commit this and create a PR",
        "Perfect. Yes, implement both fixes as proposed.",
        "do 1,2 and 5",
        "can you review the branch and especially the new integration tests",
        "error[E0061]: this function takes four arguments but three were supplied\n --> src/a.rs:325:26",
        "308→    if let Some(ref session_id) = session_id_opt {\n309→   *additions.entry(session_id.clone()) += 1;",
        "The publish to crates step failed in the main CI",
        "Base directory for this skill: /x\n\n# Debugging\n\nAlways find the root cause before a fix.",
        "This session is being continued from a previous conversation that ran out of context.",
        "<command-message>fix-ci</command-message>\n<command-name>/fix-ci</command-name>",
        "[Request interrupted by user for tool use]",
        "",
    ],
)
def test_prompts_that_say_nothing_are_dropped(prompt: str) -> None:
    assert asked(prompt) == ""


def test_what_a_person_asked_for_is_kept_without_what_tools_add() -> None:
    assert asked(f"<ide_opened_file>a.py is open</ide_opened_file>\n{WHY}") == WHY
    assert asked(f"<command-name>/medium</command-name>\n<command-args>{WHY}</command-args>") == WHY
    assert asked(f"Implement the following plan:\n\n{WHY}") == WHY
    assert asked("Ask bob@example.org why /Users/bob/src/a.py waits") == "Ask [address] why ~/src/a.py waits"
    assert asked(f"# Plan\n\n## Context\n\n{WHY}") == WHY


def test_the_prompts_are_kept_that_are_about_the_commit() -> None:
    others = [f"The colour of button {n} looks too dark at night" for n in range(9)]
    about = [f"Requests of client {n} are lost at night" for n in range(9)]
    assert telling([WHY, *others], "Count clients") == [WHY]
    assert telling(others, "Count clients") == []
    assert telling([*about, *others], "Count clients") == about[-2:]
    assert telling(others, "fix") == others[-2:]


def test_agents_sign_as_authors_in_trailers_and_in_the_message() -> None:
    def signed(author: str = "Ada", email: str = "ada@example.org", message: str = "", **trailers: str) -> list[str]:
        pairs = [(key.replace("_", "-"), value) for key, value in trailers.items()]
        return [str(one) for one in agents_of(author, email, pairs, message)]

    assert signed() == []
    assert signed("Ada (aider)") == ["aider"]
    assert signed("Devin AI", "158243242+devin-ai-integration[bot]@users.noreply.github.com") == ["Devin"]
    assert signed(Co_Authored_By="Claude <noreply@anthropic.com>") == ["Claude Code"]
    opus = "Claude Opus 4.6 (1M context) <noreply@anthropic.com>"
    assert signed(Co_Authored_By=opus) == ["Claude Code (Claude Opus 4.6)"]
    assert signed(Co_authored_by="aider (gpt-4o) <aider@aider.chat>") == ["aider (gpt-4o)"]
    assert signed(Co_authored_by="Cursor <cursoragent@cursor.com>") == ["Cursor"]
    assert signed(Co_authored_by="Copilot <198982749+Copilot@users.noreply.github.com>") == ["GitHub Copilot"]
    assert signed(Co_authored_by="Codex <codex@openai.com>") == ["Codex"]
    assert signed(Assisted_by="Claude:claude-3-opus sparse") == ["Claude Code (claude-3-opus)"]
    assert signed(message="Fix\n\n\U0001f916 Generated with [Claude Code](https://claude.ai/code)") == ["Claude Code"]
    assert (
        signed(Co_authored_by="Claude Dupont <claude@dupont.fr>", Assisted_by="Claude Dupont <claude@dupont.fr>") == []
    )
    assert signed(Reviewed_by="Claude <noreply@anthropic.com>") == []


def test_the_name_of_an_agent_cannot_hold_markup() -> None:
    assert agent("<b>x</b>") is None
    assert agent("claude", "<img src=x>") == Agent("Claude Code")
    assert agent("unknown") is None
    assert len(str(agent("x" * 500, "y" * 500))) < 100


def test_a_quote_is_shown_with_what_it_is_from() -> None:
    text = remarks_text(note(WHY), "Count clients", str)
    body = f"The message says this.\n\n{text}"
    assert speaker(body, WHY) == "git note"
    assert speaker(body, "The message says this.") == ""
    assert speaker("No remarks here.", "No remarks here.") == ""


def test_a_secret_that_is_cut_is_masked_first() -> None:
    seen: list[str] = []

    def mask(text: str) -> str:
        seen.append(text)
        return text.replace("s3cret" * 100, "[secret]")

    text = remarks_text(note(f"{WHY} {WHY} Then {'s3cret' * 100}"), "Count requests", mask)
    assert "s3cret" not in text
    assert len(seen) == 1
