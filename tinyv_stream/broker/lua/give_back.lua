-- role: worker
-- Returns work to its queue, at once claimable. ARGV: stage, consumer, 1 if an engine died under it else 0, then entry,
-- which delivery of it. The server has counted one less of a quarantined delivery that was taken over and not started.
-- Untouched work is given back uncounted. So is a rollout's first engine death, which may be a neighbour's doing; a
-- later one counts as a delivery, so a rollout that kills engines runs alone in the end, and then is a dead letter.
local stage, given = ARGV[1], 0
for i = 4, #ARGV, 2 do
  local entry = ARGV[i]
  local mine = redis.call('XPENDING', queue[stage], GROUP, entry, entry, 1, ARGV[2])
  local found = mine[1] and redis.call('XRANGE', queue[stage], entry, entry)
  if found and found[1] then
    local work = found[1]
    local uid = field(work, 'u') or ''
    local before, deaths = tonumber(field(work, 'n') or 0), tonumber(field(work, 'd') or 0)
    local place = redis.call('HGET', at, uid) or ''
    before = before + math.max(mine[1][4], tonumber(ARGV[i + 1]))
    if ARGV[3] == '0' or deaths == 0 then before = before - 1 end
    drop(stage, entry)
    if string.match(place, '^%S+ (%S+)') == entry then
      local leads = string.match(place, '^%S+ %S+ (%S+)$') ~= nil
      before, deaths = math.max(0, before), deaths + tonumber(ARGV[3])
      enqueue(stage, uid, field(work, 'p'), field(work, 'c'), leads, before, deaths)
      given = given + 1
    end
  end
end
return given
