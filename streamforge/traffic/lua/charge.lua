-- Writes a call down by itself, where Redis was away when it ended. ASK.money as in ledger.lua. Returns what the tenant pays.

local charged = write_charge()
call_unpaid()
return charged
