"""Coding agents: one table of the names and addresses with which they sign commits.

The forms are those of the agents themselves ("Co-authored-by: Claude <noreply@anthropic.com>", "Generated with [Claude
Code](…)", aider's author "Ada (aider)") and the kernel's "Assisted-by: AGENT:MODEL"
(https://docs.kernel.org/process/coding-assistants.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mom_lsp.annotations.values import Agent

MAX_NAME = 40  # characters


class _Known(NamedTuple):
    name: str  # that is shown
    words: str  # expression for its name in text
    address: str  # expression for an address that nobody else has


_KNOWN = (
    _Known("Claude Code", r"claude(?:[ -]code)?", r"noreply@anthropic\.com|claude(?:-code-action)?\[bot\]@"),
    _Known("Cursor", r"cursor(?:[ -]agent)?", r"cursoragent@cursor\.com|cursor\[bot\]@"),
    _Known("GitHub Copilot", r"(?:github[ -])?copilot", r"\+copilot@users\.noreply|copilot(?:-swe-agent)?\[bot\]@"),
    _Known("Codex", r"(?:openai[ -])?codex|chatgpt", r"(?:codex|noreply)@openai\.com|codex(?:-connector)?\[bot\]@"),
    _Known("Devin", r"devin(?: ai)?", r"devin-ai-integration\[bot\]@"),
    _Known("aider", r"aider", r"@aider\.chat"),
    _Known(
        "Gemini CLI",
        r"gemini(?:[ -]cli|[ -]code[ -]assist)?",
        r"gemini-(?:cli|code-assist)(?:(?!gemini-)[\w-])*+(?:\[bot\])?@",
    ),
    _Known("Jules", r"(?:google[ -]labs[ -])?jules", r"google-labs-jules\[bot\]@"),
    _Known("Amp", r"amp", r"amp@ampcode\.com"),
    _Known("OpenCode", r"opencode", r"@opencode\.ai"),
    _Known("Windsurf", r"windsurf", r"@windsurf\.(?:com|ai)"),
    _Known("Junie", r"junie", r"junie@jetbrains\.com"),
    _Known("Amazon Q", r"amazon[ -]q(?:[ -]developer)?", r"amazon-q-developer\[bot\]@"),
    _Known("Droid", r"(?:factory[ -])?droid", r"factory-droid\[bot\]@"),
)
_ADDRESSES = tuple((one.name, re.compile(one.address, re.IGNORECASE)) for one in _KNOWN)
_NAMES = tuple((one.name, re.compile(rf"(?:{one.words})\b", re.IGNORECASE)) for one in _KNOWN)
_TOOLS = tuple((one.name, re.compile(one.words, re.IGNORECASE)) for one in _KNOWN)
_ANY_ADDRESS = re.compile("|".join(one.address for one in _KNOWN), re.IGNORECASE)  # most commits have none

_CO_AUTHOR = frozenset({"co-authored-by", "co-developed-by"})
_HELPED = frozenset({"assisted-by", "ai-assisted-by", "generated-by", "generated-with", "made-with", "ai-agent"})
_GENERATED = re.compile(r"^\W{0,8}(?:generated (?:with|by)|made with) \[?(?P<name>[A-Za-z][\w -]{1,30})", re.I | re.M)
_NO_MODEL = frozenset({"", "default", "unknown", "auto", "none"})
_PLAIN = re.compile(r"[\w .:+/@-]+")
_RELEASED = re.compile(r"-20\d{6}$")  # the date of a model's release


def agents_of(author: str, email: str, trailers: Sequence[tuple[str, str]], message: str) -> tuple[Agent, ...]:
    """Return the agents that a commit names as its author, in its trailers and in its message."""
    return merged([*_of_author(author, email), *_of_trailers(trailers), *_of_text(message)])


def agent(tool: str, model: str = "") -> Agent | None:
    """Return the agent that a recorder calls by these names, None if they are no names."""
    known = next((name for name, words in _TOOLS if words.fullmatch(tool.strip())), "") or tool.strip()
    if not known or known.lower() in _NO_MODEL or not _PLAIN.fullmatch(known):
        return None
    return Agent(known[:MAX_NAME], _model(model))


def merged(agents: Iterable[Agent]) -> tuple[Agent, ...]:
    """Return each agent once, with the first of its models that is known."""
    models: dict[str, str] = {}
    for one in agents:
        models[one.name] = models.get(one.name) or one.model
    return tuple(Agent(name, model) for name, model in models.items())


def _of_author(author: str, email: str) -> Iterator[Agent]:
    if author.endswith("(aider)"):
        yield Agent("aider")
    if _ANY_ADDRESS.search(email):
        yield from (Agent(name) for name, address in _ADDRESSES if address.search(email))


def _of_trailers(trailers: Sequence[tuple[str, str]]) -> Iterator[Agent]:
    for key, value in trailers:
        if key.lower() in _CO_AUTHOR and _ANY_ADDRESS.search(value):
            person = value.partition("<")[0].strip()
            yield from (Agent(name, _model_in(name, person)) for name, at in _ADDRESSES if at.search(value))
        elif key.lower() in _HELPED and ("@" not in value or _ANY_ADDRESS.search(value)):  # else it is a person
            yield from (Agent(name, _model_in(name, value)) for name, words in _NAMES if words.match(value))


def _of_text(message: str) -> Iterator[Agent]:
    if "enerated " in message or "ade with" in message:
        for found in _GENERATED.finditer(message):
            yield from (Agent(name) for name, words in _NAMES if words.match(found["name"]))


def _model_in(name: str, text: str) -> str:
    """Return the model in "aider (gpt-5)", "Claude:claude-opus-4-5 [tool]" or "Claude Opus 4.5 (1M context)"."""
    words = dict(_NAMES)[name].match(text)
    rest = text[words.end() :].strip() if words else ""
    if rest.startswith((":", "(")):
        return _model(rest[1:].partition(")")[0].partition(" ")[0])
    return _model(text.partition("(")[0].strip()) if rest and rest[0].isalnum() else ""


def _model(name: str) -> str:
    name = _RELEASED.sub("", name.strip())
    return "" if name.lower() in _NO_MODEL or not _PLAIN.fullmatch(name) else name[:MAX_NAME]
