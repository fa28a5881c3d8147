-- KEYS: wakes. ARGV: a message. Puts it behind the last; one that waits already keeps its place. Answers 1 if it is new.
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
return redis.call('ZADD', KEYS[1], 'NX', (tonumber(last[2]) or 0) + 1, ARGV[1])
