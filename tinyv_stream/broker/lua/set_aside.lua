-- role: trainer
-- Takes rewards that their client cannot read out of its way, and keeps each as a dead letter: once, however often it
-- is run. KEYS: done, res, age. ARGV: client, most dead letters, then uid, entry of res ('' = found by its uid alone),
-- what was found, reason. Returns how many were taken.
local done, res, age = KEYS[FIRST_OTHER], KEYS[FIRST_OTHER + 1], KEYS[FIRST_OTHER + 2]
local taken = 0
for i = 3, #ARGV, 4 do
  local uid, entry, raw, found = ARGV[i], ARGV[i + 1], ARGV[i + 2], 0
  if entry ~= '' then found = redis.call('XDEL', res, entry) end
  -- Only what was found: a reward that can be read may have come for this uid since.
  if redis.call('HGET', done, uid) == raw then
    found = found + redis.call('HDEL', done, uid)
    redis.call('ZREM', age, uid)
  end
  if found > 0 then
    redis.call('XADD', dead, 'MAXLEN', '~', ARGV[2], '*', 'u', uid, 'stage', 'reward', 'p', raw,
      'reason', ARGV[i + 3], 'deliveries', '1', 'worker', ARGV[1])
    count('dead')
    taken = taken + 1
  end
end
return taken
