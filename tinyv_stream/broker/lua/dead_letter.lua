-- role: worker
-- Gives a rollout up: a dead letter and its one reward, together. KEYS: done, res, age.
-- ARGV: uid, stage, entry, reward, tallies, body, reason, deliveries, worker, most dead letters, retention (ms).
local done, res = KEYS[FIRST_OTHER], KEYS[FIRST_OTHER + 1]
local uid, stage, entry = ARGV[1], ARGV[2], ARGV[3]
local won = settle(uid, done, res, ARGV[4], ARGV[5])
if won == 0 then
  drop(stage, entry)
  return 0
end
redis.call('XADD', dead, 'MAXLEN', '~', ARGV[10], '*', 'u', uid, 'stage', stage, 'p', ARGV[6],
  'reason', ARGV[7], 'deliveries', ARGV[8], 'worker', ARGV[9])
keep(done, res, KEYS[FIRST_OTHER + 2], tonumber(ARGV[11]), { uid })
return 1
