-- role: worker
-- Rewards rollouts. KEYS: triples of done, res, age. ARGV: retention (ms), cache ttl (ms), cache size, then
-- uid, stage, entry ('' = caller holds none), number of its keys, reward, tallies, cache field ('' = none), verdict.
-- Per rollout: 1 rewarded, 0 void.
local retention, ttl, size = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local out, rewarded = {}, {}
for k = FIRST_OTHER, #KEYS, 3 do rewarded[k] = {} end
for i = 4, #ARGV, 8 do
  local uid, stage, entry, triple = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3])
  local field = ARGV[i + 6]
  if field ~= '' and ttl > 0 then
    redis.call('HSET', cache, field, ARGV[i + 7])
    redis.call('ZADD', cache_age, now_ms() + ttl, field)
  end
  local at_key = FIRST_OTHER + 3 * triple
  local won = settle(uid, KEYS[at_key], KEYS[at_key + 1], ARGV[i + 4], ARGV[i + 5])
  if won == 1 then
    table.insert(rewarded[at_key], uid)
  elseif entry ~= '' then
    drop(stage, entry)
  end
  out[#out + 1] = won
end
for k = FIRST_OTHER, #KEYS, 3 do keep(KEYS[k], KEYS[k + 1], KEYS[k + 2], retention, rewarded[k]) end
if ttl > 0 then
  local over = redis.call('ZCARD', cache_age) - size
  local gone = redis.call('ZRANGEBYSCORE', cache_age, '-inf', now_ms(), 'LIMIT', 0, 100)
  if over > 0 then gone = redis.call('ZRANGE', cache_age, 0, math.min(over, 100) - 1) end
  for _, field in ipairs(gone) do
    redis.call('HDEL', cache, field)
    redis.call('ZREM', cache_age, field)
  end
end
return out
