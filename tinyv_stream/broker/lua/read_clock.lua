-- role: trainer, operator
-- Returns the pool's time and this server's own, both in ms: heartbeats are in the first, ids of entries in the second.
local t = redis.call('TIME')
return { string.format('%.0f', now_ms()), string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000)) }
