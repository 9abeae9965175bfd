-- A wrk script that posts orders of many users. TOKENS names a file with one token per line.
local tokens = {}
for line in io.lines(os.getenv("TOKENS")) do tokens[#tokens + 1] = line end

local bodies = {
  '{"items":[{"productId":"AZ-104","quantity":1}]}',
  '{"items":[{"productId":"AZ-104","quantity":2},{"productId":"DP-900","quantity":1}]}',
}
local next = 0

request = function()
  next = next + 1
  local headers = {
    ["Content-Type"] = "application/json",
    ["Authorization"] = "Bearer " .. tokens[next % #tokens + 1],
  }
  return wrk.format("POST", "/api/orders", headers, bodies[next % #bodies + 1])
end
