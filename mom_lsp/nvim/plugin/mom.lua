-- mom-lsp for Neovim 0.11 or newer, written by `mom init nvim`. See `:help mom`.
if vim.g.loaded_mom then return end
vim.g.loaded_mom = true
if vim.fn.has('nvim-0.11') == 0 then return vim.notify('mom: Neovim 0.11 or newer is needed', vim.log.levels.WARN) end

local COMMAND = { 'mom', 'serve' } -- `mom init nvim` writes the full path
local SHORTEST = 12 -- cells; a shorter piece of a text tells nothing

local api, lsp = vim.api, vim.lsp
local namespace = api.nvim_create_namespace('mom')
local labels = {} ---@type table<integer, table<integer, string>> by buffer and mark
local states = {} ---@type table<string, table> the last `mom/state` of each folder, by its URI

-- Returns a text that is at most so many cells wide, cut after a word if that leaves most of it, '' if little is left.
local function cut(text, width)
  local cells, part, count = vim.fn.strdisplaywidth, vim.fn.strcharpart, vim.fn.strchars
  if cells(text) <= width then return text end
  if width < SHORTEST then return '' end
  local length = count(text)
  while cells(part(text, 0, length)) >= width do length = length - 1 end
  local left = part(text, 0, length)
  local words = part(text, length, 1):match('%s') and left or left:match('^(.*)%s') or ''
  return (2 * count(words) > length and words or left):gsub('[%s,;:.([{-]+$', '') .. '…'
end

-- Shows a message on one line, which no key has to dismiss: a quoted title gives way.
local function say(text, level)
  local width = vim.fn.strdisplaywidth
  local missing = width('mom: ' .. text) - vim.v.echospace
  local function shorter(title)
    local left = cut(title, width(title) - missing)
    return left ~= '' and ('“%s”'):format(left) or nil
  end
  vim.notify('mom: ' .. (missing > 0 and text:gsub('“(.-)”', shorter, 1) or text), level)
end

local function client_of(buffer) return lsp.get_clients({ name = 'mom', bufnr = buffer })[1] end

-- Sets `b:mom_status`, for a status line: what mom is doing, or the number of hints.
local function update_status(buffer)
  local folder = (client_of(buffer).workspace_folders or {})[1]
  local state = folder and states[folder.uri] or { working = '', problems = {} }
  local count = vim.tbl_count(labels[buffer] or {})
  local shown = state.working ~= '' and state.working or #state.problems > 0 and 'problem' or tostring(count)
  vim.b[buffer].mom_status = 'mom ' .. shown
  vim.cmd.redrawstatus({ bang = true })
end

-- Hints: marks at their lines, drawn at the end of the line and cut to each window's width.

local function clear(buffer)
  labels[buffer] = nil
  if not api.nvim_buf_is_valid(buffer) then return end
  api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  api.nvim__redraw({ buf = buffer, valid = false, flush = false })
end

local function refresh(buffer)
  local client = client_of(buffer)
  if not client then return end
  local last = api.nvim_buf_line_count(buffer)
  local range = { start = { line = 0, character = 0 }, ['end'] = { line = last, character = 0 } }
  local params = { textDocument = lsp.util.make_text_document_params(buffer), range = range }
  client:request('textDocument/inlayHint', params, function(failure, hints, context)
    if failure or not api.nvim_buf_is_loaded(buffer) or context.version ~= lsp.util.buf_versions[buffer] then
      return
    end
    clear(buffer)
    labels[buffer] = {}
    for _, hint in ipairs(hints or {}) do
      if hint.position.line < api.nvim_buf_line_count(buffer) then
        labels[buffer][api.nvim_buf_set_extmark(buffer, namespace, hint.position.line, 0, {})] = hint.label
      end
    end
    update_status(buffer)
  end, buffer)
end

api.nvim_set_decoration_provider(namespace, {
  on_win = function(_, _, buffer) return labels[buffer] ~= nil end,
  on_line = function(_, window, buffer, row)
    local mark = api.nvim_buf_get_extmarks(buffer, namespace, { row, 0 }, { row, -1 }, {})[1]
    local label = mark and labels[buffer][mark[1]]
    if not label then return end
    local view = vim.fn.getwininfo(window)[1]
    local width, used = view.width - view.textoff, vim.fn.virtcol({ row + 1, '$' }, false, window) - 1
    if vim.wo[window].wrap and used > width then
      used = (used - 1) % width + 1
    elseif not vim.wo[window].wrap then
      used = used - (view.leftcol or 0)
    end
    local text = { cut(label, width - used - 1), 'MomHint' }
    api.nvim_buf_set_extmark(buffer, namespace, row, 0, { ephemeral = true, virt_text = { text }, hl_mode = 'combine' })
  end,
})
api.nvim_set_hl(0, 'MomHint', { link = 'LspInlayHint', default = true })

