-- role: worker
-- Takes over entries whose lease lapsed. ARGV: stage, consumer, lease (ms), cursor, how many, isolate from delivery.
-- A quarantined entry (from delivery `isolate from delivery` on) waits its turn in the new worker and is counted by
-- `start`: it must not be counted dead with the one that runs before it.
-- Returns the next cursor and, per entry: entry, its fields, the number of this delivery of the entry.
local q, isolate_from = queue[ARGV[1]], tonumber(ARGV[6])
local cursor, got = ARGV[4], nil
-- It looks at ten entries for each that it may take: a worker with little room would else ask again and again.
for _ = 1, 20 do
  got = redis.call('XAUTOCLAIM', q, GROUP, ARGV[2], ARGV[3], cursor, 'COUNT', ARGV[5], 'JUSTID')
  cursor = got[1]
  if got[2][1] or cursor == '0-0' then break end
end
local out = {}
for _, entry in ipairs(got[2]) do
  local pending = redis.call('XPENDING', q, GROUP, entry, entry, 1)
  local found = redis.call('XRANGE', q, entry, entry)
  if pending[1] and found[1] then
    local times = pending[1][4] + 1
    if times + tonumber(field(found[1], 'n') or 0) < isolate_from then
      redis.call('XCLAIM', q, GROUP, ARGV[2], 0, entry, 'RETRYCOUNT', times)
    end
    out[#out + 1] = { entry, found[1][2], times }
  end
end
if #out > 0 then count('redelivered', #out) end
return { cursor, out }
