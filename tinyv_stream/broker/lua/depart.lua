-- role: worker
-- Forgets a worker that leaves. One that still holds something stays, or its entries would be lost; `beat` of another
-- worker forgets it once they were taken over. Its host stays known for a while (`read_hosts`): it may start again.
-- KEYS: heartbeat, workers. ARGV: stage, consumer, its host ('' = none), how long a host stays known (ms).
local q = queue[ARGV[1]]
if redis.call('XPENDING', q, GROUP, '-', '+', 1, ARGV[2])[1] then return 0 end
redis.call('ZREM', KEYS[FIRST_OTHER], ARGV[2])
redis.call('HDEL', KEYS[FIRST_OTHER + 1], ARGV[2])
redis.call('XGROUP', 'DELCONSUMER', q, GROUP, ARGV[2])
if ARGV[3] ~= '' then
  local now, all = now_ms(), redis.call('HGETALL', meta)
  for i = 1, #all, 2 do
    if string.match(all[i], '^left:') and now > (tonumber(all[i + 1]) or 0) then redis.call('HDEL', meta, all[i]) end
  end
  redis.call('HSET', meta, 'left:' .. ARGV[1] .. ':' .. ARGV[3], string.format('%.0f', now + ARGV[4]))
end
return 1
