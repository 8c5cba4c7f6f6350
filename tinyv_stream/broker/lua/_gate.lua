-- role: trainer, worker, operator
-- Put before every script, after `_common`: who may still be rewarded, who gives the one reward, and what is kept of it.

-- Whether a rollout is live, and where `at` says. One that is nowhere (a key was deleted, a script failed half way) is
-- made unknown, so that its client submits it again.
local function is_outstanding(uid)
  if not redis.call('ZSCORE', live, uid) then return false end
  local where, what = string.match(redis.call('HGET', at, uid) or '', '^(%S+) (%S+)')
  if where == WAIT then
    if redis.call('HEXISTS', parked, uid) + redis.call('HEXISTS', leaders, what) == 2 then return true end
  elseif queue[where] and redis.call('XRANGE', queue[where], what, what)[1] then
    return true
  end
  redis.call('ZREM', live, uid)
  leave(uid)
  return false
end

-- The exactly-one gate: whoever takes the uid out of `live` gives the reward, anyone later is void.
local function settle(uid, done, res, reward, tallies)
  if redis.call('ZREM', live, uid) == 0 then
    count('late')
    return 0
  end
  leave(uid)
  redis.call('HSET', done, uid, reward)
  redis.call('XADD', res, '*', 'u', uid, 'r', reward)
  for name in string.gmatch(tallies, '%S+') do count(name) end
  return 1
end

-- Keeps what no client commits for as long as the run has news, and each reward of it for no longer than `retention`
-- (ms). `some` are the uids rewarded just now. A bounded number is dropped per call, more than is added.
local function keep(done, res, age, retention, some)
  local now, lapsing = now_ms(), {}
  for _, uid in ipairs(some) do
    lapsing[#lapsing + 1] = now + retention
    lapsing[#lapsing + 1] = uid
  end
  if #some > 0 then redis.call('ZADD', age, unpack(lapsing)) end
  local gone = redis.call('ZRANGEBYSCORE', age, '-inf', now, 'LIMIT', 0, 200)
  if #gone > 0 then
    redis.call('HDEL', done, unpack(gone))
    redis.call('ZREM', age, unpack(gone))
  end
  redis.call('PEXPIRE', done, retention)
  redis.call('PEXPIRE', res, retention)
  redis.call('PEXPIRE', age, retention)
end

local function cached(field)
  local lapses = redis.call('ZSCORE', cache_age, field)
  if lapses and tonumber(lapses) > now_ms() then return redis.call('HGET', cache, field) end
  return false
end
