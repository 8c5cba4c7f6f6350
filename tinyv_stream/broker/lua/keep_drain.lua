-- role: worker, operator
-- A host's own programs know its mark: a server that lost it learns it again. ARGV: host, the mark as it stood, its
-- number. Returns the mark that holds.
local name = 'drain:' .. ARGV[1]
local there = redis.call('HGET', meta, name) or ''
if tonumber(string.match(there, '^%d+') or 0) >= tonumber(ARGV[3]) then return there end
redis.call('HSET', meta, name, ARGV[2])
if tonumber(redis.call('HGET', meta, 'drains') or 0) < tonumber(ARGV[3]) then
  redis.call('HSET', meta, 'drains', ARGV[3])
end
return ARGV[2]
