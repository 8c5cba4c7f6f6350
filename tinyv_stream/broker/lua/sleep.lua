-- role: trainer, operator
-- Lets TinyV's workers sleep. ARGV: for how long at most (ms), so that whoever fell silent cannot keep
-- them asleep; 0 wakes them.
if ARGV[1] == '0' then return redis.call('HDEL', meta, 'asleep_until') end
return redis.call('HSET', meta, 'asleep_until', now_ms() + tonumber(ARGV[1]))
