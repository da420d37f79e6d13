"""Commits made into memories: kinds, words, anchors, names, and what is never stored."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mom_lsp.extract.code import changed_names, is_random
from mom_lsp.extract.commits import commit_memory
from mom_lsp.extract.kinds import commit_kind, entry_kind, text_kind
from mom_lsp.extract.message import rationale, shorten, split_message, title_of
from mom_lsp.extract.significance import contributions
from mom_lsp.git import Commit, FileChange, Hunk
from mom_lsp.memory import Memory, Reference, commit_memory_id

SHA = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"


def make_hunk(removed: tuple[str, ...] = (), added: tuple[str, ...] = (), header: str = "", start: int = 10) -> Hunk:
    return Hunk(header, start, len(removed), start, len(added), removed, added)


def make_commit(message: str, *files: FileChange, parents: int = 1) -> Commit:
    return Commit("a" * 40, ("b" * 40,) * parents, "Ada", "Ada@X.org", 1_600_000_000, 1_600_000_500, message, files)


def unchanged(text: str) -> str:
    return text


def read(message: str, *files: FileChange, parents: int = 1) -> Memory:
    return commit_memory(make_commit(message, *files, parents=parents), sanitize=unchanged)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (f'Revert "url: cache the host"\n\nThis reverts commit {SHA}.', "failed_approach"),
        ("[lldb] Revert the new parser (#123)\n\nIt broke the bots.", "failed_approach"),
        ("GHA: use one cache key (revert)\n\nToo slow.", "failed_approach"),
        ("openssl+ech: workaround for insecure handshakes", "workaround"),
        ("usb: gadget: quirk for old hubs", "workaround"),
        ("schannel: fix use after free in client cert store", "bug_pattern"),
        ('net: sched: mend the filter\n\nFixes: 1a2b3c4d5e6f ("net: x")\n', "fix"),
        ("fix(cache): keep entries of a renamed file", "fix"),
        ("url: report the correct port", "fix"),
        ("feat: fix the width of the sidebar", "note"),
        ("Add a flag for quiet output\n\nFixes #12", "note"),
        ("quiet output - fixes #12", "note"),
        ("docs: fix the example of the parser", "note"),
        ("Fix typo in the error message", "note"),
        ("fix up docs for the parser", "note"),
        ("Show the queue to find memory leaks", "note"),
        ("mqtt: fix EOF handling\n\nIn mqtt_recv_atleast(), recognize an EOF as error.\n\nFixes #20815", "fix"),
        ("worker: mend shutdown\n\nThere was a race condition between stop and join.\n\nFixes #3", "fix"),
        ("worker: avoid a deadlock of stop and join", "bug_pattern"),
        ("Avoid erasing type objects when checking runtime cover", "note"),
        ("Deprecate the old callback style", "anti_pattern"),
        ("log: never call exit() in a library", "anti_pattern"),
        ("Fix deprecated calls in the parser", "fix"),
        ("easy: speed up the handle lookup", "optimisation"),
        ("avoid quadratic rescan of children", "optimisation"),
        ("perf(parser): read two bytes at once", "optimisation"),
        ("perf: add a benchmark of the parser", "note"),
        ("refactor: remove the workaround for AJV", "note"),
        ("tests: skip the flaky shutdown test", "known_issue"),
        ("strparse: switch to curl_off_t\n\nBecause long differs in size between platforms.", "note"),
        ("checksrc: warn for leading spaces", "convention"),
        ("KNOWN_BUGS: IDN does not work with wide paths", "known_issue"),
        ("test1637: verify --retry with 502", "note"),
    ],
)
def test_the_kind_follows_from_the_wording(message: str, kind: str) -> None:
    assert read(message).kind == kind


@pytest.mark.parametrize(("path", "kind"), [("docs/intro.md", "note"), ("docs/intro.md lib/url.c", "fix")])
def test_a_change_of_documents_alone_is_no_fix(path: str, kind: str) -> None:
    files = [FileChange(name, None, "M", (make_hunk(("a",), ("b",)),)) for name in path.split()]
    assert read("Fix the name of the host", *files).kind == kind


def test_long_texts_are_read_in_linear_time() -> None:
    for part in ("fix ", "to avoid ", "avoid a ", "[a] ", "don't ", "and ", "(", "mark ", "improve the "):
        text = part * 10_000
        assert {commit_kind(text, text, ()), entry_kind(text), text_kind(text)}  # hours if it were quadratic


def test_a_reapplied_change_is_not_a_failed_approach() -> None:
    assert read(f'Reapply "url: cache the host"\n\nThis reverts commit {SHA}.').kind != "failed_approach"


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("url: keep the order", "url: keep the order"),
        ("[PATCH v2 1/3] mm: keep the order.", "mm: keep the order"),
        ("fix(router): keep the order (#123)", "router: keep the order"),
        ("feat!: keep the order", "keep the order"),
        ("gh-109653: Keep the order (GH-109804)", "Keep the order"),
        ("Bug 1757604 - Keep the order, r=ada", "Keep the order"),
        ("[mypyc] Keep the order (#12)", "[mypyc] Keep the order"),
        ("fixup! url: keep the order", "url: keep the order"),
        ("appveyor: minor improvements [ci skip]", "appveyor: minor improvements"),
        ("!182 Keep the order", "Keep the order"),
        ("* Keep the order", "Keep the order"),
        ("wait for it...", "wait for it..."),
        ("(#12)", "(#12)"),
    ],
)
def test_titles_drop_uninformative_parts(subject: str, title: str) -> None:
    assert title_of(subject) == title


def test_a_message_is_split_into_subject_body_and_trailers() -> None:
    message = split_message(
        "net: mend the pool\n\nThe pool leaked because nobody freed it.\nNote: this is prose.\n\n"
        'Fixes: 1a2b3c4d5e6f ("net: add a pool")\nReported-by: A <a@x.org>\nSigned-off-by: B <b@x.org>\nCloses #12\n'
    )
    assert message.subject == "net: mend the pool"
    assert message.body == "The pool leaked because nobody freed it.\nNote: this is prose."
    assert [key for key, _ in message.trailers] == ["Fixes", "Reported-by", "Signed-off-by", "Closes"]


WRAPPED = "When a control character is made of a letter, 64 has to be taken off"  # 68 characters


@pytest.mark.parametrize(
    ("message", "subject", "body"),
    [
        (f"{WRAPPED}\nand not 65. Found by Ann.\nTwice.", f"{WRAPPED} and not 65.", "Found by Ann. Twice."),
        (f"{WRAPPED}\nand not 65.\n\nWhy.", f"{WRAPPED} and not 65.", "Why."),
        (f"{WRAPPED}\nand not\n65", f"{WRAPPED} and not 65", ""),
        (f"{WRAPPED}\n(it was 65)\n- one\n- two", f"{WRAPPED} (it was 65)", "- one\n- two"),
        (f"{WRAPPED} always\n65 or more. Why.", f"{WRAPPED} always 65 or more.", "Why."),
        (f"{WRAPPED} inside\n%begin", f"{WRAPPED} inside %begin", ""),
        (f"{WRAPPED} outside\n$TMPDIR", f"{WRAPPED} outside $TMPDIR", ""),
        (f"{WRAPPED},\nAnn Author says", f"{WRAPPED}, Ann Author says", ""),
        (f"{WRAPPED} by\nAnn Author", f"{WRAPPED} by Ann Author", ""),
        (f"{WRAPPED}, see GitHub\nissue 12.", f"{WRAPPED}, see GitHub issue 12.", ""),
        (f"{WRAPPED}. Reported by\nAnn Author.", f"{WRAPPED}.", "Reported by Ann Author."),
        (f"{WRAPPED}. See Ann\nAuthor.", f"{WRAPPED}.", "See Ann Author."),
        (f"- {WRAPPED}\n  and not 65", f"{WRAPPED} and not 65", ""),
        (f"{WRAPPED}, as our\nAPI says. Found by Ann.", f"{WRAPPED}, as our API says.", "Found by Ann."),
        (f"{WRAPPED} by the option\n--no-letter", f"{WRAPPED} by the option --no-letter", ""),
        (f"{WRAPPED} while\n64_BITS are not", f"{WRAPPED} while 64_BITS are not", ""),
        (f'{WRAPPED} or one\n"digit".', f'{WRAPPED} or one "digit".', ""),
        (f"{WRAPPED}, from Ann\nBeth Author.", f"{WRAPPED}, from Ann Beth Author.", ""),
        (
            f"{WRAPPED}, reported by J\nAuthor in GitHub issue 12.",
            f"{WRAPPED}, reported by J Author in GitHub issue 12.",
            "",
        ),
        ("The answer to `OPTIONS` was\nnot complete.\n\nWhy.", "The answer to `OPTIONS` was not complete.", "Why."),
    ],
)
def test_a_sentence_that_was_wrapped_is_the_subject(message: str, subject: str, body: str) -> None:
    split = split_message(message)
    assert (split.subject, split.body) == (subject, body)


def test_a_wrapped_sentence_that_is_too_long_for_a_title_is_cut_there_and_whole_in_the_body() -> None:
    sentence = f"{WRAPPED}\nand not 65, {'since that is another letter, ' * 6}as the table says."
    split = split_message(f"{sentence} Found by Ann.\n\nWhy.")
    assert split.subject.startswith(f"{WRAPPED} and not 65") and split.subject.endswith("that is another…")
    assert split.body == f"{' '.join(sentence.split())} Found by Ann.\n\nWhy."


@pytest.mark.parametrize(
    "rest",
    [
        "This fixes it.",
        "RFC 2616, section 9.4 says: it is so",
        "API: add another",
        "2 - and more",
        "-Removed another",
        "/cc @ann",
        "Ann Author.",
        "- and more",
        "  indented",
        "Reviewed-by: ann",
        "closes #12",
    ],
)
def test_what_does_not_go_on_is_no_part_of_the_subject(rest: str) -> None:
    assert split_message(f"{WRAPPED}\n{rest}").subject == WRAPPED
    assert split_message(f"{WRAPPED}.\nand not 65").subject == f"{WRAPPED}."
    assert split_message("Fix the pool\nand the cache").subject == "Fix the pool"
    assert split_message("Say where that comes from\nAnn asked").subject == "Say where that comes from"
    assert split_message("Use configure.ac, not configure.in\nand more").subject == "Use configure.ac, not configure.in"


def test_people_in_the_body_are_dropped_and_trailers_are_capped() -> None:
    message = split_message("x\n\nSigned-off-by: A <a@x.org>\nWhat is said.\n\n" + "Acked-by: A <a@x.org>\n" * 30)
    assert message.body == "What is said."
    assert len(message.trailers) == 20


REASON = "The pool leaked on each retry."


@pytest.mark.parametrize(
    "body",
    [
        f"{REASON}\n\nDifferential Revision: https://phabricator.services.mozilla.com/D12345",
        f"Differential Revision: https://phabricator.example.org/D1\n\n{REASON}",
        f"Summary:\n{REASON}\n\nReviewers: george.burgess.iv, dberlin\n\nSubscribers: llvm-commits\n\nllvm-svn: 12",
        f"Summary: Pull Request resolved: https://example.org/pull/1\n\n{REASON}\n\n"
        "Test Plan: run it\n\nand look\n\nReviewed By: ada\n\nDifferential Revision: D12",
        f"{REASON}\n\nBackpatch-through: 12\n\nAuthor: Ada Byron <ada@example.org>\n"
        "Author: Grace Hopper\nDiscussion: https://postgr.es/m/12@example.org",
        f"{REASON}\n\nBUG=chromium:123\nTEST=unit_tests --pool\nR=ada@chromium.org, grace\nTBR=byron\n\n"
        "Review URL: https://codereview.chromium.org/123",
        f"[ Upstream commit 1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d ]\n\n{REASON}",
        f"commit 1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d upstream.\n\n{REASON}",
        f"{REASON}\n\nRelated work items: #12, #34",
        f"Author: ada <ada@example.org>\nDate: Sun Aug 20 16:09:51 2023 -0700\n\n{REASON}",
    ],
)
def test_lines_about_the_process_are_no_part_of_the_body(body: str) -> None:
    assert split_message(f"pool: mend it\n\n{body}").body == REASON


@pytest.mark.parametrize(
    "body",
    [
        "Author: is now optional, since imports have none.",
        "Summary: the pool leaked on each retry.",
        "Discussion: there was none, so it is kept small.",
        "Reviewers: those who look at it need the old name",
        "R=3 is what the paper has.",
        "The test plan: it is run twice, since it was flaky.",
    ],
)
def test_prose_that_begins_like_a_line_about_the_process_is_kept(body: str) -> None:
    assert split_message(f"pool: mend it\n\n{body}").body == body


def test_a_trailer_above_a_line_about_the_process_is_read() -> None:
    message = split_message("pool: mend it\n\nIt leaked.\n\nFixes: #12\nReviewers: ada, grace\nTags: #pool")
    assert message.trailers == (("Fixes", "#12"),)


def test_the_rationale_is_one_sentence_and_never_code() -> None:
    body = (
        "Move the check. It must come first, because a redirect\nresets the flag. Also rename it.\n\n    because = 1\n"
    )
    assert rationale(body) == "It must come first, because a redirect resets the flag."
    assert rationale("Unused since 7.62.0. Since then nothing was done.") == ""
    assert rationale("```\nerror: failed because of x\n```\n") == ""
    assert len(rationale("Because " + "very " * 200 + "long.")) <= 300


@given(st.text(max_size=60), st.integers(5, 40))
def test_shorten_respects_its_limit(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) <= limit
    assert short == text or short.endswith("…")


CODE = FileChange(
    "lib/url.c",
    None,
    "M",
    hunks=(
        make_hunk(
            ("  old_cache_lookup(data, conn_id);",),
            ("  new_pool_lookup(data, conn_id);",),
            "static CURLcode parse_url(struct Curl_easy *data,",
            120,
        ),
        make_hunk(("  goto out;",), (), "int gone(void)", 200),
        make_hunk((), ("static int helper_for_pool(int a)", "{", "}"), "", 300),
    ),
)


def test_anchors_have_symbols_and_spans() -> None:
    memory = read("url: use the pool", CODE)
    (anchor,) = memory.anchors
    assert anchor.path == "lib/url.c"
    assert anchor.symbols == ("parse_url", "gone", "helper_for_pool")
    assert anchor.spans == ((120, 1), (200, 0), (300, 3))


@pytest.mark.parametrize(
    ("path", "header", "removed", "added", "symbols"),
    [
        ("a.py", "def above():", (), ("", "@cache", "# Why.", "def below(x):", "    return 1"), ("below",)),
        ("a.py", "def above():", ("def below(x):",), ("def below(x, y):",), ("below",)),
        ("a.py", "def above():", ("    return 1",), ("    return 2", "", "def below():"), ("above", "below")),
        ("a.py", "def above():", (), ("    log(1)",), ("above",)),
        ("a.py", "def above():", (), ("LIMIT = 1",), ()),
        ("a.c", "int above(void)", (), ("/* Why. */", "static int below(int a)", "{", "}"), ("below",)),
        ("a.md", "# Above", (), ("", "## Below it", "", "Text."), ("Below it",)),
        ("a.test.ts", "it('is above', () => {", (), ("  it('is below', () => {", "    go()", "  })"), ("is below",)),
        ("a.test.ts", "it('is above', () => {", ("    go()",), ("    stay()",), ("is above",)),
    ],
)
def test_a_hunk_that_begins_with_a_header_is_not_about_what_is_above(
    path: str, header: str, removed: tuple[str, ...], added: tuple[str, ...], symbols: tuple[str, ...]
) -> None:
    (anchor,) = read("x: y", FileChange(path, None, "M", hunks=(make_hunk(removed, added, header),))).anchors
    assert anchor.symbols == symbols


def test_identifiers_on_both_sides_are_left_out() -> None:
    memory = read("url: use the pool", CODE)
    assert memory.added == ("helper_for_pool", "new_pool_lookup")
    assert memory.removed == ("old_cache_lookup",)  # "out" and "goto" are in every file
    assert "conn_id" not in memory.added + memory.removed


def test_the_most_specific_identifiers_come_first_and_are_capped() -> None:
    words = [f"word{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(90)]
    names = changed_names(
        (
            FileChange(
                "a.py",
                None,
                "M",
                hunks=(make_hunk((), (" ".join(words[:45]), " ".join(words[45:]), "aVeryTellingName")),),
            ),
        ),
        unchanged,
    )
    assert names.added[0] == "aVeryTellingName"
    assert len(names.added) == 48


@pytest.mark.parametrize(
    "token",
    [
        "Xk29vQpLm3Zt8RwYb",
        "deadbeef12345678",
        "aGVsbG8gd29ybGQgaGVsbG8",
        "AKIA5XQ7TRB2LMNPZQ4D",
        "abcdefghijklmnopqrstuvwxyzab",
    ],
)
def test_random_looking_tokens_are_never_stored(token: str) -> None:
    assert is_random(token)
    assert token not in read("x: y", FileChange("a.py", None, "M", hunks=(make_hunk((), (f"k = {token}",)),))).added


@pytest.mark.parametrize(
    "token",
    [
        "CURLOPT_PROXY_SSL_OPTIONS",
        "Curl_h2_http_1_1",
        "parse_url",
        "getElementById",
        "base64encode",
        "testTypedPkgStubs",
        "utf8",
        "IPv6",
    ],
)
def test_human_chosen_names_are_kept(token: str) -> None:
    assert not is_random(token)


def test_vendored_and_generated_files_are_anchors_only_if_alone() -> None:
    lock = FileChange("Cargo.lock", None, "M", hunks=(make_hunk((), ("x",)),))
    assert read("deps: require a newer ring because of a CVE", CODE, lock).paths == ("lib/url.c",)
    assert read("deps: require a newer ring because of a CVE", lock).paths == ("Cargo.lock",)


def test_big_commits_are_capped() -> None:
    files = tuple(
        FileChange(
            f"src/f{n}.c", None, "M", hunks=tuple(make_hunk((), (f"int v_{n}_{m};",), start=m) for m in range(60))
        )
        for n in range(150)
    )
    memory = read("tree: sweep", *files)
    assert len(memory.anchors) == 100
    assert max(len(anchor.spans) for anchor in memory.anchors) == 50
    seen: list[str] = []

    def watch(text: str) -> str:
        seen.append(text)
        return text

    changed_names(files, watch)
    assert len(seen) == 1
    assert seen[0].count("int v_") == 2000


def test_renames_numbers_references_and_source_are_kept() -> None:
    moved = FileChange("lib/new.c", "lib/old.c", "R")
    memory = read(f"lib: move it (#12)\n\nFollow-up to {SHA}\n", moved)
    assert memory.renames == (("lib/old.c", "lib/new.c"),)
    assert memory.numbers == (12,)
    assert memory.references == (Reference("followup", SHA),)
    assert memory.commits == ("a" * 40,)
    assert (memory.source.author, memory.source.time) == ("Ada", 1_600_000_000)
    assert memory.id == commit_memory_id(["ada@x.org"], 1_600_000_000, "lib: move it (#12)")


def test_a_rebase_keeps_the_id() -> None:
    commit = make_commit("url: use the pool\n\nBody.", CODE)
    rebased = replace(commit, sha="c" * 40, parents=("d" * 40,), commit_time=1_700_000_000)
    assert commit_memory(commit, sanitize=unchanged).id == commit_memory(rebased, sanitize=unchanged).id


def test_a_merge_uses_the_words_of_its_pull_request() -> None:
    memory = read(
        "Merge pull request #7 from x/y\n\nKeep the order of headers\n\nServers need it, because they are old.",
        parents=2,
    )
    assert memory.title == "Keep the order of headers"
    assert memory.why == "Servers need it, because they are old."
    assert memory.numbers == (7,)
    assert memory.noise == ""
    assert read("Merge branch 'main' into topic", parents=2).noise == "merge"


def test_every_text_is_sanitized_in_one_call_per_block() -> None:
    secret = "hunter2_secret_word"
    calls: list[str] = []

    def mask(text: str) -> str:
        calls.append(text)
        return text.replace(secret, "***")

    hunk = make_hunk((f"old = {secret}",), (f"def {secret}():", f"  new_name = {secret}"), f"int {secret}(void)")
    commit = replace(
        make_commit(
            f"x: {secret}\n\nBecause {secret} is.\n\nReported-by: {secret}",
            FileChange("a.py", None, "M", hunks=(hunk, hunk)),
        ),
        author=secret,
        email=f"{secret}@example.org",
    )
    memory = commit_memory(commit, sanitize=mask)
    assert secret not in repr(memory)
    assert memory.added == ("new_name",)
    assert len(calls) == 4  # message, changed lines, author, e-mail address


def test_evidence_is_the_sum_of_named_contributions() -> None:
    body = "It failed because the peer closed early. " * 6
    memory = read(f"url: mend reuse\n\n{body}\n\nFixes #4\nReviewed-by: A <a@x.org>")
    shares = contributions("fix", "url: mend reuse", body.strip(), memory.why, memory.references, memory.trailers, 0)
    assert memory.evidence == pytest.approx(sum(shares.values()), abs=1e-3)
    assert {"kind", "rationale", "body", "names_earlier", "discussion", "people"} == set(shares)


@pytest.mark.parametrize(
    ("subject", "routine"),
    [
        ("keep the async keyword before a loop", False),
        ("url: information about mergeable hosts", False),
        ("format hexadecimal escapes in strings", False),
        ("sync: wake the last receiver", False),
        ("fix(merge): the order of options", False),
        ("wip: parse interpolation", True),
        ("refactor(core)!: split the parser", True),
        ("url: rename two variables", True),
        ("Bump pylint to 3.1", True),
        ("Fix a typo", True),
        ("url: add some comments", True),
    ],
)
def test_words_of_routine_are_whole_words_that_the_subject_announces(subject: str, routine: bool) -> None:
    assert ("routine" in contributions("note", subject, "", "", (), (), 1)) == routine


def test_a_revert_with_reasons_has_more_evidence_than_a_tidy_up() -> None:
    revert = read(f'Revert "x"\n\nThis reverts commit {SHA}, because it deadlocks when two threads stop.')
    tidy = read("tidy-up: rename variables", *(FileChange(f"a{n}.c", None, "M") for n in range(64)))
    assert revert.evidence > read("url: mend reuse").evidence > tidy.evidence


def test_an_empty_message_also_gives_a_memory() -> None:
    memory = read("", CODE)
    assert memory.noise == "empty"
    assert memory.title == ""


DECIDED = """Poll for new checkpoints

