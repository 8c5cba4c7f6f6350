-- role: trainer
-- Forgets rewards that their client has. KEYS: done, res, age. ARGV: first reward entry to keep, then uids.
if #ARGV > 1 then
  redis.call('HDEL', KEYS[FIRST_OTHER], unpack(ARGV, 2))
  redis.call('ZREM', KEYS[FIRST_OTHER + 2], unpack(ARGV, 2))
end
return redis.call('XTRIM', KEYS[FIRST_OTHER + 1], 'MINID', ARGV[1])
