-- role: operator
-- Puts a dead letter back into the stage where it died. KEYS: done, age.
-- ARGV: dead entry, uid, stage, body, time to live (ms).
-- 1 queued, 0 no such dead letter, 2 the rollout is outstanding already.
if redis.call('ZSCORE', live, ARGV[2]) then return 2 end
if redis.call('XDEL', dead, ARGV[1]) == 0 then return 0 end
-- The reward of its first life may still be there to answer a replay: from now on the one to come does.
redis.call('HDEL', KEYS[FIRST_OTHER], ARGV[2])
redis.call('ZREM', KEYS[FIRST_OTHER + 1], ARGV[2])
redis.call('ZADD', live, now_ms() + tonumber(ARGV[5]), ARGV[2])
enqueue(ARGV[3], ARGV[2], ARGV[4], '', false)
count('revived')
return 1
