"""Lines of a message that are about its way into the project, in the forms of large projects' tools.

Those of Phabricator (LLVM, Mozilla, Facebook), Rietveld (Chromium), PostgreSQL, Azure, the stable branches of Linux and
what Mercurial's bridge to git adds.
A word such as "Author" or "Summary" may begin prose too, so what follows it has to fit.
"""

from __future__ import annotations

import re

_NAME = r"[#@]?\w[\w.@+-]*+"
_NAMES = rf"{_NAME}(?:,[ \t]*+{_NAME})*+,?"
_LINK = r"(?:https?://\S++|D\d++|<?[\w.+=/-]++@[\w.-]++>?)"
_LINE = re.compile(
    r"^[ \t]*+(?:"
    rf"(?:Differential Revision|Review[- ]URL|Discussion|Pull[ -]Request resolved):[ \t]*+{_LINK}(?:[ \t]++{_LINK})?"
    rf"|(?:Reviewers|Subscribers|Tags|Tasks):[ \t]*+(?:{_NAMES})?|(?:Reviewed|Pulled) By:[ \t]*+{_NAMES}"
    r"|Related work items:(?:[ \t,]++#\d++)*+"
    r"|Authors?:[ \t]*+(?:(?:[A-Z][\w.'-]*+[, \t]*+){1,8}|[^\n<]{0,80}<[^<>\s]{1,80}>[^\n]{0,200})"
    r"|Date:[ \t]++[A-Z][a-z]{2} [A-Z][a-z]{2} \d[^\n]*"
    rf"|(?:BUG|TEST|TBR|NOTRY|NOTREECHECKS|NOPRESUBMIT)=[^\n]*|R={_NAMES}"
    r"|\[ ?[Uu]pstream commit [0-9a-f]{7,40} ?\]|commit [0-9a-f]{7,40} upstream\.?)[ \t]*+$\n?",
    re.MULTILINE,
)
_FIELD = r"^(?:Reviewers|Reviewed By|Subscribers|Differential Revision|Pulled By|Tags|Tasks|fbshipit-source-id):"
_OF_PHABRICATOR = re.compile(rf"{_FIELD}|^Test [Pp]lan:|^Summary:[ \t]*Pull Request resolved:", re.MULTILINE)
_SUMMARY = re.compile(r"^Summary:[ \t]*\n?", re.MULTILINE)
_OF_MERCURIAL = re.compile(r"^--HG--[ \t]*+(?:\n[\w-]++ : .*+)*+\s*+\Z", re.MULTILINE)  # "branch : default"
_TEST_PLAN = re.compile(rf"^Test [Pp]lan:.*?(?={_FIELD}|\Z)", re.MULTILINE | re.DOTALL)


def without_process_lines(text: str) -> str:
    """Return what follows a subject without reviewers, links to reviews, test plans and the like."""
    if _OF_PHABRICATOR.search(text):
        text = _TEST_PLAN.sub("", _SUMMARY.sub("", text, count=1))
    return _LINE.sub("", _OF_MERCURIAL.sub("", text))
