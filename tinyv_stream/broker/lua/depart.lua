-- Forgets a worker that leaves. As a consumer it stays while it holds something, or its entries would be lost.
-- KEYS: heartbeat, workers. ARGV: stage, consumer.
redis.call('ZREM', KEYS[FIRST_OTHER], ARGV[2])
redis.call('HDEL', KEYS[FIRST_OTHER + 1], ARGV[2])
local q = queue[ARGV[1]]
if redis.call('XPENDING', q, GROUP, '-', '+', 1, ARGV[2])[1] then return 0 end
redis.call('XGROUP', 'DELCONSUMER', q, GROUP, ARGV[2])
return 1
