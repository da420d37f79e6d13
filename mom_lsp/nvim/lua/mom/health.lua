-- `:checkhealth mom`
local M = {}

function M.check()
  local health = vim.health
  health.start('mom')
  if vim.fn.has('nvim-0.11') == 0 then
    return health.error('Neovim 0.11 or newer is needed')
  end
  local command = (vim.lsp.config.mom or {}).cmd or {}
  if vim.fn.executable(command[1] or '') == 0 then
    local advice = 'Run `mom init nvim --force` with the `mom` that you use'
    return health.error(('%s cannot be run'):format(command[1] or 'mom'), advice)
  end
  health.ok(table.concat(command, ' '))
  local buffers = vim.iter(vim.lsp.get_clients({ name = 'mom' })):map(function(client)
    return #vim.lsp.get_buffers_by_client_id(client.id)
  end)
  local count = buffers:fold(0, function(sum, number) return sum + number end)
  local attached = ('attached to %d buffer%s'):format(count, count == 1 and '' or 's')
  health.info(count > 0 and attached or 'no buffer in a git repository is open')

  local doctor = vim.list_extend(vim.list_slice(command, 1, #command - 1), { 'doctor', '--json' })
  local done = vim.system(doctor, { text = true, cwd = vim.fn.getcwd() }):wait(60000)
  local read, answer = pcall(vim.json.decode, done.stdout)
  if not read then
    return health.error('mom doctor failed: ' .. vim.trim(done.stderr))
  end
  local name = vim.fn.executable('mom') == 1 and 'mom' or command[1]
  for _, check in ipairs(answer.checks) do
    local text = check.name .. ': ' .. check.message
    local fix = check.fix ~= '' and check.fix:gsub('`mom ', function() return '`' .. name .. ' ' end) or nil
    if check.ok == true then
      health.ok(text)
    elseif check.ok == false then
      health.error(text, fix)
    else
      health.info(fix and text .. '; ' .. fix or text)
    end
  end
end

return M
