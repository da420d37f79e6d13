"""Routine history that is never suggested: bots, releases, merges, formatting, moves, vendored and generated files."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from mom_lsp.extract.empty_title import says_nothing
from mom_lsp.extract.language import ideographs, languages_of, others_say
from mom_lsp.extract.layout import layout_share, only_layout
from mom_lsp.extract.message import CommitMessage, has_rationale, split_message, title_of
from mom_lsp.extract.moves import only_moves
from mom_lsp.extract.quote import quote

if TYPE_CHECKING:
    from mom_lsp.git import Commit, FileChange

_FRAMEWORK = r"(?:bootstrap|d3|underscore|prototype|angular|react|vue)"  # also names of an application's own files
_VENDORED = re.compile(
    r"(?:^|/)(?:vendor(?:ed)?|third[-_]?party|3rd[-_]?party|node_modules|bower_components|jspm_packages|Godeps"
    r"|Carthage|Pods|site-packages|extern(?:als?)?|deps/(?=[^/]+/)|_vendor|\.yarn/(?:releases|plugins|cache)|venv"
    rf"|\.venv)/|(?:^|/)(?:jquery|mootools|{_FRAMEWORK}(?=[-.]v?\d|\.slim\.|\.min\.))"
    r"(?:[-.]v?[\d.]+)?(?:\.slim)?(?:\.min)?\.(?:js|css)$"
    rf"|(?:^|/)(?:libs?|_?static|public|assets)/(?:[^/]+/){{0,4}}{_FRAMEWORK}\.(?:js|css)$"
    r"|(?:^|/)(?:config\.guess|config\.sub|install-sh|ltmain\.sh|libtool\.m4|mkinstalldirs|depcomp|missing)$"
    r"|(?:^|/)gradlew(?:\.bat)?$|(?:^|/)gradle/wrapper/|(?:^|/)mvnw(?:\.cmd)?$",
)
_GENERATED = re.compile(
    r"(?:[-.]lock|[-.]min\.(?:js|css|mjs)|\.(?:js|css)\.map|\.pb(?:\.gw)?\.(?:go|cc|h|c|swift)|_pb2(?:_grpc)?\.pyi?"
    r"|_pb\.(?:js|rb|d\.ts)|\.designer\.(?:cs|vb)|\.g\.(?:cs|dart)|\.freezed\.dart|\.generated\.\w+"
    r"|[-_.]generated\.(?:go|rs|ts|js|h|c|cc|cpp|java|py)|\.snap|\.snapshot|\.approved\.txt|\.pot?|\.mo|\.svg"
    r"|\.sum|zz_generated\.\w+\.go|\.tsbuildinfo)$|(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock"
    r"|pnpm-lock\.yaml|Cargo\.lock|go\.sum|poetry\.lock|uv\.lock|Pipfile\.lock|composer\.lock|Gemfile\.lock|mix\.lock"
    r"|flake\.lock|Podfile\.lock|packages\.lock\.json|gradle\.lockfile|bun\.lockb?|aclocal\.m4"
    r")$|(?:^|/)(?:__snapshots__|__generated__|generated|dist/(?:js|css)|\.next|snapshots|\.agent-trace)/",
)
_GENERATED_TEXT = re.compile(
    r"(?:@generated\b|\bcode generated .{0,80}do not edit"
    r"|\b(?:auto[- ]?)?generated (?:by|from|with|using|file|code"
    r"|automatically).{0,120}?(?:do not (?:edit|modify|change)|don't edit|manual(?:ly)? (?:edit|modif))"
    r"|\bdo not (?:edit|modify)\b.{0,60}\bgenerated\b|\bthis (?:file|code) (?:is|was"
    r"|has been) (?:auto(?:matically)?[- ]?)?generated\b|\bautomatically generated (?:by|from|file))",
    re.IGNORECASE | re.DOTALL,
)
_BOT = re.compile(
    r"\[bot\]|\bdependabot|\brenovate(?:[- ]?bot)?\b|\bpre-commit-ci\b|\bgithub[-_ ]actions?\b|\bgreenkeeper"
    r"|\bsnyk-bot\b|\bpyup[-.]?bot|\bweblate\b|\btransifex\b|\bmergify\b|\ballcontributors\b|\bimgbot\b|\bcopybara\b"
    r"|\bautoroll(?:er)?\b|\bskia-flutter-autoroll|\bnpm-cli-bot\b|\bnodejs-github-bot\b|-bot@|\bbot@",
    re.IGNORECASE,
)
_VERSION = r"v?\d++(?:\.\d++)++(?:[-.+]?\w)*+"
_RELEASE = re.compile(
    r"(?:bump|update|set|change|prepare|increase)(?: the)?(?: [\w.-]+){0,2} ?version\b"
    rf"|(?:chore\(release\):|release\b).{{0,30}}{_VERSION}|{_VERSION}[\w .-]{{0,20}}$|version {_VERSION}"
    rf"|(?:linux|git) {_VERSION}$"
    r"|(?:bump|upgrade|update) .{1,80}\bfrom \S+ to \S+"
    rf"|(?:[\w./+-]+: )?(?:bump|upgrade|update) \S+ to {_VERSION}"
    r"|(?:[\w./-]+: )?(?:bump|update) (?:\w+ )?(?:version|dependenc|deps\b|actions\b|submodule)"
    r"|(?:release[- ]?notes|changes|changelog|news)\b.{0,60}\b(?:synced|sync|updated|update|fix|add|minor|bump|for)"
    r"|(?:prepare|start|begin|open)(?:ing)?(?: for)?(?: the)?(?: next)?(?: \S+)? (?:release|development"
    r"|dev cycle|version)\b"
    r"|back to dev|(?:added|removed) tag \S+ for changeset [0-9a-f]{12}\b"
    r"|\[?(?:maven-release-plugin|gradle release plugin)\]?",
    re.IGNORECASE,
)
_BOOKKEEPING = re.compile(
    r"(?:^|/)(?:RELEASE-?NOTES|CHANGES|CHANGELOG|NEWS|THANKS|AUTHORS|CONTRIBUTORS|CREDITS|\.mailmap"
    r"|\.git-blame-ignore-revs|_?version\.py|VERSION|CODEOWNERS|MAINTAINERS)(?:\.(?:md|txt|rst|adoc))?$",
    re.IGNORECASE,
)
# Unambiguous subjects only: "format: …" may be a scope, and the diff shows whitespace changes anyway.
_TOOL = (
    r"(?:black|ruff|clang-format|prettier|isort|gofmt|shfmt|rustfmt|cargo fmt|yapf|autopep8|eslint|flake8|checksrc"
    r"|pep ?8)"
)
_FORMATTING = re.compile(
    rf"(?:[\w./()-]+: )?(?:re-?(?:format|indent)\w*|(?:run|apply)(?: \w+)? {_TOOL}\b"
    rf"|{_TOOL}(?: (?:fix\w*|everything|all|run))?$"
    r"|(?:fix|remove|strip)\w* (?:some |trailing |stray |extra )*(?:whitespace|indentation|blank lines?|code ?style)\b"
    r"|(?:code ?style|cosmetic|formatting|whitespace|indentation)\b)|style(?:\([\w/-]+\))?: ",
    re.IGNORECASE,
)
_MOVES = re.compile(r"\b(?:mov(?:e[sd]?|ing)|renam|re-?locat|re-?organi[sz]|re-?structur|flatten)", re.IGNORECASE)
# A subject that is only this: "searcher: polish", "rustfmt everything", "Reformat with Black".
_MECHANICAL = re.compile(
    r"(?:[\w./()-]+: )?(?:(?:some|a bit of|more|small|minor|further|various|misc|general|run|apply|code ?base|code"
    r"|style|re-?format\w*|with|using|by|everything|whole|entire|project|repo(?:sitory)?|all|the|files?"
    r"|on|sources?|polish(?:ing|es)?|clean-?ups?|tidy(?:ing)?(?: |-)?(?:up)?|blacken(?:ed)?|lints?"
    rf"|{_TOOL})\b[ .!,]*+)++$",
    re.IGNORECASE,
)
_OF_FORMAT = re.compile(
    rf"^(?!add|introduce|support).*?(?:{_TOOL}|\b(?:blacken|(?:re-?)?(?:format|indent)|styl|lint|quotes|whitespace"
    r"|white space|line length|import))",
    re.IGNORECASE,
)
_TYPO = re.compile(
    r"\btypos?\b|\bmisspel\w+|\bspelling\b|\bcodespell\b|\bnit(?:s|picks?)\b"
    r"|(?:fix|correct|improve)(?:(?!fix|correct|improve)\w)*+ .{0,20}\b(?:grammar|wording|spelling)\b",
    re.IGNORECASE,
)
_MERGE = re.compile(
    r"merge\b.{0,20}\b(?:branch|branches|remote|tag|commit|pull request|pr|mr|request|upstream|master|main|of|from"
    r"|into)\b|merge (?:#|v?\d|\S+$|\S+ into)|(?:Auto|Rollup) merge of|Merged in \S+ \(pull request #",
    re.IGNORECASE,
)
_OF_PULL_REQUEST = re.compile(
    r"Merge pull request|Merge PR|(?:Auto|Rollup) merge|Merge #|Merged PR|Merged in \S+ \(pull request #"
)
_SQUASHED = re.compile(r"Merged in \S+ \(pull request #\d")  # or merged: Bitbucket uses the same words
_ROLLUP = re.compile(r"Rollup of \d+ (?:pull requests?|PRs)$")  # each of which is merged by a commit of its own
_TITLED_MERGE = re.compile(r"Merge (?:pull request |PR )?#\d+: \S+ \S")  # "Merge #12: Title"
_CREDIT = r"[\w-]+-by: .*"
_MERGE_FILLER = re.compile(  # and the titles that git lists: "* topic: (2 commits)", then each after two blanks
    r"^[ \t]*(?:\* \S+:(?: \(\d+ commits\))?[ ]*(?:\n  .*+)*+|#.*|Conflicts?:|\* .*: ?$|[\w./-][\w.-]*+/[\w./-]++"
    rf"|(?:Closes|Fixes|See).*|r\?.*|\* .*|{_CREDIT})$",
    re.MULTILINE,
)
_WORD = re.compile(r"[^\W\d_]{2,}")

FORMATTING = "formatting"  # blame skips these commits
EMPTY_TITLE = "empty title"
MOSTLY_LAYOUT = 0.75  # of the changed lines of a commit whose subject says that it formats; tools also sort imports
PARTLY_LAYOUT = 0.4  # of one that does it to many files, and says nothing else
MASS = 20  # files that are changed alike
MOSTLY_MOVED, ADAPTED = 0.8, 10  # share of the files of a mass move, and the changed lines of one
POLISH_WORDS = 40  # a "clean-up" with a shorter body and no rationale is noise
ROUTINE_WORDS = 12  # a version bump, typo or reformat with a shorter body and no rationale is noise


@lru_cache(maxsize=200_000)
def is_vendored(path: str) -> bool:
    """Whether a path is vendored third-party code."""
    return bool(_VENDORED.search(path))


def is_generated(path: str, head_of_text: str = "") -> bool:
    """Whether a file is generated, judged by its path or by its first lines."""
    return _generated_path(path) or bool(head_of_text and _GENERATED_TEXT.search(head_of_text[:2000]))


@lru_cache(maxsize=200_000)
def _generated_path(path: str) -> bool:
    return bool(_GENERATED.search(path))


def merge_title(message: str) -> tuple[str, str]:
    """Return the title and description of what a merge commit merged, ("", "") if it has none.

    The title of a pull request is the first line of the body; a merged branch counts if its body is prose.
    """
    subject, _, rest = message.strip().partition("\n")
    body = rest.strip()
    if not _MERGE.match(subject) or _TITLED_MERGE.match(subject):
        return subject, body
    title, _, text = body.partition("\n")
    if _ROLLUP.match(title.strip()):
        return "", ""
    if _OF_PULL_REQUEST.match(subject) and len(_WORD.findall(title)) >= 3 and not re.match(_CREDIT, title):
        return title.strip(), text.strip()
    if _words(_MERGE_FILLER.sub("", body)) >= ROUTINE_WORDS:
        return subject, body
    return "", ""


def commit_noise(commit: Commit) -> str:
    """Return why a commit is noise ("bot", "merge", "release", …), "" if it may be suggested."""
    if _BOT.search(commit.author) or _BOT.search(commit.email):
        return "bot"
    if len(commit.parents) > 1 and not merge_title(commit.message)[0]:
        return "merge"
    paths = [file.path for file in commit.files]
    if paths and all(is_vendored(path) or _generated_path(path) for path in paths):
        return "generated"
    if only_layout(commit) or _says_it_formats(commit):
        return FORMATTING
    message = message_of(commit.message, merge=len(commit.parents) > 1)
    if found := _routine(message, paths):
        return found
    if _moves_many(commit, message) or (not has_rationale(message.body) and only_moves(commit)):
        return "move"
    if found := _mechanical(commit, message):
        return found
    return EMPTY_TITLE if says_nothing(title_of(message.subject)) and not _says_more(message) else ""


def message_of(text: str, *, merge: bool) -> CommitMessage:
    """Split a message; of a merge, the message of what was merged."""
    if (merge or _SQUASHED.match(text)) and (title := merge_title(text))[0]:
        return split_message(f"{title[0]}\n\n{title[1]}")
    return split_message(text)


def _moves_many(commit: Commit, message: CommitMessage) -> bool:
    """Whether a commit says that it moves files, and nearly all of its many files are renamed; the body may be long."""
    if len(commit.files) < MASS or not _MOVES.search(message.subject):
        return False
    renamed = sum(file.status == "R" and _size(file) <= ADAPTED for file in commit.files)
    return renamed >= MOSTLY_MOVED * len(commit.files)


def _mechanical(commit: Commit, message: CommitMessage) -> str:
    """Return what a commit does whose subject names only a tool or a clean-up, "" if it says more."""
    if not _MECHANICAL.fullmatch(message.subject):
        return ""
    if (commit.truncated or len(commit.files) >= MASS) and layout_share(commit) >= PARTLY_LAYOUT:
        return FORMATTING  # whatever the body says
    says_more = has_rationale(message.body) or _words(message.body) >= POLISH_WORDS
    return "" if says_more else "polish"


def _says_more(message: CommitMessage) -> bool:
    """Whether a message says more than its subject does."""
    return bool(quote(message.subject, message.body).text)


def _size(file: FileChange) -> int:
    return sum(len(hunk.removed) + len(hunk.added) for hunk in file.hunks)


def _says_it_formats(commit: Commit) -> bool:
    """Whether the subject mentions formatting and the diff is mostly that, whatever the body says."""
    subject = commit.message.strip().partition("\n")[0]
    if _FORMATTING.match(subject) and commit.truncated:
        return True  # too large to be written by hand
    return bool(_OF_FORMAT.search(subject)) and layout_share(commit) >= MOSTLY_LAYOUT


def _routine(message: CommitMessage, paths: list[str]) -> str:
    """Return the kind of routine that a message without a rationale describes, "" if none."""
    if _words(message.body) >= ROUTINE_WORDS or has_rationale(message.body):
        return ""
    if not message.subject:
        return "empty"
    if _RELEASE.match(message.subject):
        return "release"
    if paths and all(_BOOKKEEPING.search(path) for path in paths):
        return "bookkeeping"
    if _FORMATTING.match(message.subject):
        return FORMATTING
    if _TYPO.search(message.subject):
        return "typo"
    subject = message.subject.lstrip("-*• ").lower()
    return "routine" if others_say("routine", subject, languages_of(message.subject, message.body)) else ""


def _words(text: str) -> float:
    return len(_WORD.findall(text)) + ideographs(text) / 2
