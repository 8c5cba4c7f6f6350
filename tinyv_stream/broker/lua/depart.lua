-- role: worker
-- Forgets a worker that leaves. One that still holds something stays, or its entries would be lost; `beat` of another
-- worker forgets it once they were taken over. KEYS: heartbeat, workers. ARGV: stage, consumer.
local q = queue[ARGV[1]]
if redis.call('XPENDING', q, GROUP, '-', '+', 1, ARGV[2])[1] then return 0 end
redis.call('ZREM', KEYS[FIRST_OTHER], ARGV[2])
redis.call('HDEL', KEYS[FIRST_OTHER + 1], ARGV[2])
redis.call('XGROUP', 'DELCONSUMER', q, GROUP, ARGV[2])
return 1
