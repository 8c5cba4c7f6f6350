-- role: worker
-- Renews leases, of their owner only; a renewal is no delivery. ARGV: stage, consumer, then entries.
-- Returns the entries that are no longer this consumer's.
local q, lost = queue[ARGV[1]], {}
for i = 3, #ARGV do
  local mine = redis.call('XPENDING', q, GROUP, ARGV[i], ARGV[i], 1, ARGV[2])
  if mine[1] then
    redis.call('XCLAIM', q, GROUP, ARGV[2], 0, ARGV[i], 'JUSTID')
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost
