-- role: worker
-- Workers of a stage restart one after the other: asks for the turn. ARGV: stage, a name that a worker keeps over its
-- restarts, for how long (ms; 0 gives the turn up, if it is the caller's). Returns 1 if the turn is the caller's.
local name, until_name = 'turn:' .. ARGV[1], 'turn_until:' .. ARGV[1]
local holder, ends = unpack(redis.call('HMGET', meta, name, until_name))
if ARGV[3] == '0' then
  if holder == ARGV[2] then redis.call('HDEL', meta, name, until_name) end
  return 0
end
if holder and holder ~= ARGV[2] and tonumber(ends) > now_ms() then return 0 end
redis.call('HSET', meta, name, ARGV[2], until_name, now_ms() + tonumber(ARGV[3]))
return 1
