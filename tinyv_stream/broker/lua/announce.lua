-- role: worker
-- Sets the version under which cached verdicts are looked up. ARGV: version.
return redis.call('HSET', meta, 'verifier', ARGV[1])
