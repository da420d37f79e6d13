"""Accounts: who is a bot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from mom_lsp.discussions.json_values import mapping, word

# Accounts of automation that no rule below finds
_KNOWN = frozenset(
    [
        "allcontributors",
        "appveyor",
        "bors",
        "bors-servo",
        "chatgpt-codex-connector",
        "codecov",
        "codecov-commenter",
        "codecov-io",
        "coderabbitai",
        "codspeed-hq",
        "copilot",
        "copilot-pull-request-reviewer",
        "copilot-swe-agent",
        "coveralls",
        "deepsource-autofix",
        "dependabot",
        "dependabot-preview",
        "devin-ai-integration",
        "ellipsis-dev",
        "fossabot",
        "gemini-code-assist",
        "gitguardian",
        "github-actions",
        "github-advanced-security",
        "github-code-quality",
        "github-merge-queue",
        "github-pages",
        "googlebot",
        "graphite-app",
        "greenkeeper",
        "greptile-apps",
        "highfive",
        "homu",
        "imgbot",
        "lgtm-com",
        "linux-foundation-easycla",
        "mergify",
        "microsoft-github-policy-service",
        "msftclas",
        "netlify",
        "pep8speaks",
        "pkg-pr-new",
        "pre-commit-ci",
        "pull-request-size",
        "qodo-merge-pro",
        "renovate",
        "review-notebook-app",
        "rust-bors",
        "rust-highfive",
        "rust-log-analyzer",
        "rust-timer",
        "rustbot",
        "semantic-release",
        "sentry-io",
        "sizebot",
        "socket-security",
        "sonarcloud",
        "sonarqubecloud",
        "sourcery-ai",
        "stale",
        "tidelift",
        "transifex",
        "travis-ci",
        "travisbot",
        "vercel",
        "weblate",
        "whitesource-bolt-for-github",
    ]
)
_BOT = re.compile(
    r"\[bot\]$|(?:^|[-_.])(?:bot|ci-robot|autofix)(?:$|[-_.])|[a-z]Bot$|^(?:project|group)_\d+_bot", re.ASCII
)


class Account(NamedTuple):
    """Who wrote something."""

    login: str  # "" if the account is gone
    bot: bool


def is_bot(login: str) -> bool:
    """Whether a login is that of a well-known bot, or named like one."""
    return login.lower() in _KNOWN or bool(_BOT.search(login)) or bool(_BOT.search(login.lower()))


def account(value: Mapping[str, Any], *fields: str) -> Account:
    """Return the first account that an object names in some of its fields.

    Args:
        value: any object.
        fields: such as "user" or "author": each an object with a "login" (GitHub) or a "username" (GitLab), else
            with the "name" of a person.
    """
    for field in fields:
        user = mapping(value, field)
        login = word(user, "login") or word(user, "username") or word(user, "name")
        if not login:
            continue
        app = login.startswith("app/")  # how gh names an app
        login = f"{login.removeprefix('app/')}[bot]" if app else login
        flagged = user.get("type") == "Bot" or user.get("__typename") == "Bot"
        flagged = flagged or user.get("is_bot") is True or user.get("bot") is True
        return Account(login[:100], flagged or is_bot(login))
    return Account("", False)
