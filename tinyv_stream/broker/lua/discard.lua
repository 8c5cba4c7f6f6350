-- Drops entries that no rollout owns any more or that cannot be read, and keeps what they held as dead letters.
-- ARGV: stage, reason, worker, most dead letters, then entry, uid, body. The uid becomes unknown to the pool,
-- so its client submits it again or its deadline ends it.
for i = 5, #ARGV, 3 do
  local entry, uid = ARGV[i], ARGV[i + 1]
  drop(ARGV[1], entry)
  local place = redis.call('HGET', at, uid)
  if place and string.match(place, '^%S+ (%S+)') == entry then
    redis.call('ZREM', live, uid)
    leave(uid)
  end
  redis.call('XADD', dead, 'MAXLEN', '~', ARGV[4], '*', 'u', uid, 'stage', ARGV[1], 'p', ARGV[i + 2],
    'reason', ARGV[2], 'deliveries', '1', 'worker', ARGV[3])
  count('dead')
end
return 1
