// What Redis runs, one script a call: `decide.ts` and `accounts.ts` in Lua, held against these by the tests. Redis does nothing
// else while one runs. All that a script touches is in its keys, and these share a hash tag. "#!lua" has Redis refuse a
// script that writes when it is full, before it has written anything; it needs Redis 7.
//
// Keys of a budget, under "sluice:ledger:{partition}:":
//   c:<counter>          hash: epoch, since, closed
//   l:<counter>          sorted set: holder → Unix ms until which it is alive
//   w:<counter>:<start>  hash: sum = allocated to all; h:<holder> = "allocated used sequence"
import { HEADROOM_PARTS } from "../decide.js";

const WRITES = "#!lua\n";
/** Runs when Redis is full, too. */
const ONLY_READS = "#!lua flags=no-writes\n";

const COMMON = `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Exact up to 2^53, where Lua's own form of a number is not.
local function text(number)
  return string.format("%.0f", number)
end

local function read(window, holder)
  local allocated, used, sequence = string.match(redis.call("HGET", window, "h:" .. holder) or "", "(%d+) (%d+) (%d+)")
  if not allocated then return nil end
  return { allocated = tonumber(allocated), used = tonumber(used), sequence = tonumber(sequence) }
end

local function put(window, holder, account, before)
  redis.call("HSET", window,
    "h:" .. holder, text(account.allocated) .. " " .. text(account.used) .. " " .. text(account.sequence),
    "sum", text(tonumber(redis.call("HGET", window, "sum") or "0") + account.allocated - before))
end
`;

/** Fields of an entry in ASK, in this order. */
export const ASK_FIELDS = [
  "sequence",
  "used",
  "floor",
  "wanted",
  "allocated",
  "limit",
  "level",
  "shared",
  "shadow",
  "start",
  "currentStart",
  "currentEnd",
  "forgetAt",
  "known",
  "seed",
] as const;

/**
 * KEYS: counter, leases and window of each entry. ARGV: holder, lease time in ms, new epoch, whether windows must be seeded,
 * whether a budget elsewhere has refused; then the fields of each entry. Answers ["ok", now, per entry: allocated,
 * sequence, remaining, lease, refusal, what it has without growth or ""], or, with nothing changed, ["clock", now] if a
 * window that was taken for the current one is not, or ["unseeded", now, numbers of entries].
 */
