"""Small exports of each format, made up: the same pull request 7 and issue 3 of o/n."""

import json
from pathlib import Path
from typing import Any

SHA = {name: name * 40 for name in "abcdef"}
WEB, API = "https://github.com/o/n", "https://api.github.com/repos/o/n"
HUNK = "@@ -10,2 +10,3 @@ def f():\n context\n+added"

REST_PULL: dict[str, Any] = {
    "url": f"{API}/pulls/7",
    "html_url": f"{WEB}/pull/7",
    "diff_url": f"{WEB}/pull/7.diff",
    "number": 7,
    "state": "closed",
    "title": "Cache the parser",
    "user": {"login": "ann", "type": "User"},
    "body": "It was slow.\r\nNow it is not.",
    "labels": [{"name": "speed"}],
    "created_at": "2024-05-01T10:00:00Z",
    "updated_at": "2024-05-03T10:00:00Z",
    "closed_at": "2024-05-03T10:00:00Z",
    "merged_at": "2024-05-03T10:00:00Z",
    "merged_by": {"login": "bob"},
    "merge_commit_sha": SHA["a"],
    "base": {"repo": {"full_name": "o/n"}},
}
REST_ISSUE = {
    "url": f"{API}/issues/3",
    "html_url": f"{WEB}/issues/3",
    "repository_url": API,
    "number": 3,
    "state": "closed",
    "title": "Parsing takes a minute",
    "user": {"login": "cid", "type": "User"},
    "body": "On large files.",
    "labels": [],
    "created_at": "2024-04-01T10:00:00Z",
    "updated_at": "2024-05-03T10:00:01Z",
    "closed_at": "2024-05-03T10:00:01Z",
}
_BOTH = ("html_url", "number", "state", "title", "user", "body", "labels", "created_at", "updated_at", "closed_at")
REST_PULL_AS_ISSUE = {name: REST_PULL[name] for name in _BOTH} | {
    "url": f"{API}/issues/7",
    "repository_url": API,
    "pull_request": {"merged_at": "2024-05-03T10:00:00Z"},
}
REST_REVIEW_COMMENTS = [
    {
        "id": 501,
        "html_url": f"{WEB}/pull/7#discussion_r501",
        "pull_request_url": f"{API}/pulls/7",
        "pull_request_review_id": 400,
        "path": "src/parser.py",
        "diff_hunk": HUNK,
        "original_commit_id": SHA["b"],
        "commit_id": SHA["c"],
        "original_line": 11,
        "line": None,
        "side": "RIGHT",
        "user": {"login": "bob", "type": "User"},
        "body": "Why not a dictionary?",
        "created_at": "2024-05-02T10:00:00Z",
        "in_reply_to_id": None,
    },
    {
        "id": 502,
        "html_url": f"{WEB}/pull/7#discussion_r502",
        "pull_request_url": f"{API}/pulls/7",
        "pull_request_review_id": 401,
        "path": "src/parser.py",
        "diff_hunk": HUNK,
        "original_commit_id": SHA["b"],
        "user": {"login": "ann", "type": "User"},
        "body": "It would keep every file in memory.",
        "created_at": "2024-05-02T11:00:00Z",
        "in_reply_to_id": 501,
    },
]
REST_REVIEWS = [
    {
        "id": 400,
        "html_url": f"{WEB}/pull/7#pullrequestreview-400",
        "pull_request_url": f"{API}/pulls/7",
        "state": "CHANGES_REQUESTED",
        "submitted_at": "2024-05-02T10:00:01Z",
        "user": {"login": "bob"},
        "body": "The cache needs a limit.",
    },
    {
        "id": 401,
        "html_url": f"{WEB}/pull/7#pullrequestreview-401",
        "pull_request_url": f"{API}/pulls/7",
        "state": "APPROVED",
        "submitted_at": "2024-05-02T12:00:00Z",
        "user": {"login": "bob"},
        "body": "",
    },
]
REST_COMMENTS = [
    {
        "id": 300,
        "html_url": f"{WEB}/pull/7#issuecomment-300",
        "issue_url": f"{API}/issues/7",
        "user": {"login": "codecov[bot]", "type": "Bot"},
        "body": "Coverage: 81%",
        "created_at": "2024-05-01T10:05:00Z",
    },
    {
        "id": 200,
        "html_url": f"{WEB}/issues/3#issuecomment-200",
        "issue_url": f"{API}/issues/3",
        "user": {"login": "ann", "type": "User"},
        "body": "I see it, too.",
        "created_at": "2024-04-02T10:00:00Z",
    },
]
REST_COMMITS = [{"sha": SHA["d"], "commit": {"message": "Cache"}, "comments_url": f"{API}/commits/{SHA['d']}/comments"}]

