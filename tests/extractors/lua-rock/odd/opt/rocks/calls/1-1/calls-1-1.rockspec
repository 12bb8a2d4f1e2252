-- description = { license = "comment" }
--[==[ description = { license = "long comment" } ]] ]==]
local base <const> = "x"
description = {
  license = "GPL-" .. "2.0", summary = ('%s'):format("a"), homepage = os.getenv("HOME") or "https://example.org",
  maintainer = 'It\'s "me"', detailed = [=[ ]] ]=],
}
dependencies = { "a >= 1", base .. " >= 1", f("b"), { "nested" }, [[c]], 'd'; platforms = { unix = { "e" } } }
source = "no table"
if x == "y" then description.license = "MIT" end
