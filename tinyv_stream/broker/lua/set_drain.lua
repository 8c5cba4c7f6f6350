-- role: worker, operator
-- Marks a host as one to be drained, or as one to work again. ARGV: host, 1 to drain it or 0, who says so, how many
-- such changes the caller knows of ('' = that does not matter): whoever looked before another changed something looks
-- again. Returns the number of this change, 0 where another was first.
local changes = redis.call('HGET', meta, 'drains') or '0'
if ARGV[4] ~= '' and ARGV[4] ~= changes then return 0 end
local number = redis.call('HINCRBY', meta, 'drains', 1)
redis.call('HSET', meta, 'drain:' .. ARGV[1], string.format('%d %s %.0f %s', number, ARGV[2], now_ms(), ARGV[3]))
return number