GH_PULL: dict[str, Any] = {
    "number": 7,
    "title": "Cache the parser",
    "body": "It was slow.\nNow it is not.",
    "author": {"login": "ann", "is_bot": False},
    "state": "MERGED",
    "createdAt": "2024-05-01T10:00:00Z",
    "updatedAt": "2024-05-03T10:00:00Z",
    "closedAt": "2024-05-03T10:00:00Z",
    "mergedAt": "2024-05-03T10:00:00Z",
    "mergedBy": {"login": "bob"},
    "mergeCommit": {"oid": SHA["a"]},
    "labels": [{"id": "L", "name": "speed"}],
    "url": f"{WEB}/pull/7",
    "commits": [{"oid": SHA["d"], "messageHeadline": "Cache"}],
    "closingIssuesReferences": [{"number": 3, "url": f"{WEB}/issues/3"}, {"number": 9, "url": f"{WEB}x/issues/9"}],
    "comments": [
        {
            "id": "IC_x",
            "url": f"{WEB}/pull/7#issuecomment-300",
            "author": {"login": "codecov"},
            "body": "Coverage: 81%",
            "createdAt": "2024-05-01T10:05:00Z",
        }
    ],
    "reviews": [
        {
            "id": "PRR_kwDOAP4Jqs4AAAGQ",  # MessagePack of [0, 16648618, 400]
            "author": {"login": "bob"},
            "body": "The cache needs a limit.",
            "submittedAt": "2024-05-02T10:00:01Z",
            "state": "CHANGES_REQUESTED",
        }
    ],
}
GH_ISSUE = {
    "number": 3,
    "title": "Parsing takes a minute",
    "body": "On large files.",
    "author": {"login": "cid", "is_bot": False},
    "state": "CLOSED",
    "createdAt": "2024-04-01T10:00:00Z",
    "updatedAt": "2024-05-03T10:00:01Z",
    "closedAt": "2024-05-03T10:00:01Z",
    "labels": [],
    "url": f"{WEB}/issues/3",
    "comments": [
        {
            "id": "IC_y",
            "url": f"{WEB}/issues/3#issuecomment-200",
            "author": {"login": "ann"},
            "body": "I see it, too.",
            "createdAt": "2024-04-02T10:00:00Z",
        }
    ],
}

METADATA_BACKUP: dict[str, Any] = {
    "pulls/7.json": {
        "type": "pull",
        "pull": REST_PULL,
        "events": [
            {"event": "committed", "sha": SHA["d"]},
            {"event": "labeled", "label": {"name": "speed"}},
            {"event": "commented", **REST_COMMENTS[0], "actor": REST_COMMENTS[0]["user"]},
            *({"event": "reviewed", **review} for review in REST_REVIEWS),
            {"event": "merged", "actor": {"login": "bob"}, "commit_id": SHA["a"]},
            {"event": "closed", "actor": {"login": "bob"}},
        ],
        "comments": REST_REVIEW_COMMENTS,
    },
    "issues/3.json": {
        "type": "issue",
        "issue": REST_ISSUE,
        "events": [
            {"event": "commented", **REST_COMMENTS[1]},
            {"event": "closed", "actor": {"login": "bob"}, "commit_id": SHA["a"]},
        ],
    },
    "state.json": {"version": 2, "last_backup": "2024-06-01T00:00:00Z", "failed_issues": [], "failed_pulls": []},
}
GITHUB_BACKUP: dict[str, Any] = {
    "repositories/n/pulls/7.json": REST_PULL
    | {
        "comment_regular_data": [REST_COMMENTS[0]],
        "comment_data": REST_REVIEW_COMMENTS,
        "review_data": REST_REVIEWS,
        "commit_data": REST_COMMITS,
    },
    "repositories/n/issues/3.json": REST_ISSUE
    | {
        "comment_data": [REST_COMMENTS[1]],
        "event_data": [{"event": "closed", "actor": {"login": "bob"}, "commit_id": SHA["a"]}],
    },
    "repositories/n/labels/labels.json": [{"name": "speed", "color": "ff0000"}],
}