export const ASK = `${WRITES}${COMMON}
local holder, lease_ms, epoch = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local seeding, withheld = ARGV[4] == "1", ARGV[5] == "1"
local FIELDS = { ${ASK_FIELDS.map((name) => `"${name}"`).join(", ")} }
local TEXTS = { start = true, seed = true }

local entries, unseeded, counters = {}, {}, {}
for i = 1, #KEYS / 3 do
  local entry = { counter = KEYS[3 * i - 2], leases = KEYS[3 * i - 1], window = KEYS[3 * i] }
  for j, name in ipairs(FIELDS) do
    local value = ARGV[5 + (i - 1) * #FIELDS + j]
    entry[name] = TEXTS[name] and value or tonumber(value)
  end
  entries[i] = entry
  if now < entry.currentStart or now >= entry.currentEnd then return { "clock", text(now) } end
  local counter = counters[entry.counter]
  if not counter then
    local kept = redis.call("HMGET", entry.counter, "epoch", "since", "closed")
    counter = { epoch = kept[1], since = tonumber(kept[2] or now), closed = tonumber(kept[3] or 0), made = not kept[1] }
    if counter.made and entry.known == 1 then counter.closed = now + lease_ms end
    counters[entry.counter] = counter
  end
  entry.facts = counter
  local is_new = redis.call("EXISTS", entry.window) == 0
  if seeding and is_new and entry.seed == "" and entry.level == 0 and tonumber(entry.start) < counter.since then
    table.insert(unseeded, text(i))
  end
end
if #unseeded > 0 then return { "unseeded", text(now), unpack(unseeded) } end

-- What lapsed of a level is free again.
local function remove_lapsed(entry)
  for _, gone in ipairs(redis.call("ZRANGEBYSCORE", entry.leases, "-inf", "(" .. text(now))) do
    local account = read(entry.window, gone)
    if account then
      put(entry.window, gone, { allocated = 0, used = 0, sequence = 0 }, account.allocated)
      redis.call("HDEL", entry.window, "h:" .. gone)
    end
  end
end

-- A holder that has what nobody knows of shows that data was lost.
local function closed(entry, is_known)
  local counter = entry.facts
  local began = tonumber(entry.start) < counter.since
  if began and now < counter.since + lease_ms and not is_known and entry.allocated > 0 then
    counter.closed = counter.since + lease_ms
  end
  if tonumber(entry.start) ~= entry.currentStart then return "over" end
  return began and now < counter.closed and "rebuilding" or ""
end

for _, entry in ipairs(entries) do
  if entry.level == 1 then remove_lapsed(entry) end
  if entry.seed ~= "" and redis.call("EXISTS", entry.window) == 0 then
    local seed = tonumber(entry.seed)
    put(entry.window, "", { allocated = seed, used = seed, sequence = 0 }, 0)
  end
  local known = read(entry.window, holder)
  entry.closed = closed(entry, known ~= nil)
  local before = not known and entry.used > 0 and read(entry.window, "")
  if before then
    local rest = math.max(0, before.used - entry.used)
    put(entry.window, "", { allocated = rest, used = rest, sequence = 0 }, before.allocated)
  end
  entry.account = known or { allocated = 0, used = 0, sequence = 0 }
  entry.sum = tonumber(redis.call("HGET", entry.window, "sum") or "0")
  local until_ms = tonumber(redis.call("ZSCORE", entry.leases, holder) or "0")
  entry.live = redis.call("ZCOUNT", entry.leases, text(now), "+inf") + (until_ms < now and 1 or 0)
end

local function room_for(entry)
  local room = entry.limit - (entry.sum - entry.account.allocated)
  return entry.shadow == 1 and math.max(room, entry.floor) or room
end

local function most(entry)
  local room = room_for(entry)
  local cap
  if entry.shared == 1 then
    cap = math.max(entry.floor, math.floor(entry.limit / entry.live))
  else
    cap = entry.floor + math.floor(math.max(0, room - entry.floor) / (${HEADROOM_PARTS} * entry.live))
  end
  return math.min(room, cap)
end

local function settle(entry, may_grow)
  local account = entry.account
  local function short_of(allocated, reason)
    return allocated < entry.floor and reason or ""
  end
  if entry.sequence <= account.sequence then
    local reason = room_for(entry) < entry.floor and "spent" or "withheld"
    return { account = account, refused = short_of(account.allocated, reason) }
  end
  local used = math.max(account.used, entry.used)
  local trusted = (entry.level == 0 or entry.closed == "rebuilding") and entry.allocated or 0
  local before = math.max(account.allocated, trusted)
  local kept = math.max(used, math.min(before, entry.wanted))
  local grown = may_grow and entry.closed == "" and math.min(entry.wanted, most(entry)) or 0
  local allocated = math.max(kept, grown)
  local reason = entry.closed ~= "" and entry.closed or (may_grow and "spent" or "withheld")
  return {
    account = { allocated = allocated, used = used, sequence = entry.sequence },
    refused = short_of(allocated, reason),
    kept = kept,
  }
end

for _, entry in ipairs(entries) do
  entry.verdict = settle(entry, true)
  withheld = withheld or entry.verdict.refused ~= ""
end

local reply = { "ok", text(now) }
for _, entry in ipairs(entries) do
  if withheld and entry.verdict.refused == "" then entry.verdict = settle(entry, false) end
  local verdict, counter = entry.verdict, entry.facts
  if verdict.kept then
    redis.call("HSET", entry.counter, "epoch", counter.epoch or epoch, "since", text(counter.since), "closed", text(counter.closed))
    put(entry.window, holder, verdict.account, entry.account.allocated)
    redis.call("ZREMRANGEBYSCORE", entry.leases, "-inf", "(" .. text(now))
    redis.call("ZADD", entry.leases, text(now + lease_ms), holder)
    redis.call("PEXPIRE", entry.leases, text(2 * lease_ms))
    -- A level is as old as its leases, at most.
    if entry.level == 1 then redis.call("PEXPIRE", entry.window, text(2 * lease_ms)) end
    if entry.forgetAt > 0 then redis.call("PEXPIREAT", entry.window, text(entry.forgetAt)) end
  end
  local sum = tonumber(redis.call("HGET", entry.window, "sum") or "0")
  local until_ms = redis.call("ZSCORE", entry.leases, holder)
  table.insert(reply, text(verdict.account.allocated))
  table.insert(reply, text(verdict.account.sequence))
  table.insert(reply, text(math.max(0, entry.limit - sum)))
  table.insert(reply, text(tonumber(until_ms or now)))
  table.insert(reply, verdict.refused)
  table.insert(reply, verdict.kept and text(verdict.kept) or "")
end
return reply
`;

/** What ASK answers for each entry, after "ok" and the time. */
export const ASK_REPLY_FIELDS = 6;

/**
 * Takes back growth that another budget's refusal made useless, unless the holder has asked again since. KEYS: window of
 * each entry. ARGV: holder; sequence, what it has without growth, and limit of each. Answers allocated and remaining of each.
 */
export const TAKE_BACK = `${WRITES}${COMMON}
local reply = {}
for i, window in ipairs(KEYS) do
  local sequence, kept, limit = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
  local account = read(window, ARGV[1])
  if account and account.sequence == sequence then
    local allocated = math.max(account.used, kept)
    put(window, ARGV[1], { allocated = allocated, used = account.used, sequence = sequence }, account.allocated)
    account.allocated = allocated
  end
  table.insert(reply, text(account and account.allocated or 0))
  table.insert(reply, text(math.max(0, limit - tonumber(redis.call("HGET", window, "sum") or "0"))))
end
return reply
`;

/** KEYS: leases, window. ARGV: holder, what it has used. Answers a SettleOutcome. */
export const SETTLE_ABSENT = `${WRITES}${COMMON}
local account = read(KEYS[2], ARGV[1])
if not account then return "unknown" end
if tonumber(redis.call("ZSCORE", KEYS[1], ARGV[1]) or "0") >= now then return "alive" end
local used = math.max(account.used, tonumber(ARGV[2]))
put(KEYS[2], ARGV[1], { allocated = used, used = used, sequence = account.sequence }, account.allocated)
return "settled"
`;

/** KEYS: counter, leases, window. Answers now, the counter's fields, the leases and the window's hash. */
export const STATE = `${ONLY_READS}${COMMON}
return {
  text(now),
  redis.call("HMGET", KEYS[1], "epoch", "since", "closed"),
  redis.call("ZRANGE", KEYS[2], 0, -1, "WITHSCORES"),
  redis.call("HGETALL", KEYS[3]),
}
`;
