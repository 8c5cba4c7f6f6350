-- Takes over entries whose lease lapsed. ARGV: stage, consumer, lease (ms), cursor, how many.
-- Returns the next cursor and, per entry: entry, its fields, how often it was handed out.
local q = queue[ARGV[1]]
local got = redis.call('XAUTOCLAIM', q, GROUP, ARGV[2], ARGV[3], ARGV[4], 'COUNT', ARGV[5])
local out = {}
for _, item in ipairs(got[2]) do
  local pending = redis.call('XPENDING', q, GROUP, item[1], item[1], 1)
  out[#out + 1] = { item[1], item[2], pending[1] and pending[1][4] or 1 }
end
if #out > 0 then count('redelivered', #out) end
return { got[1], out }
