-- KEYS: wakes, later. ARGV: most messages to move. Moves what is due behind the last, then takes the oldest.
-- Answers it, or nothing, and in how many ms the next is due, or -1.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local is_full = false
for _, message in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
  local added = redis.pcall('ZADD', KEYS[1], 'NX', (tonumber(last[2]) or 0) + 1, message)
  -- A full server takes nothing more, but gives what it has.
  is_full = type(added) == 'table'
  if is_full then break end
  redis.call('ZREM', KEYS[2], message)
end
local oldest = redis.call('ZPOPMIN', KEYS[1])
local first_later = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
local wait = -1
if first_later[2] and not is_full then wait = math.max(tonumber(first_later[2]) - now, 0) end
return { oldest[1] or false, wait }
