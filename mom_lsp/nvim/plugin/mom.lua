-- mom-lsp for Neovim 0.11 or newer, written by `mom init nvim`. See `:help mom`.
if vim.g.loaded_mom then return end
vim.g.loaded_mom = true

local COMMAND = { 'mom', 'serve' } -- `mom init nvim` writes the full path
local COMPLETION = 1000 -- milliseconds to wait for names
local SHORTEST = 12 -- cells that a title is cut to

local api, lsp = vim.api, vim.lsp
local namespace = api.nvim_create_namespace('mom')
local labels = {} ---@type table<integer, table<integer, string>> by buffer and mark
local states = {} ---@type table<string, table> the last `mom/state` of each folder, by its URI

local function cut(text, width)
  local length = vim.fn.strchars(text)
  while length > 0 and vim.fn.strdisplaywidth(text) > width do
    length = length - 1
    text = vim.fn.strcharpart(text, 0, length) .. '…'
  end
  return length > 2 and text or '' -- a mark alone tells nothing
end

-- Shows a message on one line, which no key has to dismiss: a quoted title gives way.
local function say(text, level)
  local width = vim.fn.strdisplaywidth
  local missing = width('mom: ' .. text) - vim.v.echospace
  local function shorter(title)
    local left = width(title) - missing
    return left > SHORTEST and ('“%s”'):format(cut(title, left)) or nil
  end
  vim.notify('mom: ' .. (missing > 0 and text:gsub('“(.-)”', shorter, 1) or text), level)
end

local function warn(text) say(text, vim.log.levels.WARN) end

-- JSON's null arrives as vim.NIL.
local function non_null(value) return value ~= vim.NIL and value or nil end

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
  local others = lsp.get_clients({ bufnr = 0, method = 'textDocument/hover' })
  if #others > 1 then return lsp.buf.hover() end
  local params = lsp.util.make_position_params(0, others[1].offset_encoding)
  others[1]:request('textDocument/hover', params, function(_, found)
    if found then
      lsp.buf.hover()
    elseif not pcall(vim.cmd.normal, { 'K', bang = true }) then
      say('nothing about this line')
    end
  end, api.nvim_get_current_buf())
end

local function attach(buffer)
  local function map(keys, action, description)
    local taken = vim.fn.maparg(keys, 'n', false, true)
    if vim.tbl_isempty(taken) or taken.desc == 'vim.lsp.buf.hover()' then
      vim.keymap.set('n', keys, action, { buffer = buffer, desc = description })
    end
  end
  map(']h', function() jump(1) end, 'mom: next hint')
  map('[h', function() jump(-1) end, 'mom: previous hint')
  map('K', hover, 'Hover, or keywordprg')
  refresh(buffer)
end

-- :Mom

local function ask(method, params, done)
  local client = client_of(0)
  if not client then
    local is_new = api.nvim_buf_get_name(0) == '' and vim.bo.buftype == ''
    local elsewhere = 'not running here; try again in a moment, or see :checkhealth mom'
    return warn(is_new and 'this buffer has no file yet; :write it first' or elsewhere)
  end
  client:request(method, params, function(failure, answer)
    if failure then return warn(failure.message) end
    if done and non_null(answer) then done(answer) end
  end, api.nvim_get_current_buf()) -- with 0, Neovim would not send what was typed just now
end

local function run(command, arguments, done)
  ask('workspace/executeCommand', { command = command, arguments = arguments }, done)
end

local function here() return vim.uri_from_bufnr(0), api.nvim_win_get_cursor(0)[1] end

-- An open float with the same title gets the focus, any other one is replaced.
local function float(title, lines)
  local options = { border = 'rounded', title = ' ' .. title .. ' ', focus_id = 'mom ' .. title, max_width = 80 }
  lsp.util.open_floating_preview(lines, 'markdown', options)
end

local function describe(memory)
  local source = memory.source
  local origin = (non_null(source.commit) or ''):sub(1, 10)
  return table.concat({ memory.title, memory.phrases.age, origin ~= '' and origin or non_null(source.path) }, ' · ')
end

local function read(memory)
  local text = vim.split(vim.trim(memory.body), '\n')
  float(memory.id:sub(1, 8), vim.list_extend({ describe(memory), '' }, text))
end

