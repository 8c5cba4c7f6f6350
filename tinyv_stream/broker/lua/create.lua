-- role: trainer, worker, operator
-- Creates what is missing of queues and groups, from 0 on so that nothing added before is missed, and settles how many
-- shards the pool has: the first number stands. A script, because a worker must be able to start on a server that is
-- out of memory: it makes room. ARGV: shards. Returns how many there are.
for _, q in pairs(queue) do
  local made = redis.pcall('XGROUP', 'CREATE', q, GROUP, '0', 'MKSTREAM')
  if made.err and not string.find(made.err, 'BUSYGROUP') then return made end
end
redis.call('HSETNX', meta, 'shards', ARGV[1])
return tonumber(redis.call('HGET', meta, 'shards'))
