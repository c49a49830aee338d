/**
 * The steps that Redis does at once. An entry is one string, `<version> <expiry> <value>`; two sorted sets hold all names
 * (by the alphabet) and their expiry (by time). The hub's clock decides what has expired: it comes with every call.
 */
const HEAD = `
local function entry(key, now)
  local raw = redis.call('GET', key)
  if not raw then return nil end
  local version, expiry, value = string.match(raw, '^(%S+) (%S+) (.*)$')
  if now < tonumber(expiry) then return version, value end
end
local function drop(key, name)
  redis.call('DEL', key)
  redis.call('ZREM', KEYS[1], name)
  redis.call('ZREM', KEYS[2], name)
end`

/** Arguments: now; then for each key after the two sets its name, condition, expiry, time to live (0: for ever), entry. */
export const WRITE: string = `${HEAD}
local now = tonumber(ARGV[1])
for i = 3, #KEYS do
  local condition = ARGV[(i - 3) * 5 + 3]
  if condition == '-' or string.sub(condition, 1, 1) == '=' then
    local version = entry(KEYS[i], now)
    if condition ~= (version and '=' .. version or '-') then return 0 end
  end
end
for i = 3, #KEYS do
  local at = (i - 3) * 5
  local name, condition, expiry, ttl, value = ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5], ARGV[at + 6]
  if condition == 'delete' then
    drop(KEYS[i], name)
  else
    if ttl == '0' then redis.call('SET', KEYS[i], value) else redis.call('SET', KEYS[i], value, 'PX', ttl) end
    redis.call('ZADD', KEYS[1], 0, name)
    redis.call('ZADD', KEYS[2], expiry, name)
  end
end
return 1`

/** Arguments: now, name. */
export const TAKE: string = `${HEAD}
local _, value = entry(KEYS[3], tonumber(ARGV[1]))
if value then drop(KEYS[3], ARGV[2]) end
return value`

/** Arguments: now, and both ends of a range of names. */
export const NAMES: string = `
local now = tonumber(ARGV[1])
local live = {}
for _, name in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], ARGV[2], ARGV[3])) do
  local expiry = redis.call('ZSCORE', KEYS[2], name)
  if expiry and now < tonumber(expiry) then live[#live + 1] = name end
end
return live`

/** Arguments: now, most entries at once, what comes before a name in its key: all of them stand in the slot of the sets. */
export const SWEEP: string = `
local names = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, name in ipairs(names) do
  redis.call('DEL', ARGV[3] .. name)
  redis.call('ZREM', KEYS[1], name)
  redis.call('ZREM', KEYS[2], name)
end
return #names`
