-- Puts a dead letter back into the stage where it died. ARGV: dead entry, uid, stage, body, time to live (ms).
-- 1 queued, 0 no such dead letter, 2 the rollout is outstanding already.
if redis.call('ZSCORE', live, ARGV[2]) then return 2 end
if redis.call('XDEL', dead, ARGV[1]) == 0 then return 0 end
redis.call('ZADD', live, now_ms() + tonumber(ARGV[5]), ARGV[2])
enqueue(ARGV[3], ARGV[2], ARGV[4], '', false)
count('revived')
return 1
