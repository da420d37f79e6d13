"""Each format of export says the same about the same discussions."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import exports
import pytest
from exports import SHA, write
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.discussions import formats
from mom_lsp.discussions.accounts import account, is_bot
from mom_lsp.discussions.archive import Archive
from mom_lsp.discussions.importing import Taken, import_discussions
from mom_lsp.discussions.links import Link, github_link, gitlab_link, number_of_file
from mom_lsp.discussions.values import Comment, Discussion, ReviewThread

MAY, APRIL = 1714557600, 1711965600  # 2024-05-01 10:00 and 2024-04-01 10:00, UTC
DAY, HOUR = 86400, 3600
THREAD = ReviewThread(
    "src/parser.py",
    (
        Comment("discussion_r501", "bob", MAY + DAY, "Why not a dictionary?"),
        Comment("discussion_r502", "ann", MAY + DAY + HOUR, "It would keep every file in memory."),
    ),
    exports.HUNK,
    SHA["b"],
    11,
    id="discussion_r501",
)
PULL = Discussion(
    "pull_request",
    7,
    "Cache the parser",
    "It was slow.\nNow it is not.",
    "ann",
    state="merged",
    created=MAY,
    updated=MAY + 2 * DAY,
    closed=MAY + 2 * DAY,
    project="o/n",
    merge_commit=SHA["a"],
    commits=(SHA["d"],),
    closed_by="bob",
    labels=("speed",),
    comments=(
        Comment("issuecomment-300", "codecov[bot]", MAY + 300, "Coverage: 81%", bot=True),
        Comment("pullrequestreview-400", "bob", MAY + DAY + 1, "The cache needs a limit."),
    ),
    threads=(THREAD,),
)
ISSUE = Discussion(
    "issue",
    3,
    "Parsing takes a minute",
    "On large files.",
    "cid",
    state="closed",
    created=APRIL,
    updated=MAY + 2 * DAY + 1,
    closed=MAY + 2 * DAY + 1,
    project="o/n",
    comments=(Comment("issuecomment-200", "ann", APRIL + DAY, "I see it, too."),),
)
CLOSED_BY_COMMIT = replace(ISSUE, closed_by="bob", commits=(SHA["a"],))


def taken(folder: Path, *paths: Path, **options: Any) -> tuple[list[Discussion], Taken]:
    """Import files, and return all that is in the archive then."""
    data = folder / "mom"
    folder.mkdir(exist_ok=True)
    result = import_discussions(data, paths, name="s", named="export", **options)
    with Archive(data) as archive:
        return list(archive.all()), result


def in_order(*found: Discussion) -> list[Discussion]:
    return sorted(found, key=lambda one: (one.project, one.type, one.number))


REST: dict[str, Any] = {
    "pulls.json": [exports.REST_PULL],
    "issues.json": [exports.REST_ISSUE, exports.REST_PULL_AS_ISSUE],
    "review-comments.json": exports.REST_REVIEW_COMMENTS,
    "comments.json": exports.REST_COMMENTS,
    "pulls/7/reviews.json": exports.REST_REVIEWS,
    "pulls/7/commits.json": exports.REST_COMMITS,
}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (REST, in_order(PULL, ISSUE)),
        (exports.METADATA_BACKUP, in_order(PULL, CLOSED_BY_COMMIT)),
        (exports.GITHUB_BACKUP, in_order(PULL, CLOSED_BY_COMMIT)),
    ],
    ids=["rest", "github-metadata-backup", "python-github-backup"],
)
def test_a_folder_of_github_is_read(tmp_path: Path, files: dict[str, Any], expected: list[Discussion]) -> None:
    found, result = taken(tmp_path, write(tmp_path / "export", files))
    assert found == expected
    assert (result.pull_requests, result.issues, result.review_comments, result.comments) == (1, 1, 2, 3)
    assert (result.changed, result.broken) == (2, 0)


def test_lists_of_the_github_cli_are_read(tmp_path: Path) -> None:
    write(tmp_path, {"pulls.json": [exports.GH_PULL], "issues.json": [exports.GH_ISSUE]})
    found, _ = taken(tmp_path, tmp_path / "pulls.json", tmp_path / "issues.json")
    bot = replace(PULL.comments[0], author="codecov")
    assert found == in_order(replace(PULL, threads=(), closes=(3,), comments=(bot, PULL.comments[1])), ISSUE)


def test_lists_of_the_cli_and_review_comments_of_the_api_are_one_discussion(tmp_path: Path) -> None:
    """Also where they are imported one after the other, and in the other order."""
    write(tmp_path, {"comments.json": exports.REST_REVIEW_COMMENTS, "reviews.json": exports.REST_REVIEWS})
    taken(tmp_path, tmp_path / "comments.json", tmp_path / "reviews.json")
    write(tmp_path, {"pulls.json": [exports.GH_PULL]})
    (found,), _ = taken(tmp_path, tmp_path / "pulls.json")
    assert (found.title, found.threads, found.comments[1]) == (PULL.title, PULL.threads, PULL.comments[1])
    assert len(found.comments) == 2  # the review has one id in both formats


@pytest.mark.parametrize(
    "fields", [(), ("state", "labels"), ("url",), ("url", "labels"), ("author",), ("author", "comments", "reviews")]
)
def test_any_selection_of_fields_of_the_cli_is_read(tmp_path: Path, fields: tuple[str, ...]) -> None:
    chosen = {name: exports.GH_PULL[name] for name in ("number", "title", "body", *fields)}
    write(tmp_path, {"prs.json": [chosen], "issues.json": [{**chosen, "url": f"{exports.WEB}/issues/3", "number": 3}]})
    found, result = taken(tmp_path, tmp_path / "prs.json", tmp_path / "issues.json", project="o/n")
    assert {(one.type, one.number, one.project) for one in found} == {("pull_request", 7, "o/n"), ("issue", 3, "o/n")}
    assert result.unknown == 0


@pytest.mark.parametrize(
    ("place", "type_"),
    [("issue-tracker/pulls.json", "pull_request"), ("pulls/issues.json", "issue"), ("issues/all.json", "issue")],
)
def test_the_name_nearest_to_a_file_tells_the_type_of_what_does_not_say_it(place: str, type_: str) -> None:
    (reading,) = formats.read({"number": 3, "title": "Parse faster", "body": "It is slow."}, place) or ()
    assert reading.discussion.type == type_


def test_an_older_review_has_one_id_in_both_formats(tmp_path: Path) -> None:
    (review,) = [one for one in exports.GH_PULL["reviews"] if one["body"]]
    older = exports.GH_PULL | {"reviews": [review | {"id": "MDE3OlB1bGxSZXF1ZXN0UmV2aWV3NDAw"}]}
    write(tmp_path, {"pulls.json": [older], "reviews.json": exports.REST_REVIEWS})
    (found,), _ = taken(tmp_path, tmp_path / "pulls.json", tmp_path / "reviews.json")
    assert [one.id for one in found.comments].count("pullrequestreview-400") == 1
    assert len(found.comments) == 2


@pytest.mark.parametrize("named", ["pulls/7/commits.json", "pulls/7", "pulls"])
def test_commits_belong_to_the_pull_request_in_the_path_of_their_file_whatever_part_is_named(
    tmp_path: Path, named: str
) -> None:
    write(tmp_path, {"pulls/7/commits.json": exports.REST_COMMITS})
    found, _ = taken(tmp_path, tmp_path / named, project="o/n")
    assert [(one.number, one.commits) for one in found] == [(7, (SHA["d"],))]


def test_gitlab_is_read(tmp_path: Path) -> None:
    files = {
        "merge_requests.json": [exports.GITLAB_REQUEST],
        "discussions.json": exports.GITLAB_DISCUSSIONS,
        "issues.json": [exports.GITLAB_ISSUE],
        "notes.json": exports.GITLAB_NOTES,
    }
    (issue, request), _ = taken(tmp_path, write(tmp_path / "export", files))
    assert (request.type, request.number, request.project) == ("pull_request", 7, "group/sub/n")
    assert (request.state, request.closed, request.closed_by) == ("merged", MAY + 2 * DAY, "bob")
    assert (request.merge_commit, request.commits) == (SHA["a"], (SHA["c"], SHA["b"]))
    assert [(one.id, one.bot) for one in request.comments] == [("note_504", False), ("note_506", True)]
    first, second = request.threads
    assert (first.path, first.line, first.side, first.commit) == ("src/parser.py", 11, "new", SHA["b"])
    assert ([one.author for one in first.comments], first.resolved) == (["bob", "ann"], True)
    assert (second.path, second.line, second.side, second.commit) == ("src/old.py", 4, "old", SHA["e"])
    assert second.resolved is False
    assert (issue.type, issue.number, issue.project, issue.closed_by) == ("issue", 3, "group/sub/n", "bob")
    assert [one.body for one in issue.comments] == ["I see it, too."]


def test_a_project_export_of_gitlab_is_read(tmp_path: Path) -> None:
    """It has the notes inside, without logins, and the commits of the merge request."""
    notes = [
        {**note, "note": note["body"], "body": None, "discussion_id": f"d{index}", "author": {"name": "Bob B."}}
        for index, discussion in enumerate(exports.GITLAB_DISCUSSIONS)
        for note in discussion["notes"]
    ]
    request = {key: value for key, value in exports.GITLAB_REQUEST.items() if key not in ("web_url", "author", "sha")}
    request |= {"notes": notes, "merge_request_diff": {"merge_request_diff_commits": [{"sha": SHA["d"]}]}}
    write(tmp_path / "tree" / "project", {"merge_requests.ndjson": json.dumps(request)})
    (found,), _ = taken(tmp_path, tmp_path / "tree", project="group/n")
    assert (found.type, found.number, found.project) == ("pull_request", 7, "group/n")
    assert (found.merge_commit, found.commits) == (SHA["a"], (SHA["c"], SHA["d"]))
    assert [len(thread.comments) for thread in found.threads] == [2, 1]
    assert {one.author for one in found.comments} == {"Bob B."}


def test_notes_of_gitlab_that_are_exported_twice_are_kept_once(tmp_path: Path) -> None:
    notes = [one for discussion in exports.GITLAB_DISCUSSIONS for one in discussion["notes"]]
    nested = exports.GITLAB_REQUEST | {"discussions": exports.GITLAB_DISCUSSIONS}
    (whole,), _ = taken(tmp_path / "a", write(tmp_path / "nested", {"x.json": [nested]}))
    (again,), _ = taken(tmp_path / "b", write(tmp_path / "twice", {"x.json": [nested], "notes.json": notes}))
    assert again.threads == whole.threads
    assert len(whole.threads) == 2


def test_a_comment_of_an_unknown_type_belongs_to_the_pull_request_with_its_number(tmp_path: Path) -> None:
    thin = [{key: one[key] for key in ("issue_url", "body", "user", "id")} for one in exports.REST_COMMENTS]
    write(tmp_path / "e", {"comments.json": thin, "pulls.json": [exports.REST_PULL]})
    found, _ = taken(tmp_path, tmp_path / "e")
    assert {(one.type, one.number, len(one.comments)) for one in found} == {("issue", 3, 1), ("pull_request", 7, 1)}


def test_a_pull_request_that_was_not_merged_has_no_merge_commit() -> None:
    """GitHub names a trial merge there."""
    closed = exports.REST_PULL | {"merged_at": None, "closed_by": {"login": "bob"}}
    (reading,) = formats.read(closed, "") or ()
    assert (reading.discussion.state, reading.discussion.merge_commit) == ("closed", "")
    assert reading.discussion.closed_by == "bob"


def test_a_comment_on_removed_lines_is_on_the_old_side() -> None:
    (reading,) = formats.read(exports.REST_REVIEW_COMMENTS[0] | {"side": "LEFT"}, "") or ()
    assert reading.discussion.threads[0].side == "old"


MILESTONES: list[dict[str, Any]] = [
    {
        "url": f"{exports.API}/milestones/3",
        "html_url": f"{exports.WEB}/milestone/3",
        "number": 3,
        "title": "v1.0",
        "description": "Everything for the first release",
        "creator": {"login": "ann"},
        "open_issues": 4,
        "state": "open",
        "updated_at": "2030-01-01T00:00:00Z",
        "due_on": None,
    },
    {"number": 3, "title": "v1.0", "url": f"{exports.WEB}/milestone/3", "createdAt": "2030-01-01T00:00:00Z"},
    {"iid": 3, "title": "v1.0", "description": "All", "state": "active", "updated_at": "2030-01-01T00:00:00Z"},
    {"iid": 3, "title": "v1.0", "description": "All", "state": "closed", "due_date": None, "updated_at": "2030-01-01"},
    {
        "iid": 3,
        "title": "v1.0",
        "description": "All",
        "updated_at": "2030-01-01",
        "web_url": f"{exports.GITLAB}/milestones/3",
    },
]


@pytest.mark.parametrize("milestone", MILESTONES)
@pytest.mark.parametrize("issue", [exports.REST_ISSUE, exports.GH_ISSUE, exports.GITLAB_ISSUE])
def test_a_milestone_does_not_replace_the_issue_with_its_number(
    tmp_path: Path, issue: dict[str, Any], milestone: dict[str, Any]
) -> None:
    folder = write(tmp_path / "export", {"issues/3.json": [issue], "milestones/3.json": [milestone]})
    (found,), result = taken(tmp_path, folder, project="o/n" if issue is not exports.GITLAB_ISSUE else "group/sub/n")
    assert (found.title, found.body) == ("Parsing takes a minute", "On large files.")
    assert result.unknown == 0


@pytest.mark.parametrize(
    "issue",
    [
        {"number": 3, "title": "Parsing takes a minute", "user": None},
        {"number": 3, "title": "Parsing takes a minute", "html_url": f"{exports.WEB}/issues/3"},
        {"iid": 3, "title": "Parsing takes a minute", "description": "On large files.", "state": "closed"},
        {"iid": 3, "title": "Parsing takes a minute", "state": "opened", "due_date": None, "author_id": 5},
        {"iid": 3, "title": "Parsing takes a minute", "web_url": f"{exports.GITLAB}/issues/incident/3"},
    ],
)
def test_an_issue_with_few_fields_is_read(issue: dict[str, Any]) -> None:
    (reading,) = formats.read(issue, "issues.ndjson") or ()
    assert (reading.discussion.type, reading.discussion.number) == ("issue", 3)


@pytest.mark.parametrize("value", [{}, {"a": 1}, {"number": 1}, {"event": "labeled"}, {"name": "speed"}, {"id": 1}])
def test_an_unknown_shape_is_no_discussion(value: dict[str, Any]) -> None:
    assert formats.read(value, "x.json") is None


def test_an_event_of_the_journal_is_feedback() -> None:
    assert formats.is_feedback({"seq": 1, "time": 2.0, "type": "pin", "data": {}, "memory": "m"})
    assert not formats.is_feedback(exports.GH_PULL)


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ("dependabot[bot]", True),
        ("github-actions", True),
        ("DrahtBot", True),
        ("k8s-ci-robot", True),
        ("gitlab-bot", True),
        ("project_12_bot_0f", True),
        ("Copilot", True),
        ("abbott", False),
        ("robot9000", False),
        ("sipa", False),
        ("", False),
    ],
)
def test_bots_are_told_by_their_logins(login: str, expected: bool) -> None:
    assert is_bot(login) is expected


def test_an_account_may_say_that_it_is_a_bot() -> None:
    assert account({"user": {"login": "x", "type": "Bot"}}, "user") == ("x", True)
    assert account({"author": {"login": "app/renovate", "is_bot": True}}, "author") == ("renovate[bot]", True)
    assert account({"user": None, "author": {"username": "ann"}}, "user", "author") == ("ann", False)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/o/n/pull/7#issuecomment-3", Link("o/n", "pull_request", 7, "issuecomment-3")),
        ("https://github.com/o/n/pull/7/files#r3", Link("o/n", "pull_request", 7, "r3")),
        ("https://api.github.com/repos/o/n/issues/7", Link("o/n", None, 7)),
        ("https://ghe.example.org/api/v3/repos/o/n/pulls/7", Link("o/n", "pull_request", 7)),
        ("https://github.com/o/n/issues/7", Link("o/n", "issue", 7)),
        ("javascript:alert(1)//https://github.com/o/n/issues/7", Link()),
        ("", Link()),
    ],
)
def test_links_of_github_say_what_they_are_of(url: str, expected: Link) -> None:
    assert github_link(url) == expected


def test_links_of_gitlab_say_what_they_are_of() -> None:
    assert gitlab_link("https://x.org/g/s/n/-/merge_requests/7") == Link("g/s/n", "pull_request", 7)
    assert gitlab_link("https://x.org/g/n/merge_requests/7#note_1") == Link("g/n", "pull_request", 7)
    assert gitlab_link("https://x.org/g/n/-/work_items/7") == Link("g/n", "issue", 7)


def test_a_path_says_the_number_of_what_a_file_is_of() -> None:
    assert number_of_file("pulls/12/commits.json", "pull_request") == 12
    assert number_of_file("export-2024/merge_request-7-commits.json", "pull_request") == 7
    assert number_of_file("commits-2024.json", "pull_request") == 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just("9" * 400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
RECORDS: list[dict[str, Any]] = [
    exports.REST_PULL,
    exports.REST_ISSUE,
    *exports.REST_REVIEW_COMMENTS,
    *exports.REST_REVIEWS,
    *exports.REST_COMMENTS,
    *exports.REST_COMMITS,
    exports.GH_PULL,
    exports.GH_ISSUE,
    *exports.METADATA_BACKUP.values(),
    *exports.GITHUB_BACKUP["repositories/n/labels/labels.json"],
    exports.GITHUB_BACKUP["repositories/n/pulls/7.json"],
    exports.GITLAB_REQUEST,
    *exports.GITLAB_DISCUSSIONS,
]


@st.composite
def _damaged(draw: st.DrawFn) -> Any:
    """Return a record in which some values, at any depth, are anything else."""

    def damage(value: Any, depth: int) -> Any:
        if draw(st.integers(0, 9)) == 0:
            return draw(JSON)
        if depth and isinstance(value, dict):
            return {key: damage(inner, depth - 1) for key, inner in value.items()}
        if depth and isinstance(value, list):
            return [damage(inner, depth - 1) for inner in value]
        return value

    record = draw(st.sampled_from(RECORDS))
    return {key: damage(inner, 3) for key, inner in record.items()}


def _check(record: dict[str, Any]) -> None:
    decoded = json.loads(json.dumps(record))
    for reading in formats.read(decoded, "pulls/7/commits.json") or ():
        one = reading.discussion
        assert 0 < one.number < 10**12
        assert all(isinstance(text, str) for text in (one.title, one.body, one.author, one.project, one.merge_commit))
        assert all(thread.comments and thread.path for thread in one.threads)
        assert all(comment.body.strip() and comment.time >= 0 for comment in one.comments)


@given(record=_damaged())
def test_no_wrong_types_break_a_reader(record: dict[str, Any]) -> None:
    _check(record)


def _with_one_other(value: Any, other: Any) -> Iterator[Any]:
    """Yield copies of a value in which one value, at any depth, is another one."""
    yield other
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from ({**value, key: changed} for changed in _with_one_other(inner, other))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from ([*value[:at], changed, *value[at + 1 :]] for changed in _with_one_other(inner, other))


@pytest.mark.parametrize("other", [None, True, 7, "x", [], {}, ["x"], {"x": []}], ids=repr)
def test_no_single_wrong_type_breaks_a_reader(other: Any) -> None:
    for record in RECORDS:
        for changed in _with_one_other(record, other):
            if isinstance(changed, dict):
                _check(changed)
