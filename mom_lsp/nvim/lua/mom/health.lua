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
  health.info(count > 0 and ('attached to %d buffers'):format(count) or 'no buffer in a git repository is open')

  local doctor = vim.list_extend(vim.list_slice(command, 1, #command - 1), { 'doctor', '--json' })
  local done = vim.system(doctor, { text = true, cwd = vim.fn.getcwd() }):wait(60000)
  local read, answer = pcall(vim.json.decode, done.stdout)
  if not read then
    return health.error('mom doctor failed: ' .. vim.trim(done.stderr))
  end
  for _, check in ipairs(answer.checks) do
    local text = check.name .. ': ' .. check.message
    if check.ok == true then
      health.ok(text)
    elseif check.ok == false then
      health.error(text, check.fix ~= '' and check.fix or nil)
    else
      health.info(text)
    end
  end
end

return M