-- Moves the cursor to the nearest hint below (1) or above (-1).
local function jump(direction)
  local row = api.nvim_win_get_cursor(0)[1] - 1
  local from = { row + direction, 0 }
  local marks = row + direction >= 0
      and api.nvim_buf_get_extmarks(0, namespace, from, direction > 0 and -1 or 0, { limit = 1 })
    or {}
  if not marks[1] then return say('no more hints') end
  vim.cmd("normal! m'") -- so that CTRL-O goes back
  api.nvim_win_set_cursor(0, { marks[1][2] + 1, 0 })
  vim.cmd('normal! ^')
end

-- Shows mom's hover, or runs 'keywordprg' as `K` does without a language server, if mom has nothing to say.
local function hover()
  local clients = lsp.get_clients({ bufnr = 0, method = 'textDocument/hover' })
  if #clients > 1 then return lsp.buf.hover() end
  local function look_up()
    if not pcall(vim.cmd.normal, { 'K', bang = true }) then say('nothing about this line') end
  end
  if #clients == 0 then return look_up() end
  local params = lsp.util.make_position_params(0, clients[1].offset_encoding)
  clients[1]:request('textDocument/hover', params, function(_, found)
    if found then return lsp.buf.hover() end
    look_up()
  end, api.nvim_get_current_buf())
end

local HOVER = 'vim.lsp.buf.hover()' -- the description of Neovim's own `K`
local KEYS = {
  [']h'] = { function() jump(1) end, 'mom: next hint' },
  ['[h'] = { function() jump(-1) end, 'mom: previous hint' },
  K = { hover, 'Hover, or keywordprg' },
}
local function map(buffer, keys, action, description)
  vim.keymap.set('n', keys, action, { buffer = buffer, desc = description })
end

local function attach(buffer)
  for keys, ours in pairs(KEYS) do
    local taken = vim.fn.maparg(keys, 'n', false, true)
    if vim.tbl_isempty(taken) or taken.desc == HOVER then map(buffer, keys, unpack(ours)) end
  end
  refresh(buffer)
end

local function detach(buffer)
  clear(buffer)
  vim.b[buffer].mom_status = nil
  for keys, ours in pairs(KEYS) do
    if vim.fn.maparg(keys, 'n', false, true).desc == ours[2] then pcall(vim.keymap.del, 'n', keys, { buffer = buffer }) end
  end
  local clients = lsp.get_clients({ bufnr = buffer, method = 'textDocument/hover' })
  local others = vim.tbl_filter(function(client) return client.name ~= 'mom' end, clients)
  if others[1] and vim.fn.maparg('K', 'n') == '' then map(buffer, 'K', lsp.buf.hover, HOVER) end
end

local found, command = pcall(require, 'mom.command') -- `mom init nvim --print` prints this file alone
if found then command.create({ say = say, cut = cut, client_of = client_of }) end

-- The server

local LEVELS = { vim.log.levels.ERROR, vim.log.levels.WARN, vim.log.levels.INFO, vim.log.levels.DEBUG }
local ours = {} -- ids of clients; one that has ended can only be known by its id
local group = api.nvim_create_augroup('mom', {})
local function on(event, action)
  local function handle(args)
    if ours[args.data.client_id] then action(args.buf, args.data.method) end
  end
  api.nvim_create_autocmd(event, { group = group, callback = handle })
end
on('LspAttach', attach)
on('LspDetach', detach)
on('LspNotify', function(buffer, method)
  if method == 'textDocument/didChange' or method == 'textDocument/didOpen' then refresh(buffer) end
end)

local function each_buffer(context, action)
  vim.tbl_map(action, lsp.get_buffers_by_client_id(context.client_id))
end

lsp.config('mom', {
  cmd = COMMAND,
  root_markers = { '.git' },
  workspace_required = true,
  capabilities = { experimental = { mom = { state = true, undo = ':Mom undo' } } },
  on_init = function(client)
    ours[client.id] = true
    client.server_capabilities.inlayHintProvider = nil -- drawn here, so that they never wrap
  end,
  handlers = {
    ['window/showMessage'] = function(_, message) say(message.message, LEVELS[message.type]) end,
    ['workspace/inlayHint/refresh'] = function(_, _, context)
      each_buffer(context, refresh)
      return vim.NIL
    end,
    ['mom/state'] = function(_, state, context)
      states[state.uri] = state
      each_buffer(context, update_status)
    end,
  },
})
lsp.enable('mom')
