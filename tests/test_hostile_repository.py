"""A repository that tries to run a program, or to have a file read or written elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from repositories import Mom, Repo, Start, clone, make_repository

from mom_lsp.errors import MomError, UntrustedPath, UsageError
from mom_lsp.git import locate
from mom_lsp.settings import resolve

CODE = "def f():\n    # NOTE: this must stay 7 because the protocol counts from there\n    return 7\n"
# Every setting that names a program, and the attributes that put it to work.
VECTORS = {
    "core.fsmonitor": "{evil}",
    "core.pager": "{evil}",
    "core.editor": "{evil}",
    "core.askPass": "{evil}",
    "core.sshCommand": "{evil}",
    "core.gitProxy": "{evil}",
    "core.alternateRefsCommand": "{evil}",
    "core.hooksPath": "{hooks}",
    "pager.log": "{evil}",
    "pager.blame": "{evil}",
    "diff.external": "{evil}",
    "diff.evil.textconv": "{evil}",
    "diff.evil.cachetextconv": "true",
    "diff.evil.command": "{evil}",
    "diff.python.textconv": "{evil}",
    "diff.python.command": "{evil}",
    "filter.evil.clean": "{evil}",
    "filter.evil.smudge": "{evil}",
    "filter.evil.process": "{evil}",
    "filter.evil.required": "true",
    "merge.evil.driver": "{evil}",
    "credential.helper": "!{evil}",
    "gpg.program": "{evil}",
    "gpg.ssh.program": "{evil}",
    "gpg.ssh.defaultKeyCommand": "{evil}",
    "log.showSignature": "true",
    "alias.log": "!{evil}",
    "alias.blame": "!{evil}",
    "alias.rev-parse": "!{evil}",
    "alias.ls-tree": "!{evil}",
    "uploadpack.packObjectsHook": "{evil}",
    "interactive.diffFilter": "{evil}",
    "sequence.editor": "{evil}",
    "remote.origin.url": "ext::{evil}",
    "remote.origin.promisor": "true",
    "remote.origin.uploadpack": "{evil}",
    "remote.origin.vcs": "evil",
    "protocol.allow": "always",
    "extensions.partialClone": "origin",
    "trailer.evil.command": "{evil}",
    "trailer.evil.cmd": "{evil}",
    "browser.evil.cmd": "{evil}",
    "sendemail.tocmd": "{evil}",
    "include.path": "{included}",
}
ATTRIBUTES = "* diff=evil filter=evil merge=evil text\n*.py diff=evil\n"


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


def poison(project: Repo, canary: Path, only: str = "") -> None:
    """Put one vector, or all of them, into a repository's own configuration."""
    evil = canary.parent / "evil"
    evil.write_text(f'#!/bin/sh\necho "$0 $*" >> "{canary}"\ncat "$1" 2>/dev/null\n')
    evil.chmod(0o755)
    hooks = canary.parent / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc", "fsmonitor-watchman"):
        (hooks / name).write_bytes(evil.read_bytes())
        (hooks / name).chmod(0o755)
    included = canary.parent / "included"
    included.write_text(f'[diff "evil"]\n\ttextconv = {evil}\n[core]\n\tpager = {evil}\n')
    lines = []
    for key, value in VECTORS.items():
        if not only or key == only:
            section, _, name = key.rpartition(".")
            group, _, sub = section.partition(".")
            header = f'[{group} "{sub}"]' if sub else f"[{group}]"
            lines.append(f'{header}\n\t{name} = "{value.format(evil=evil, hooks=hooks, included=included)}"\n')
    with (project.root / ".git" / "config").open("a") as config:
        config.write("".join(lines))
    (project.root / ".git" / "info" / "attributes").write_text(ATTRIBUTES)


def history(project: Repo) -> None:
    """Commit what each vector could work on: attributes, a signed commit, a removed file, a merge."""
    project.commit("First version of f", {"a.py": CODE, ".gitattributes": ATTRIBUTES, "b.bin": "b\n"})
    project.commit("Raise f\n\nBecause the protocol counts from 8 now.", {"a.py": CODE.replace("7\n", "8\n")})
    project.git("checkout", "-q", "-b", "side")
    project.commit("Another file of the side", {"c.py": CODE})
    project.git("checkout", "-q", "main")
    project.commit("A change of main", {"a.py": CODE.replace("7\n", "9\n")})
    project.git(
        "merge", "-q", "--no-ff", "-m", "Merge branch 'side'\n\n" + "It brings another file of words. " * 3, "side"
    )
    signed = project.git("cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n\n", 1
    )
    project.git(
        "reset", "-q", "--soft", project.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=signed.encode())
    )