-- Calls `done` with the only memory, or else with the user's choice; `remark` is about all of them.
local function choose(memories, prompt, done, remark)
  if #memories == 0 then return say(table.concat({ 'no memories found', remark }, '; ')) end
  if #memories == 1 then
    if remark then say(remark) end
    return done(memories[1])
  end
  prompt = remark and ('%s (%s):'):format(prompt, remark) or prompt .. ':'
  vim.ui.select(memories, { prompt = prompt, kind = 'mom', format_item = describe }, function(memory)
    if memory then done(memory) end
  end)
end

local function with_memory(prompt, done)
  local uri, line = here()
  ask('mom/suggest', { textDocument = { uri = uri }, position = { line = line - 1, character = 0 } }, function(found)
    choose(found.suggestions, prompt, function(memory) done(memory, uri, line) end)
  end)
end

local function with_text(given, prompt, done)
  if given ~= '' then return done(given) end
  vim.ui.input({ prompt = prompt }, function(text)
    if text and text ~= '' then done(text) end
  end)
end

-- What is to be known of the answers to a search, nil for nothing.
local function caveat(found)
  if found.unindexed then return 'nothing is indexed yet' end
  local parts = {}
  if found.weak then parts[1] = 'none stands out, try other words' end
  if found.words_only then parts[#parts + 1] = 'by words only, see :checkhealth mom' end
  return parts[1] and table.concat(parts, '; ')
end

local function act(command, prompt)
  return function()
    with_memory(prompt, function(memory, uri, line) run(command, { memory.id, uri, line }) end)
  end
end

local ACTIONS = {
  why = function()
    local uri, line = here()
    run('mom.why', { uri, line, false }, function(answer)
      float('why line ' .. line, vim.split(answer.page, '\n'))
    end)
  end,
  search = function(given)
    local scope, rest = given:match('^%-%-in%s+"([^"]+)"%s*(.*)$')
    if not scope then scope, rest = given:match('^%-%-in%s+(%S+)%s*(.*)$') end
    local function search(text)
      run('mom.search', { text, (here()), scope }, function(found)
        local about = text ~= '' and ('Memories about “%s”'):format(text) or 'Memories'
        choose(found.suggestions, scope and about .. ' in ' .. scope or about, read, caveat(found))
      end)
    end
    if scope then return search(rest) end -- without a text, what is most worth reading there
    with_text(given, 'Memories about: ', search)
  end,
  note = function(given)
    local uri, line = here()
    with_text(given, 'Note about this line: ', function(text) run('mom.remember', { text, uri, line }) end)
  end,
  history = function() with_memory('Memories of this line', read) end,
  pin = act('mom.pin', 'Pin'),
  open = act('mom.open', 'Show the source of'),
  forget = function()
    with_memory('Forget', function(memory, uri) run('mom.forget', { memory.id, uri }) end)
  end,
  undo = function() run('mom.undo', { (here()) }, function(done) say(done.message) end) end,
}
local NAMES = vim.tbl_keys(ACTIONS)
table.sort(NAMES)

-- Returns the names of domains that begin with a text, quoted, as `:Mom search --in` takes them.
local function domains(start)
  local client = client_of(0)
  local params = { textDocument = lsp.util.make_text_document_params(0) }
  local answer = client and client:request_sync('mom/domains', params, COMPLETION, 0)
  local names = vim.tbl_map(function(one) return one.name end, answer and answer.result and answer.result.domains or {})
  local begun = start:gsub('^"', ''):lower()
  names = vim.tbl_filter(function(name) return vim.startswith(name:lower(), begun) end, names)
  return vim.tbl_map(function(name) return '"' .. name .. '"' end, names)
end

api.nvim_create_user_command('Mom', function(given)
  local name, text = given.args:match('^(%S+)%s*(.*)$')
  if not ACTIONS[name] then return warn(('“%s” is none of %s'):format(name, table.concat(NAMES, ', '))) end
  ACTIONS[name](text)
end, {
  nargs = '+',
  complete = function(start, line)
    if line:match('^%S*Mom%s+search%s+%S*$') then return vim.startswith('--in', start) and { '--in' } or {} end
    if line:match('%-%-in%s+"?[^%s"]*$') then return domains(start) end
    return vim.tbl_filter(function(name) return vim.startswith(name, start) end, NAMES)
  end,
})

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
on('LspDetach', function(buffer)
  clear(buffer)
  vim.b[buffer].mom_status = nil
end)
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