Constraint: the editor may run on a network drive
Rejected: a file watcher | it misses changes there, and its queue
  overflows in large trees
Confidence: medium
Scope-risk: narrow
Supersedes: Watch the folder of checkpoints
Signed-off-by: Ada <ada@example.org>
"""


def test_trailers_of_a_decision_give_its_kind_its_reason_and_what_it_supersedes() -> None:
    memory = read(DECIDED)
    assert memory.kind == "decision"
    assert memory.why == "Constraint: the editor may run on a network drive"
    assert memory.body.split("\n\n") == [
        "Constraint: the editor may run on a network drive",
        "Rejected: a file watcher; it misses changes there, and its queue overflows in large trees",
    ]
    assert ("Confidence", "medium") in memory.trailers and ("Scope-risk", "narrow") in memory.trailers
    assert memory.references == (Reference("followup", '"Watch the folder of checkpoints"'),)


@pytest.mark.parametrize(
    ("message", "kind", "why"),
    [
        ("Sort the list\n\nIt is short.\n\nWhy: readers outnumber writers", "note", "readers outnumber writers"),
        ("Sort the list\n\nDirective: do not call it before open()", "anti_pattern", ""),
        ("Sort the list\n\nDirective: keep both tables in one order", "convention", ""),
        ("Sort the list\n\nRejected: a tree | slower", "decision", "Rejected: a tree; slower"),
        ("Fix the order of the list\n\nTradeoff: more memory", "fix", "Tradeoff: more memory"),
        ("Sort the list\n\nWhy: this is prose,\nwhich is no trailer.", "note", ""),
    ],
)
def test_a_trailer_of_a_decision_decides_where_the_subject_does_not(message: str, kind: str, why: str) -> None:
    memory = read(message)
    assert (memory.kind, memory.why) == (kind, why)


@pytest.mark.parametrize(
    "below",
    [
        "\N{ROBOT FACE} Generated with [Claude Code](https://claude.com/code)\n\nCo-Authored-By: Claude <c@x.org>",
        "--HG--\nextra : convert_revision : svn%3Ab85faa78%40406\nrename : a.py => b.py",
    ],
)
def test_what_a_tool_adds_below_the_trailers_of_a_decision_hides_them_not(below: str) -> None:
    memory = read(f"Poll the folder\n\n{DECIDED.partition(chr(10))[2].strip()}\n\n{below}")
    assert memory.kind == "decision"
    assert memory.why == "Constraint: the editor may run on a network drive"
    assert memory.body == read(DECIDED).body


def test_an_indented_block_above_the_trailers_stays_in_the_body() -> None:
    message = split_message("Add it\n\nRun:\n\n    make test\n\nCloses: #1")
    assert message.body == "Run:\n\n    make test"
    assert message.trailers == (("Closes", "#1"),)


def test_what_a_commit_supersedes_may_be_a_hash() -> None:
    assert read(f"Poll\n\nSupersedes: {SHA[:12]}").references == (Reference("followup", SHA[:12]),)


@pytest.mark.parametrize("end", ["ACKs for top commit:\n  bob:\n    utACK 1a2b3c4", "Top commit has no ACKs."])
def test_a_merge_of_bitcoin_core_has_the_description_of_its_pull_request(end: str) -> None:
    commits = "1a2b3c4d5e6f78901a2b3c4d5e6f78901a2b3c4d cache: drop it (Ann)"
    description = "  The cache is dropped since forks share it.\n\n  Nobody needs it."
    parts = (commits, "Pull request description:", description, end, "Tree-SHA512: 99")
    message = split_message("\n\n".join(("Merge o/n#12: Drop the cache", *parts)))
    assert message.body == "The cache is dropped since forks share it.\n\nNobody needs it."
    assert title_of(message.subject) == "Drop the cache"


def squashed(above: str) -> str:
    header = f"commit {SHA}\nAuthor: Ann <ann@example.org>\nDate:   Sun Aug 20 16:02:15 2023 -0700\n\n    "
    merge = header.replace("Author", "Merge: 1a2b3c4 2b3c4d5\nAuthor", 1)
    revert = f'{header}Revert "Defer it"\n\n    This reverts commit 0a15bbf3f1972dc84c5c84d5128024c1bc4c0074.'
    parts = (revert, f"{merge}Merge branch 'main' into topic", f"{header}Scroll pictures\n\n    Since they move.")
    return "\n\n".join((above, *parts))


@pytest.mark.parametrize(
    "above",
    [
        "Show pictures\n\nSquashed commit of the following:",
        "Show pictures",
        "Squashed commit of the following:",
        "Show pictures\n\nSixel only.",
    ],
)
def test_a_branch_that_git_squashed_is_no_revert_of_what_it_reverted_itself(above: str) -> None:
    memory = read(squashed(above))
    assert memory.kind != "failed_approach"
    assert memory.references == (Reference("mention", "0a15bbf3f1972dc84c5c84d5128024c1bc4c0074"),)
    listed = '* Revert "Defer it"\n\n* Scroll pictures\n\nSince they move.'
    assert memory.body.removeprefix("Sixel only.").strip() == listed


def test_a_commit_that_a_message_quotes_is_a_reference() -> None:
    quoted = f"Handle the end\n\nThis fixes\n\ncommit {SHA}\nAuthor: Ann <ann@example.org>\n\n    Read it"
    assert SHA in [reference.target for reference in read(quoted).references]
