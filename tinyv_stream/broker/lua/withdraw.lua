-- role: trainer
-- Takes rollouts back on their client's behalf: nobody works on them any more, and no reward is kept for them.
-- KEYS: done, age. ARGV: uids. Returns how many were outstanding.
local taken = 0
for i = 1, #ARGV do
  redis.call('HDEL', KEYS[FIRST_OTHER], ARGV[i])
  redis.call('ZREM', KEYS[FIRST_OTHER + 1], ARGV[i])
  if redis.call('ZREM', live, ARGV[i]) == 1 then
    leave(ARGV[i])
    count('withdrawn')
    taken = taken + 1
  end
end
return taken
