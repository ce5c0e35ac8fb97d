"""Sums of windows in a Redis server: looked at and added to by scripts that nothing interrupts."""

from collections.abc import Awaitable, Sequence
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from kapell.core.gateway.quotas import DAY, Amount, Refused, Settlement, Taken, Wanted, kept
from kapell.kit.errors import Unavailable
from kapell.kit.ids import TenantId
from kapell.kit.json import decode, encode
from kapell.kit.text import checked

_PATIENCE = 5.0
"""Seconds for which the server may be silent."""

# The braces keep all keys of a tenant on one machine of a cluster. A window is forgotten when as
# much time has passed again. Numbers of windows and amounts are whole ones below 2^53.
_COMMON = (
    f"local DAY, DAYS = {DAY:.0f}, {kept(DAY):.0f}"
    + """
local function key(scope, every, at)
  local begins = math.floor(at / every) * every
  return KEYS[1] .. scope .. '@' .. tostring(every) .. '@' .. string.format('%.3f', begins), begins
end
local function used(name)
  local row = redis.call('HMGET', name, 'calls', 'tokens', 'usd')
  return {tonumber(row[1] or 0) or 0, tonumber(row[2] or 0) or 0, tonumber(row[3] or 0) or 0}
end
local function told(sums)
  local texts = {}
  for place, sum in ipairs(sums) do texts[place] = string.format('%.0f', sum) end
  return texts
end
local function add(name, more, every)
  redis.call('HINCRBY', name, 'calls', string.format('%.0f', more[1]))
  redis.call('HINCRBY', name, 'tokens', string.format('%.0f', more[2]))
  redis.call('HINCRBY', name, 'usd', string.format('%.0f', more[3]))
  local kept = every == DAY and DAYS or every * 2
  redis.call('PEXPIRE', name, string.format('%.0f', math.min(kept * 1000, 9e14)))
end
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
local asked = cjson.decode(ARGV[1])
"""
)
_TAKE = (
    _COMMON
    + """
local full, longest = -1, -1
local sums = {}
for place, want in ipairs(asked.wants) do
  local name, begins = key(want.scope, want.every, now)
  local have = used(name)
  for part = 1, 3 do
    local limit = want.limits[part]
    if limit ~= cjson.null and have[part] + asked.more[part] > limit then
      local left = begins + want.every - now
      if left > longest then full, longest, sums = place, left, have end
    end
  end
end
if full >= 0 then
  return cjson.encode({full = full, used = told(sums), left = string.format('%.6f', longest)})
end
local used_now = {}
for place, want in ipairs(asked.wants) do
  local name = key(want.scope, want.every, now)
  add(name, asked.more, want.every)
  used_now[place] = told(used(name))
end
return cjson.encode({at = string.format('%.6f', now), used = used_now})
"""
)
_SETTLE = (
    _COMMON
    + """
for _, one in ipairs(asked) do
  add(key(one.scope, one.every, one.at), one.more, one.every)
end
return '{}'
"""
)
_USED = (
    _COMMON
    + """
return cjson.encode({used = told(used((key(asked.scope, asked.every, now))))})
"""
)


_DAYS = (
    _COMMON
    + """
local rows = {}
for back = 1, asked.back do
  rows[back] = told(used((key(asked.scope, DAY, now - back * DAY))))
end
return cjson.encode({days = rows})
"""
)


class RedisCounts:
    """Counts in a Redis server, by its clock.

    Args:
        url: Its address, ``redis://HOST:PORT/DATABASE``.
    """

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE
        )

    async def take(
        self,
        tenant_id: TenantId,
        wants: Sequence[Wanted],
        amount: Amount,
        *,
        lasting: bool = False,
    ) -> Refused | Taken:
        """Add an amount to every wanted window, or to none of them.

        Raises:
            Unavailable: ``counts_unavailable``.
        """
        del lasting
        checked(*(one.scope for one in wants))
        found = await self._run(
            _TAKE,
            tenant_id,
            {
                "wants": [
                    {
                        "scope": one.scope,
                        "every": one.quota.every,
                        "limits": [one.quota.calls, one.quota.tokens, one.quota.usd],
                    }
                    for one in wants
                ],
                "more": _parts(amount),
            },
        )
        if "at" in found:
            return Taken(float(str(found["at"])), _amounts(found["used"]))
        full = wants[int(str(found["full"])) - 1]
        return Refused(wanted=full, used=_amount(found), ends_in=float(str(found["left"])))

    async def settle(self, tenant_id: TenantId, settlements: Sequence[Settlement]) -> None:
        """Add to the windows of their instants what was used beyond what was taken.

        Raises:
            Unavailable: ``counts_unavailable``.
        """
        rows = [
            {
                "scope": one.scope,
                "every": one.quota.every,
                "at": each.at,
                "more": _parts(each.more),
            }
            for each in settlements
            for one in each.wants
        ]
        if rows:
            await self._run(_SETTLE, tenant_id, rows)

    async def used(self, tenant_id: TenantId, scope: str, every: float) -> Amount:
        """Return what is used of the window there is now.

        Raises:
            Unavailable: ``counts_unavailable``.
        """
        return _amount(await self._run(_USED, tenant_id, {"scope": scope, "every": every}))

    async def days(self, tenant_id: TenantId, scope: str, back: int) -> Sequence[Amount]:
        """Return what was used of the windows of a day before today's, the latest first.

        Raises:
            Unavailable: ``counts_unavailable``.
        """
        found = await self._run(_DAYS, tenant_id, {"scope": scope, "back": back})
        return _amounts(found["days"])

    async def close(self) -> None:
        """Leave the server."""
        await self._redis.aclose()

    async def _run(self, script: str, tenant_id: str, asked: object) -> dict[str, object]:
        prefix = f"kapell:{{{tenant_id}}}:counts:"
        try:
            # The library's types allow for its other, waiting half.
            told = self._redis.eval(script, 1, prefix, encode(asked).decode())
            answer = decode(await cast("Awaitable[bytes]", told))
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable(
                f"The Redis server that counts limits does not answer ({type(error).__name__}).",
                code="counts_unavailable",
                advice="Start it, or take `limits.redis` out of kapell.yaml: then the database "
                "counts.",
            ) from error
        return dict(answer) if isinstance(answer, dict) else {}


def _parts(amount: Amount) -> list[int]:
    return [amount.calls, amount.tokens, amount.usd]


def _amounts(rows: object) -> list[Amount]:
    return [_amount({"used": one}) for one in (rows if isinstance(rows, list) else ())]


def _amount(found: dict[str, object]) -> Amount:
    parts = found.get("used")
    return Amount(*(int(part) for part in parts)) if isinstance(parts, list) else Amount()
