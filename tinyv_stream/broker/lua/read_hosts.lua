-- role: worker, operator
-- Returns the pool's time (ms), how often a host was marked, then names and values of what is kept of hosts:
-- `drain:<host>` (number, 1 or 0, since when in ms, who), `want:<stage>:<place>` (least, most, count) and, of a worker
-- that left a while ago, `left:<stage>:<host>` (until when that is remembered, ms).
local now = now_ms()
local found = { string.format('%.0f', now), redis.call('HGET', meta, 'drains') or '0' }
local all = redis.call('HGETALL', meta)
for i = 1, #all, 2 do
  local left = string.match(all[i], '^left:') and now <= (tonumber(all[i + 1]) or 0)
  if left or string.match(all[i], '^drain:') or string.match(all[i], '^want:') then
    found[#found + 1] = all[i]
    found[#found + 1] = all[i + 1]
  end
end
return found