GITLAB = "https://gitlab.example.org/group/sub/n/-"
GITLAB_REQUEST = {
    "id": 90001,
    "iid": 7,
    "project_id": 55,
    "title": "Cache the parser",
    "description": "It was slow.",
    "state": "merged",
    "created_at": "2024-05-01T10:00:00.123Z",
    "updated_at": "2024-05-03T10:00:00.000Z",
    "merged_at": "2024-05-03T12:00:00.000+02:00",
    "closed_at": None,
    "merge_user": {"username": "bob"},
    "source_branch": "cache",
    "author": {"username": "ann"},
    "labels": ["speed"],
    "sha": SHA["b"],
    "merge_commit_sha": SHA["c"],
    "squash_commit_sha": SHA["a"],
    "web_url": f"{GITLAB}/merge_requests/7",
}
GITLAB_ISSUE = {
    "id": 80001,
    "iid": 3,
    "project_id": 55,
    "title": "Parsing takes a minute",
    "description": "On large files.",
    "state": "closed",
    "created_at": "2024-04-01T10:00:00.000Z",
    "updated_at": "2024-05-03T10:00:01.000Z",
    "closed_at": "2024-05-03T10:00:01.000Z",
    "closed_by": {"username": "bob"},
    "author": {"username": "cid"},
    "labels": [],
    "web_url": f"{GITLAB}/issues/3",
}


def note(identity: int, author: str, body: str, **fields: Any) -> dict[str, Any]:
    """Return a note of merge request 7 of GitLab."""
    return {
        "id": identity,
        "type": None,
        "body": body,
        "author": {"username": author},
        "created_at": f"2024-05-02T10:00:{identity % 60:02}Z",
        "system": False,
        "noteable_type": "MergeRequest",
        "noteable_iid": 7,
        "project_id": 55,
        **fields,
    }


def position(**fields: Any) -> dict[str, Any]:
    """Return a position in a diff of GitLab."""
    shas = {"base_sha": SHA["e"], "start_sha": SHA["e"], "head_sha": SHA["b"]}
    return {**shas, "position_type": "text", "old_path": "src/old.py", "new_path": "src/parser.py", **fields}


GITLAB_DISCUSSIONS: list[dict[str, Any]] = [
    {
        "id": "0" * 40,
        "individual_note": False,
        "notes": [
            note(501, "bob", "Why not a dictionary?", position=position(new_line=11), resolvable=True, resolved=True),
            note(502, "ann", "It would keep every file in memory.", resolvable=True, resolved=True),
        ],
    },
    {
        "id": "1" * 40,
        "individual_note": False,
        "notes": [note(503, "bob", "Who needs this?", position=position(old_line=4), resolvable=True, resolved=False)],
    },
    {"id": "2" * 40, "individual_note": True, "notes": [note(504, "bob", "Thanks for the figures.")]},
    {"id": "3" * 40, "individual_note": True, "notes": [note(505, "bob", "changed the title", system=True)]},
    {"id": "4" * 40, "individual_note": True, "notes": [note(506, "project_55_bot_1a2b", "Pipeline passed")]},
]
GITLAB_NOTES = [note(601, "ann", "I see it, too.", noteable_type="Issue", noteable_iid=3)]


def write(folder: Path, files: dict[str, Any]) -> Path:
    """Write files of JSON into a folder."""
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return folder
