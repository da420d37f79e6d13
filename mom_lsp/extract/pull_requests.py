"""What a pull request and the issues that it closed say for a commit whose own message gives no reason."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from mom_lsp.discussions.values import Discussion
from mom_lsp.extract.message import has_rationale, prose, sentences, shorten, split_message, title_of
from mom_lsp.extract.noise import message_of
from mom_lsp.extract.quote import is_informative
from mom_lsp.extract.spoken import description

MAX_SYMPTOM = 300  # characters
MAX_ISSUES = 3

# A line of the list that a squash or a merge makes of the titles: "* Add a test", "1a2b3c4 tests: …", "Author (2):".
_LISTED = re.compile(r"[ \t]*(?:[-*•]|\d{1,3}[.)])[ \t]+\S.*|[ \t]*[0-9a-f]{7,40} \S.*|\S.{0,60} \(\d+\):|[ \t]*-{2,}")
_CLOSES = re.compile(
    r"\b(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?)[: \t]+"
    r"(?:https?://(?P<linked>[^/\s]{1,100}/\S{1,200}?)(?:/-)?/issues/|(?P<named>[\w.-]+/[\w.-]+)#|#)(?P<number>\d{1,7})\b",
    re.IGNORECASE,
)


def says_nothing_more(message: str, title: str, *, merge: bool) -> bool:
    """Whether a commit message has no body, or only a list of titles, and gives no reason.

    Args:
        message: of the commit.
        title: of its pull request, which a merge repeats.
        merge: whether it is a merge; of the others, `cleaned` has dropped the title.
    """
    body = (split_message(message) if merge else message_of(message, merge=False)).body
    lines = [line for line in body.split("\n") if line.strip() not in ("", title.strip())]
    return not lines or (all(map(_LISTED.fullmatch, lines)) and not has_rationale(prose(body)))


def told_by(
    message: str, discussion: Discussion | None, issues: Sequence[Discussion], template: Collection[str], *, merge: bool
) -> str:
    """Return a commit message with what its pull request says, if the message says nothing itself.

    The subject stays, and so do the trailers. Where nothing gives a reason, the symptom is added: what the issues say
    that the change closed.

    Args:
        message: of the commit.
        discussion: the pull request that the commit is all of, None if there is none.
        issues: that it closed.
        template: as `description` takes it.
        merge: whether the commit is a merge.
    """
    subject, _, rest = message.strip().partition("\n")
    if discussion is not None and says_nothing_more(message, discussion.title, merge=merge):
        says = description(discussion.title, discussion.body, template)
        title = discussion.title if merge and title_of(discussion.title) not in subject else ""
        trailers = "\n".join(f"{key}: {value}" for key, value in split_message(message).trailers)
        rest = "\n\n".join(part for part in (title, says, "" if says else rest.strip(), trailers) if part)
    if has_rationale(prose(rest)):
        symptoms = ""
    else:
        symptoms = "\n".join(told for issue in issues[:MAX_ISSUES] if (told := symptom(issue, template)))
    return "\n\n".join(part for part in (subject, symptoms, rest.strip()) if part)


def closed_issues(message: str, discussion: Discussion | None) -> list[tuple[str, int]]:
    """Return the issues that a commit closes, by its message or its pull request.

    Each has the name of its repository, "" if that is not known, and its number.
    """
    own = repository_of(discussion.project) if discussion is not None else ""
    found = _closed_by(message, own)
    if discussion is not None:
        found += [*((own, number) for number in discussion.closes), *_closed_by(discussion.body, own)]
    return list(dict.fromkeys(found))


def repository_of(project: str) -> str:
    """Return the name of the repository of a project, which a fork has, too."""
    return project.rpartition("/")[2].lower()


def _closed_by(text: str, own: str) -> list[tuple[str, int]]:
    """Return the issues that a text closes; those without a project are of its own repository."""
    matches = _CLOSES.finditer(text)
    return [(repository_of(one["linked"] or one["named"] or own), int(one["number"])) for one in matches]


def symptom(issue: Discussion, template: Collection[str]) -> str:
    """Return the title and the first sentence of an issue as a sentence, "" for what a bot wrote."""
    if issue.bot or not issue.title.strip():
        return ""
    says = prose(description(issue.title, issue.body, template))
    first = next((one for one in sentences(says) if is_informative(one) and not one.endswith(":")), "")
    return shorten(f"Symptom: {issue.title.strip().rstrip('.')}. {first}".strip(), MAX_SYMPTOM)
