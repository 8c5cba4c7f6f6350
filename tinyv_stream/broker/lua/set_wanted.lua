-- role: worker, operator
-- Sets how many workers of one stage a place is to have; without numbers it takes that away.
-- ARGV: place, stage, then least, most, count.
local name = 'want:' .. ARGV[2] .. ':' .. ARGV[1]
if not ARGV[3] then return redis.call('HDEL', meta, name) end
return redis.call('HSET', meta, name, ARGV[3] .. ' ' .. ARGV[4] .. ' ' .. ARGV[5])
