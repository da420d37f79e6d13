-- `:Mom`, the actions of `:help :Mom`.
local COMPLETION = 1000 -- milliseconds to wait for names

local api, lsp = vim.api, vim.lsp
local say, cut, client_of -- of the plugin

local function warn(text) say(text, vim.log.levels.WARN) end

-- JSON's null arrives as vim.NIL.
local function non_null(value) return value ~= vim.NIL and value or nil end

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
local function float(title, lines, syntax)
  local options = { border = 'rounded', title = ' ' .. title .. ' ', focus_id = 'mom ' .. title, max_width = 80 }
  local _, window = lsp.util.open_floating_preview(lines, syntax, options)
  vim.wo[window].linebreak = true -- which may take more lines
  local height = math.min(api.nvim_win_text_height(window, {}).all, vim.o.lines - 4)
  if height > api.nvim_win_get_height(window) then api.nvim_win_set_height(window, height) end
end

local function describe(memory, width)
  local source = memory.source
  local origin = (non_null(source.commit) or ''):sub(1, 10)
  local rest = table.concat({ '', memory.phrases.age, origin ~= '' and origin or non_null(source.path) }, ' · ')
  return (width and cut(memory.title, width - vim.fn.strdisplaywidth(rest)) or memory.title) .. rest
end

local function read(memory)
  local text = vim.split(vim.trim(memory.body), '\n')
  float(memory.id:sub(1, 8), vim.list_extend({ describe(memory), '' }, text), 'plaintext') -- as it was written
end

-- Calls `done` with the only memory, or else with the user's choice; `remark` is about all of them.
local function choose(memories, prompt, done, remark)
  if #memories == 0 then return say(table.concat({ 'no memories found', remark }, '; ')) end
  if #memories == 1 then
    if remark then say(remark) end
    return done(memories[1])
  end
  prompt = remark and ('%s (%s):'):format(prompt, remark) or prompt .. ':'
  local function line(memory) return describe(memory, vim.o.columns - #'10: ' - 1) end
  vim.ui.select(memories, { prompt = prompt, kind = 'mom', format_item = line }, function(memory)
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
  if found.weak then parts[1] = 'no result stands out, try other words' end
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
      float('why line ' .. line, vim.split(answer.page, '\n'), 'markdown')
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

local M = {}

-- Creates the command, with functions of the plugin.
function M.create(plugin)
  say, cut, client_of = plugin.say, plugin.cut, plugin.client_of
  api.nvim_create_user_command('Mom', function(given)
    local name, text = given.args:match('^(%S+)%s*(.*)$')
    if not ACTIONS[name] then return warn(('“%s” is not one of %s'):format(name, table.concat(NAMES, ', '))) end
    ACTIONS[name](text)
  end, {
    nargs = '+',
    complete = function(start, line)
      if line:match('^%S*Mom%s+search%s+%S*$') then return vim.startswith('--in', start) and { '--in' } or {} end
      if line:match('%-%-in%s+"?[^%s"]*$') then return domains(start) end
      return vim.tbl_filter(function(name) return vim.startswith(name, start) end, NAMES)
    end,
  })
end

return M
