"""Calls to outside models, within their limits and their tenants' money: shared over all workers, fair to all tenants.

    scripts = Scripts(client, keys, rules)
    limiter, ledger, budgets = Limiter(scripts), Ledger(scripts), Budgets(Allowance(day_usd=20.0))
    gate = Gate(limiter, ledger, budgets, Prices())
    pool = KeyPool("anthropic", secrets, Limits(requests=4000, input_tokens=400_000, output_tokens=80_000))
    text = GatewayText([Route(scope=Scope("anthropic", model), pool=pool, make=...)], gate)

Before a call an estimate of it is reserved on the key that has the most room, and the most that it can cost is held;
after it the difference is settled and the call is written down. A short wait is waited for here; a longer one raises
``Parked``, and the job leaves its slot. One script call in Redis before, one after, and one now and then that shows the
caller alive: what a dead worker held comes back by itself.
"""