def use_everything(mom: Mom) -> None:
    """Send every request that reads the repository."""
    mom.index()
    mom.call("open")
    assert mom.suggest("a.py", 3)
    assert mom.suggest("a.py", 1, 3, rev="HEAD~1")
    found = mom.search("protocol")
    mom.call("show", id=found[0]["id"])
    mom.call("prefetch", path="a.py")
    mom.call("hints", path="a.py", text=CODE, start=1, end=3)
    mom.call("status")
    mom.call("doctor")
    mom.call("note", text="a note", path="a.py", line=3)
    mom.call("dismiss", id=found[0]["id"], path="a.py", line=3)
    mom.call("forget", id=found[0]["id"])
    mom.call("restore", id=found[0]["id"])
    mom.call("reindex")


@pytest.mark.parametrize(
    ("vector", "command"),
    [
        ("diff.evil.textconv", ("log", "-p")),
        ("diff.evil.textconv", ("blame", "a.py")),
        ("diff.external", ("diff", "HEAD~1", "HEAD", "--ext-diff")),
        ("core.fsmonitor", ("status",)),
        ("filter.evil.clean", ("status",)),
        ("alias.evil", ("evil",)),
    ],
)
def test_plain_git_runs_the_program(project: Repo, canary: Path, vector: str, command: tuple[str, ...]) -> None:
    """Without this the tests below could not fail."""
    history(project)
    VECTORS_OF_THIS_TEST = {**VECTORS, "alias.evil": "!{evil}"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(VECTORS, vector, VECTORS_OF_THIS_TEST[vector])
        poison(project, canary, vector)
    project.write("a.py", CODE.replace("7\n", "0\n"))
    project.git(*command, check=False)
    assert canary.exists()


def test_mom_runs_no_program_of_the_repository(project: Repo, moms: Start, canary: Path) -> None:
    history(project)
    poison(project, canary)
    use_everything(moms(project))
    assert not canary.exists(), canary.read_text()


@pytest.mark.parametrize("vector", ["diff.evil.textconv", "diff.evil.command", "diff.external", "core.fsmonitor"])
def test_no_single_vector_works_on_its_own(project: Repo, moms: Start, canary: Path, vector: str) -> None:
    """A broken setting could hide another one that is effective."""
    history(project)
    poison(project, canary, vector)
    use_everything(moms(project))
    assert not canary.exists(), canary.read_text()


def test_a_poisoned_worktree_runs_nothing(project: Repo, moms: Start, canary: Path, tmp_path: Path) -> None:
    history(project)
    linked = project.worktree(tmp_path / "linked", "-b", "other")
    project.git("config", "extensions.worktreeConfig", "true")
    poison(project, canary)
    (project.root / ".git" / "worktrees" / "linked" / "config.worktree").write_text(
        (project.root / ".git" / "config").read_text()
    )
    use_everything(moms(linked))
    assert not canary.exists(), canary.read_text()


@pytest.mark.parametrize("how", ["ext", "ssh", "uploadpack"])
def test_a_partial_clone_fetches_nothing_and_runs_nothing(
    project: Repo, moms: Start, canary: Path, tmp_path: Path, how: str
) -> None:
    history(project)
    project.git("config", "uploadpack.allowFilter", "true")
    partial = clone(project, tmp_path / "partial", "--filter=blob:none")
    evil = tmp_path / "evil"
    evil.write_text(f'#!/bin/sh\necho "$0 $*" >> "{canary}"\n')
    evil.chmod(0o755)
    for key, value in {
        "ext": {"remote.origin.url": f"ext::{evil} %S", "protocol.ext.allow": "always"},
        "ssh": {"remote.origin.url": "ssh://example.org/x", "core.sshCommand": str(evil)},
        "uploadpack": {"remote.origin.uploadpack": str(evil), "protocol.file.allow": "always"},
    }[how].items():
        partial.git("config", key, value)
    missing = partial.git("rev-list", "--objects", "--missing=print", "--all").count("?")
    assert missing
    mom = moms(partial)
    mom.index()
    assert mom.search("protocol")
    mom.suggest("a.py", 3)
    mom.call("doctor")
    assert not canary.exists(), canary.read_text()
    assert partial.git("rev-list", "--objects", "--missing=print", "--all").count("?") == missing
    partial.git("log", "-p", "--all", check=False)
    assert canary.exists()  # plain git runs it


# Paths


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    secret = tmp_path / "elsewhere" / "secret.py"
    secret.parent.mkdir()
    secret.write_text("def hidden_name():\n    # NOTE: the password must be hunter2 because of reasons\n    pass\n")
    return secret


def test_a_symlink_to_a_file_outside_is_refused(project: Repo, moms: Start, outside: Path) -> None:
    (project.root / "link.py").symlink_to(outside)
    (project.root / "folder").symlink_to(outside.parent)
    project.commit("A link to somewhere", {"a.py": CODE})
    mom = moms(project)
    mom.index()
    for path in ("link.py", "folder/secret.py", "../elsewhere/secret.py", str(outside)):
        with pytest.raises(UntrustedPath):
            mom.suggest(path, 1)
        with pytest.raises(UntrustedPath):
            mom.call("note", text="a note", path=path, line=2)
        with pytest.raises(UntrustedPath):
            mom.call("dismiss", id=mom.search("somewhere")[0]["id"], path=path, line=2)
    assert mom.search("hunter2 hidden_name password") == []
    assert "hidden_name" not in str(mom.call("export"))


@pytest.mark.parametrize("path", ["", ".", "no.py", "a\0b", "x" * 5000, "a.py/b"])
def test_a_path_that_is_not_a_file_is_a_usage_error(project: Repo, moms: Start, path: str) -> None:
    project.commit("First version of f", {"a.py": CODE})
    mom = moms(project)
    mom.index()
    with pytest.raises(MomError):
        mom.suggest(path, 1)
    with pytest.raises(UsageError):
        mom.suggest(path, 1, rev="HEAD")


def test_a_symlinked_workspace_settings_file_is_not_read(project: Repo, home: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.toml"
    elsewhere.write_text("[suggest]\ncount = 9\n")
    (project.root / ".mom.toml").symlink_to(elsewhere)
    found = resolve(project.root)
    assert found.settings.suggest.count == 3
    assert "symbolic link" in found.problems[0]


def test_workspace_settings_cannot_name_a_model(project: Repo, moms: Start, tmp_path: Path) -> None:
    project.write(".mom.toml", '[encoder]\nenable = true\nmodel = "./evil"\n')
    found = resolve(project.root)
    assert found.settings.encoder.model == ""
    assert "mom.encoder.model: cannot be set here" in found.problems[0]
    project.commit("First version of f", {"a.py": CODE})
    told = moms(project).call("configure", options={"mom": {"encoder": {"model": "./evil"}}})
    assert "does not separate your settings from the workspace" in told["problems"][-1]


@pytest.mark.parametrize("name", ["", "lance", "attributes", "journal.sqlite", "requests", "writer.lock", "git"])
def test_nothing_is_written_through_a_symlink_in_the_data_folder(project: Repo, tmp_path: Path, name: str) -> None:
    project.commit("First version of f", {"a.py": CODE})
    target = tmp_path / "precious"
    target.write_text("precious")
    place = project.root / ".git" / "mom" / name
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(target)
    with pytest.raises(UntrustedPath, match="symbolic link"):
        Mom(project.root).index()
    assert target.read_text() == "precious"


# Owners


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("safe", [True, False])
def test_a_folder_owned_by_another_user_works(project: Repo, moms: Start, home: Path, safe: bool) -> None:
    """As in dev containers and CI. Plain git asks for safe.directory, to run no hook of a stranger; we run none."""
    history(project)
    for place in (project.root, *project.root.rglob("*")):
        os.chown(place, 65534, 65534, follow_symlinks=False)
    if safe:
        (home / ".gitconfig").write_text(f"[safe]\n\tdirectory = {project.root}\n")
    else:
        with pytest.raises(AssertionError, match="dubious ownership"):
            project.git("log", "-1")
    mom = moms(project)
    assert mom.index().commits == 5
    assert mom.suggest("a.py", 3)


def test_a_nested_repository_answers_for_itself(project: Repo, moms: Start, canary: Path) -> None:
    """A committed bare repository brings its own configuration."""
    project.commit("Outer commit of note", {"a.py": CODE})
    inner = make_repository(project.root / "inner", "--bare")
    evil = canary.parent / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {canary}\n")
    evil.chmod(0o755)
    inner.git("config", "core.fsmonitor", str(evil))
    inner.git("config", "core.worktree", str(project.root))
    assert locate(inner.root / "config").root == inner.root
    mom = moms(inner)
    assert mom.index().waiting == "no commits yet"
    assert not canary.exists()
