-- role: worker
-- Drops entries that no rollout owns any more or that cannot be read, and keeps what they held as dead letters.
-- ARGV: stage, reason, worker, most dead letters, then entry, uid, body. For a parked rollout: `wait`, and its ckey as
-- the entry. The uid becomes unknown to the pool, so its client submits it again or its deadline ends it. What another
-- worker discarded first is not there any more, and leaves no second letter.
local stage = ARGV[1]
for i = 5, #ARGV, 3 do
  local entry, uid, found = ARGV[i], ARGV[i + 1], 0
  local place = redis.call('HGET', at, uid)
  if place and string.match(place, '^(%S+ %S+)') == stage .. ' ' .. entry then
    found = redis.call('ZREM', live, uid)
    leave(uid)
  elseif queue[stage] then
    found = drop(stage, entry)
  end
  if found == 1 then
    redis.call('XADD', dead, 'MAXLEN', '~', ARGV[4], '*', 'u', uid, 'stage', queue[stage] and stage or STAGE.tinyv,
      'p', ARGV[i + 2], 'reason', ARGV[2], 'deliveries', '1', 'worker', ARGV[3])
    count('dead')
  end
end
return 1
