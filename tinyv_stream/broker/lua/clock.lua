-- role: worker
-- Tells the pool's time (ms), or corrects it after a step of this server's clock. ARGV: '' to ask; else the number of
-- corrections that the caller knows of, and by how much it found the clock stepped (ms): whoever is first corrects.
-- Returns the pool's time, the number of corrections, the last time that a worker had checked ('' = none yet), and this
-- server's own time (ms), in which the ids of entries are.
if ARGV[1] ~= '' and (redis.call('HGET', meta, 'clock_steps') or '0') == ARGV[1] then
  redis.call('HINCRBY', meta, 'clock_shift', ARGV[2])
  redis.call('HINCRBY', meta, 'clock_steps', 1)
  count('clock_steps')
end
local steps = redis.call('HGET', meta, 'clock_steps') or '0'
local t = redis.call('TIME')
local own = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))
return { string.format('%.0f', shifted_ms()), steps, redis.call('HGET', meta, 'clock_checked') or '', own }
