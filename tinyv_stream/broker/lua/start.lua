-- role: worker
-- Counts a quarantined delivery as it starts. ARGV: stage, consumer, entry, which delivery of it.
-- 1 counted, 0 lost to another worker.
local mine = redis.call('XPENDING', queue[ARGV[1]], GROUP, ARGV[3], ARGV[3], 1, ARGV[2])
if not mine[1] then return 0 end
redis.call('XCLAIM', queue[ARGV[1]], GROUP, ARGV[2], 0, ARGV[3], 'RETRYCOUNT', ARGV[4])
return 1
