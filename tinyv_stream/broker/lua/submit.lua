-- role: trainer
-- Takes rollouts in. KEYS: done. ARGV: cap, then uid, time to live (ms), body.
-- Per rollout: 1 accepted, 2 already outstanding, 0 full (nothing was stored), or its reward (done before).
local done = KEYS[FIRST_OTHER]
local cap, now, n = tonumber(ARGV[1]), now_ms(), redis.call('ZCARD', live)
local out = {}
for i = 2, #ARGV, 3 do
  local uid = ARGV[i]
  local reward = redis.call('HGET', done, uid)
  if reward then
    out[#out + 1] = reward
  elseif is_outstanding(uid) then
    out[#out + 1] = 2
  elseif n >= cap then
    out[#out + 1] = 0
  else
    redis.call('ZADD', live, now + tonumber(ARGV[i + 1]), uid)
    enqueue(STAGE.rule, uid, ARGV[i + 2], '', false)
    count('submitted')
    n = n + 1
    out[#out + 1] = 1
  end
end
return out
