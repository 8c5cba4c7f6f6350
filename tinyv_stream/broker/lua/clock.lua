-- role: worker
-- Tells the pool's time (ms), or corrects it after a step of this server's clock. KEYS: hb. ARGV: '' to ask; else the
-- number of corrections that the caller knows of, and by how much it found the clock stepped (ms): the first corrects.
-- Leases go by the server's idle times, which the step spoilt: each begins anew, uncounted, or after a step back none
-- would lapse for as long as that was, and after one ahead all would at once.
-- Returns the pool's time, the number of corrections, the last time that a worker had checked ('' = none yet), and
-- this server's own time (ms), in which the ids of entries are.
local hb = KEYS[FIRST_OTHER]

local function renew_all(q)
  local from = '-'
  while true do
    local found, of = redis.call('XPENDING', q, GROUP, from, '+', 200), {}
    if not found[1] then return end
    for _, one in ipairs(found) do
      of[one[2]] = of[one[2]] or {}
      table.insert(of[one[2]], one[1])
      from = '(' .. one[1]
    end
    for consumer, entries in pairs(of) do
      local words = { q, GROUP, consumer, 0, unpack(entries) }
      words[#words + 1] = 'JUSTID'
      redis.call('XCLAIM', unpack(words))
    end
  end
end

if ARGV[1] ~= '' and (redis.call('HGET', meta, 'clock_steps') or '0') == ARGV[1] then
  redis.call('HINCRBY', meta, 'clock_shift', ARGV[2])
  redis.call('HINCRBY', meta, 'clock_steps', 1)
  count('clock_steps')
  for _, q in pairs(queue) do renew_all(q) end
  -- Who beat by the clock as it stood ahead would count as alive for so long.
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', hb, '(' .. now_ms(), '+inf')) do
    redis.call('ZADD', hb, now_ms(), name)
  end
end
local steps = redis.call('HGET', meta, 'clock_steps') or '0'
local t = redis.call('TIME')
local own = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))
return { string.format('%.0f', shifted_ms()), steps, redis.call('HGET', meta, 'clock_checked') or '', own }
