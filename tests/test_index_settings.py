"""Settings that indexing depends on: what editors set reaches the index, which all worktrees of a repository share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from idle_engine import idle_engine
from memories import HashEncoder
from pathspec import GitIgnoreSpec
from repositories import Repo, Start

from mom_lsp.engine.requests import answer
from mom_lsp.engine.service import Service
from mom_lsp.errors import EncoderError
from mom_lsp.indexing import index_settings
from mom_lsp.indexing.index_rules import excluded_by_all
from mom_lsp.settings import EditorSettings, Settings, resolve_saved, save_editor_settings, saved_editor_settings
from mom_lsp.store import Store

NOTE = "# NOTE: never retry more often than {} times, because the server bans clients after fifty.\n"
LONG_FILE = NOTE.format(42) + "x = 1\n" * 500


def stored(repo: Repo) -> dict[str, str]:
    """Return why each memory in the index is never suggested, "" for those that are, by title."""
    table = Store(repo.location.data).columns(["title", "noise"])
    return dict(zip(table["title"].to_pylist(), table["noise"].to_pylist(), strict=True))


def test_editor_settings_reach_the_index_and_persist(project: Repo, moms: Start) -> None:
    project.commit("Add a limit", {"limit.py": LONG_FILE, "short.py": NOTE.format(7)})
    mom = moms(project)
    mom.index()
    (long, short) = sorted(title for title in stored(project) if "retry" in title)
    version = Store(project.location.data).version
    mom.call("configure", name="code", options={"index": {"maxFileSize": 1_000}})
    assert {short, "Add a limit"} <= set(stored(project)) and long not in stored(project)
    assert Store(project.location.data).version > version, "the memories of commits were not dropped with a new table"
    assert moms(project).index().nothing_new, "nor does a command or a hook undo it"
    mom.call("configure", name="code", options={})
    assert {long, short, "Add a limit"} <= set(stored(project))


def test_changing_what_is_read_of_files_rereads_only_files(project: Repo, moms: Start) -> None:
    project.commit("Add a limit", {"limit.py": NOTE.format(42)})
    mom = moms(project)
    assert mom.index().commits == 1
    (project.root / ".mom.toml").write_text("index.comments = false\n")
    summary = mom.index()
    assert (summary.commits, summary.files, set(stored(project))) == (0, 1, {"Add a limit"})
    (project.root / ".mom.toml").write_text("exclude = ['limit.py']\n")
    assert mom.index().commits == 1
    assert stored(project) == {"Add a limit": "excluded"}


def test_the_index_covers_every_worktree_and_each_filters_its_own(project: Repo, moms: Start, tmp_path: Path) -> None:
    project.commit("Add a limit", {"limit.py": NOTE.format(42), ".mom.toml": "exclude = ['limit.py', 'old/']\n"})
    linked = project.worktree(tmp_path / "linked", "-b", "linked")
    linked.commit("Exclude less", {".mom.toml": "exclude = ['old/']\nindex.maxFileSize = 5000\n"})
    for root in (project, linked):
        settings = index_settings(root.location)
        assert (settings.exclude, settings.index.max_file_size) == (("old/",), 1_000_000)
    first, second = moms(project), moms(linked)
    first.index()
    second.index()
    assert first.index().nothing_new, "they do not undo each other's work"
    assert [[title for title in mom.titles("retry") if "retry" in title] != [] for mom in (first, second)] == [
        False,
        True,
    ]


def test_worktrees_that_exclude_the_same_in_another_order_share_one_index(
    project: Repo, moms: Start, tmp_path: Path
) -> None:
    project.commit("Exclude", {".mom.toml": "exclude = ['one/', 'two/']\n"})
    linked = project.worktree(tmp_path / "linked", "-b", "linked")
    linked.commit("Exclude in order of size", {".mom.toml": "exclude = ['two/', 'one/', 'three/']\n"})
    first, second = moms(project), moms(linked)
    first.index()
    second.index()
    assert first.index().nothing_new
    assert second.index().nothing_new


def test_a_bare_repository_adds_no_index_settings(project: Repo, tmp_path: Path) -> None:
    project.commit("Add settings", {".mom.toml": "exclude = ['old/']\n"})
    project.git("clone", "--quiet", "--bare", str(project.root), str(tmp_path / "bare"))
    linked = Repo(tmp_path / "bare", project.now).worktree(tmp_path / "linked", "-b", "linked")
    assert index_settings(linked.location).exclude == ("old/",)


def test_a_worktree_that_no_editor_has_opened_has_the_users_settings(
    project: Repo, moms: Start, home: Path, tmp_path: Path
) -> None:
    (home / "mom-lsp" / "settings.toml").write_text("")
    project.commit("Add a limit", {"limit.py": NOTE.format(42), "dist/a.py": NOTE.format(7)})
    user = {"exclude": ["dist/"], "encoder.enable": False}
    save_editor_settings(
        project.location.data,
        project.root,
        EditorSettings({"suggest.count": 9, "model.path": "/of/a/workspace"}, user, tells_scopes=True),
    )
    mom = moms(project)
    mom.index()
    linked = project.worktree(tmp_path / "linked", "--detach")
    assert mom.index().nothing_new, "the new worktree does not rebuild the index"
    for repo in (project, linked):
        wanted = index_settings(repo.location)
        assert (wanted.exclude, wanted.encoder.enable) == (("dist/",), False)
    used = resolve_saved(linked.root, linked.location.data).settings
    assert (used.suggest.count, used.model.path) == (Settings().suggest.count, ""), "nothing of another workspace"


def test_what_an_editor_without_scopes_excludes_is_not_stored_for_a_new_worktree(
    project: Repo, moms: Start, tmp_path: Path
) -> None:
    project.commit("Add a limit", {"limit.py": NOTE.format(42), "secret/a.py": NOTE.format(7)})
    options = {"exclude": ["secret/"], "model.path": "/of/a/workspace"}
    save_editor_settings(project.location.data, project.root, EditorSettings(options, name="neovim"))
    moms(project).index()
    linked = project.worktree(tmp_path / "linked", "--detach")
    mom = moms(linked)
    assert mom.index().nothing_new, "the new worktree does not rebuild the index"
    assert mom.settings.exclude == ("secret/",)
    assert resolve_saved(linked.root, linked.location.data).settings.model.path == ""
    save_editor_settings(linked.location.data, linked.root, EditorSettings(name="neovim"))
    assert mom.settings.exclude == (), "this editor wants the defaults"


def test_a_worktree_follows_the_users_settings_until_an_editor_opens_it(project: Repo, tmp_path: Path) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    linked = project.worktree(tmp_path / "linked", "--detach")
    service = Service(project.location.data, indexing_wanted=lambda _: None)
    used = service.workspace(str(linked.root))

    def configure(repo: Repo, **user: object) -> tuple[str, ...]:
        sent = {"root": str(repo.root), "options": {}, "user": user, "tells_scopes": True}
        answer(service, "configure", sent)
        return used.settings.exclude

    assert configure(project, exclude=["dist/"]) == ("dist/",)
    assert configure(project, exclude=["lib/"]) == ("lib/",)
    assert configure(linked) == (), "this editor wants the defaults"
    assert configure(project, exclude=["dist/"]) == ()
    service.close()


PATTERNS = st.lists(st.sampled_from(["a", "*.py", "a/b", "/c", "!a/b", "d/"]), max_size=3, unique=True).map(tuple)
PATHS = ("a", "a/b", "a/x.py", "c", "d/e.py", "e.py", "f")


@given(st.lists(PATTERNS, min_size=1, max_size=3))
def test_paths_excluded_by_all_are_excluded_by_each(lists: list[tuple[str, ...]]) -> None:
    common = GitIgnoreSpec.from_lines(excluded_by_all(lists)).match_file
    for path in filter(common, PATHS):
        assert all(GitIgnoreSpec.from_lines(patterns).match_file(path) for patterns in lists)


def test_two_editors_with_different_settings_do_not_undo_each_others_index(project: Repo) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    data, root = project.location.data, project.root
    save_editor_settings(data, root, EditorSettings({"index": {"maxFileSize": 5_000}}, name="code"))
    save_editor_settings(data, root, EditorSettings({"index": {"maxFileSize": 7_000}}, name="vim"))
    seven = index_settings(project.location).index.max_file_size
    save_editor_settings(
        data, root, EditorSettings({"index": {"maxFileSize": 5_000}, "suggest": {"count": 1}}, name="code")
    )
    assert (seven, index_settings(project.location).index.max_file_size) == (7_000, 7_000)


def test_an_editor_without_settings_uses_the_defaults(project: Repo) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    service = Service(project.location.data, indexing_wanted=lambda _: None)
    unlike = {"suggest": {"count": 9}, "index": {"comments": False}, "exclude": ["lib/"]}
    for name, options in (("vim", unlike), ("code", {})):
        answer(service, "configure", {"root": str(project.root), "name": name, "options": options})
    wanted = index_settings(project.location)
    (project.root / ".mom.toml").write_text("# nothing\n")
    service.follow_settings()
    used = service.live_workspaces[0].settings
    service.close()
    assert (wanted.index.comments, wanted.exclude) == (True, ())
    assert (used.suggest.count, used.index.comments) == (Settings().suggest.count, True)


def test_settings_of_many_windows_at_once_all_arrive(project: Repo) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    service = Service(project.location.data, indexing_wanted=lambda _: None)

    def configure(number: int) -> list[str]:
        options = {"suggest": {"count": number + 1}}
        sent = {"root": str(project.root), "name": f"editor {number}", "window": number, "options": options}
        return list(answer(service, "configure", sent)["problems"])

    with ThreadPoolExecutor(8) as pool:
        problems = list(pool.map(configure, range(16)))
    service.close()
    assert problems == [[]] * 16
    saved = {editor.name for _, editor in saved_editor_settings(project.location.data)}
    assert saved == {f"editor {number}" for number in range(16)}


def test_settings_that_cannot_be_saved_count_and_the_next_ones_are_saved(project: Repo, home: Path) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    service = Service(project.location.data, indexing_wanted=lambda _: None)
    folder = platformdirs.user_data_path("mom-lsp") / "editors"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way")
    found = []
    for count in (1, 2):
        sent = {"root": str(project.root), "name": "vim", "options": {"suggest": {"count": count}}}
        found.append(answer(service, "configure", sent)["problems"])
        used = service.live_workspaces[0].settings.suggest.count
        assert used == count
        if folder.is_file():
            folder.unlink()
    service.close()
    assert "cannot be saved" in found[0][0] and found[1] == []
    assert [one.workspace for _, one in saved_editor_settings(project.location.data)] == [{"suggest": {"count": 2}}]


def test_the_engine_uses_the_longest_idle_time_of_its_worktrees(project: Repo, moms: Start, tmp_path: Path) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    linked = project.worktree(tmp_path / "linked", "-b", "linked")
    waits = list[float]()
    engine = idle_engine(moms(project).location.data, [0.0], waits, most=100, step=10.0)
    for repo, minutes in ((project, 2), (linked, 3)):
        options = {"engine": {"idleMinutes": minutes}, "index": {"comments": True}}
        answer(engine.service, "configure", {"root": str(repo.root), "options": options})

    engine.run()
    assert len(waits) == 19, "10 seconds each: it left after three minutes"


def test_the_engine_loads_the_encoder_from_the_settings(
    project: Repo, moms: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.commit("Begin", {"a.py": "a = 1\n"})
    mom = moms(project)
    mom.index()

    def load(model: str) -> HashEncoder:
        if model == "/no/encoder":
            raise EncoderError("there is no such encoder")
        return HashEncoder(model)

    monkeypatch.setattr("mom_lsp.engine.service.choose", load)
    service = Service(mom.location.data, indexing_wanted=lambda location: None)
    contents = [content for content in service.library.snapshot().catalog.contents if content]
    store = service.library.store
    assert isinstance(store, Store)
    store.put_vectors("/first", contents, HashEncoder("/first").encode(contents))

    def encoder(**options: object) -> str:
        sent = {"user": {"encoder": options}, "tells_scopes": True}
        answer(service, "configure", {"root": str(project.root), "options": {}, **sent})
        return getattr(service.library.encoder, "name", "")

    try:
        assert encoder() == "", "the user's file turns it off"
        assert encoder(enable=True, model="/first") == "/first"
        assert len(service.library.snapshot_with_vectors().vectors)
        assert encoder(enable=True, model="/second") == "/second"
        assert not len(service.library.snapshot_with_vectors().vectors), "the second one has none yet"
        assert encoder(enable=True, model="/no/encoder") == ""
        assert service.library.encoder_problem == "there is no such encoder"
        assert encoder(enable=False) == "" and not service.library.encoder_problem
    finally:
        service.close()
