-- role: worker
-- Moves rollouts from the rules to TinyV. ARGV: uid, rule entry, body, ckey ('' = never share).
-- Per rollout: 1 queued, 2 parked behind an equal one, 0 void (no longer there), or a cached verdict:
-- then nothing moved, and the caller finishes the rollout with it.
local version = redis.call('HGET', meta, 'verifier') or ''
local out = {}
for i = 1, #ARGV, 4 do
  local uid, entry, body, ckey = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local verdict = ckey ~= '' and cached(ckey .. ':' .. version)
  if redis.call('HGET', at, uid) ~= STAGE.rule .. ' ' .. entry then
    drop(STAGE.rule, entry)
    count('late')
    out[#out + 1] = 0
  elseif verdict then
    out[#out + 1] = verdict
  else
    drop(STAGE.rule, entry)
    local names = ckey ~= '' and redis.call('HGET', leaders, ckey)
    if names then
      redis.call('HSET', leaders, ckey, names .. '\n' .. uid)
      redis.call('HSET', parked, uid, body)
      redis.call('HSET', at, uid, WAIT .. ' ' .. ckey)
      count('coalesced')
      out[#out + 1] = 2
    else
      if ckey ~= '' then redis.call('HSET', leaders, ckey, uid) end
      enqueue(STAGE.tinyv, uid, body, ckey, ckey ~= '')
      count('forwarded')
      out[#out + 1] = 1
    end
  end
end
return out
