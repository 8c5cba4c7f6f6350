-- role: trainer
-- Says what became of rollouts. KEYS: done. ARGV: uids. Per uid: its reward, 1 outstanding, 0 unknown.
local out = {}
for i = 1, #ARGV do
  out[i] = redis.call('HGET', KEYS[FIRST_OTHER], ARGV[i]) or (is_outstanding(ARGV[i]) and 1 or 0)
end
return out
