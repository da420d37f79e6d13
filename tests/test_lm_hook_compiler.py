"""Compiling the attention hook, and the errors when that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from mom_lsp.errors import ModelError
from mom_lsp.lm import hook_compiler


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_the_hook_is_compiled_once_and_others_cannot_replace_it() -> None:
    assert hook_compiler.load_hook().mom_hook
    made = hook_compiler.compiled_file()
    before = made.stat().st_mtime_ns
    hook_compiler.load_hook()
    assert made.stat().st_mtime_ns == before
    made.chmod(0o777)
    with pytest.raises(ModelError, match="writable by others"):
        hook_compiler.load_hook()


def test_without_a_compiler_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ModelError, match="no C compiler"):
        hook_compiler.load_hook()


def test_a_compile_error_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = tmp_path / "broken.c"
    source.write_text("int hook(")
    monkeypatch.setattr(hook_compiler, "SOURCE", source)
    with pytest.raises(ModelError, match="cannot compile"):
        hook_compiler.load_hook()
    assert not hook_compiler.compiled_file().exists()
