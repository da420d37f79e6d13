"""What a hint says at the end of a line: what `git blame` cannot say, where there is such a thing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mom_lsp.extract.message import has_rationale
from mom_lsp.extract.reverts import changed_title, of_subject

# ":bug: ", "🐛 ", "#12 " before a title; "(#12)" after it.
_GITMOJI = re.compile(r"^(?::[a-z_]+:|[\u2190-\u2bff\u3030\ufe0f\u200d\U0001f000-\U0001faff])+\s*")
_LEADING_NUMBER = re.compile(r"(?:#|gh-)\d+(?::|\s+-)?\s+(?=\S+\s+\S)", re.IGNORECASE)
_NUMBER = re.compile(r"\s*\((?:#|gh-|!)\d+\)$", re.IGNORECASE)
# A type, scope or tag, after which at least two words follow: "fix(parser): ", "[ty] ", "lib/url, http2: ". After
# "Fix redirects: " a symptom follows, which alone would seem to be what the change does.
_SCOPE = re.compile(
    r"(?![Ff]ix(?:e[sd])? )"
    r"(?:\[[^\[\]]{1,40}\]\s+|[\w./@*-]{1,30}(?:(?:, ?|/| )[\w./@*-]{1,30})?(?:\([^()]{1,60}\))?!?:\s+)(?=\S+\s+\S)"
)


def hint_text(one: Mapping[str, Any]) -> str:
    """Return what a hint says of a suggestion in JSON.

    That a change was reverted, and why; else the sentence about this line if that gives a reason, or if the title only
    announces it ("Sync patchset 7:"); else the title, of which change if it was reapplied.
    """
    failed = one["failure"]
    if failed and failed["kind"] != "bug_pattern" and failed["tried"]:
        is_revert = one["id"] == failed["by"]["id"]
        tried = bare(changed_title(failed["tried"]) or failed["tried"])
        return f"reverted: {tried if is_revert or not failed['because'] else failed['because']}"
    if one["source"]["type"] != "commit":
        return str(one["title"])
    if one["quote"] and (has_rationale(one["quote"]) or one["title"].endswith(":")):
        return str(one["quote"])
    if of_subject(one["title"]).relation == "reapply" and (title := changed_title(one["title"])):
        return f"reapplied: {bare(title)}"
    return bare(one["title"])


def bare(title: str) -> str:
    """Return the title of a commit without gitmoji, type, scope and number."""
    title = _NUMBER.sub("", _GITMOJI.sub("", title))
    while scope := _SCOPE.match(title) or _LEADING_NUMBER.match(title):
        title = _GITMOJI.sub("", title[scope.end() :])
    return title
