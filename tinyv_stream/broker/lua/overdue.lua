-- role: worker
-- Lists rollouts whose deadline has passed. ARGV: how many, the pool's time as the worker has checked it (ms; none: unchecked).
-- Per rollout: uid, its work as last written, and where that is, as `discard` takes it. One that is nowhere is made
-- unknown, so that its client resubmits.
local out, now = {}, ARGV[2] or now_ms()
-- It never goes back: a worker that is new knows no better than a clock that was set back a moment ago.
if ARGV[2] and tonumber(ARGV[2]) > (tonumber(redis.call('HGET', meta, 'clock_checked')) or 0) then
  redis.call('HSET', meta, 'clock_checked', now)
end
for _, uid in ipairs(redis.call('ZRANGEBYSCORE', live, '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local place = redis.call('HGET', at, uid) or ''
  local where, what = string.match(place, '^(%S+) (%S+)')
  local body = false
  if where == WAIT then
    body = redis.call('HGET', parked, uid)
  elseif where then
    local found = redis.call('XRANGE', queue[where], what, what)
    if found[1] then body = field(found[1], 'p') end
  end
  if body then
    out[#out + 1] = { uid, body, where, what }
  else
    redis.call('ZREM', live, uid)
    leave(uid)
  end
end
return out
