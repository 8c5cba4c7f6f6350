-- role: trainer, worker, operator
-- Put before every script. Names the shard's keys (KEYS, in the order of broker/shard.py) and holds what the
-- scripts share. A rollout that is `live` is in exactly one place, and `at` says which:
--   "<stage> <entry>"          an entry of that stage's queue
--   "tinyv <entry> <ckey>"     the same, asking TinyV on behalf of every equal rollout
--   "wait <ckey>"              parked until the asking one has its verdict
local live, at, parked, leaders = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local cache, cache_age, stats, meta, dead = KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9]
-- The stages by name, as `Stage` in types.py has them; what waits for an equal one is in none.
local STAGE = { rule = 'rule', tinyv = 'tinyv' }
local WAIT = 'wait'
local queue = { [STAGE.rule] = KEYS[10], [STAGE.tinyv] = KEYS[11] }
local FIRST_OTHER = 12
local GROUP = 'w'

-- The server's clock, less by how much workers found it stepped (`clock`).
local function shifted_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000) - (tonumber(redis.call('HGET', meta, 'clock_shift')) or 0)
end

-- The pool's time: never before what a worker has checked, so a clock that was set back does not shorten deadlines.
local function now_ms()
  return math.max(shifted_ms(), tonumber(redis.call('HGET', meta, 'clock_checked')) or 0)
end

local function count(name, by)
  redis.call('HINCRBY', stats, name, by or 1)
end

-- Returns 1 if the entry was there.
local function drop(stage, entry)
  redis.call('XACK', queue[stage], GROUP, entry)
  return redis.call('XDEL', queue[stage], entry)
end

-- Returns one field of a stream entry as XRANGE gives it, nil if it has none of that name. Work has u (uid), p (body),
-- c (ckey), n, d and k (see `enqueue`).
local function field(entry, name)
  local flat = entry[2]
  for i = 1, #flat, 2 do
    if flat[i] == name then return flat[i + 1] end
  end
end

-- Adds work to a queue; `ckey` may be ''. A leader asks for its followers, anyone else for itself alone.
-- `before` counts deliveries of an earlier entry, `deaths` the engine deaths not counted as one; k: it was parked.
local function enqueue(stage, uid, body, ckey, leads, before, deaths, was_parked)
  local told = { 'u', uid, 'p', body, 'c', ckey, 'n', before or 0, 'd', deaths or 0, was_parked and 'k', 1 }
  local entry = redis.call('XADD', queue[stage], '*', unpack(told, 1, was_parked and 12 or 10))
  redis.call('HSET', at, uid, stage .. ' ' .. entry .. (leads and ' ' .. ckey or ''))
  return entry
end

-- Sends the followers of `ckey` to TinyV as rollouts of their own: a leader that failed takes nobody with it.
local function release(ckey)
  local names = redis.call('HGET', leaders, ckey)
  redis.call('HDEL', leaders, ckey)
  if not names then return end
  for uid in string.gmatch(names, '[^\n]+') do
    local body = redis.call('HGET', parked, uid)
    if body and redis.call('HGET', at, uid) == WAIT .. ' ' .. ckey then
      redis.call('HDEL', parked, uid)
      enqueue(STAGE.tinyv, uid, body, ckey, false, 0, 0, true)
    end
  end
end

-- Takes a rollout out of wherever it is.
local function leave(uid)
  local place = redis.call('HGET', at, uid)
  if not place then return end
  redis.call('HDEL', at, uid)
  local where, what, ckey = string.match(place, '^(%S+) (%S+) ?(%S*)$')
  if where == WAIT then
    redis.call('HDEL', parked, uid)
  else
    drop(where, what)
    if ckey ~= '' then release(ckey) end
  end
end
