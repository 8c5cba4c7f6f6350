-- role: trainer
-- Says who uses a client's name: a process that lives renews its hold. KEYS: hold. ARGV: token, who it is, time to live
-- (ms; 0 gives the name up), the token of a holder that is known to be dead ('' = none).
-- Returns nothing where the name is the caller's, else the holder's token, who it is, and how often it renewed.
local key = KEYS[FIRST_OTHER]
local token, about, beats = unpack(redis.call('HMGET', key, 'token', 'about', 'beats'))
if token and token ~= ARGV[1] and token ~= ARGV[4] then return { token, about, beats } end
if ARGV[3] == '0' then
  redis.call('UNLINK', key)
  return {}
end
redis.call('HSET', key, 'token', ARGV[1], 'about', ARGV[2])
redis.call('HINCRBY', key, 'beats', 1)
redis.call('PEXPIRE', key, ARGV[3])
return {}
