-- Writes a call down by itself, where Redis was away when it ended. ASK.money as in ledger.lua. Returns what the tenant pays.

return write_charge()
