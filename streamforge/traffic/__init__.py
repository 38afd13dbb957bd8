"""Calls to outside models, within their limits: shared over all workers, fair to all tenants.

    pool = KeyPool("anthropic", secrets, Limits(requests=4000, input_tokens=400_000, output_tokens=80_000))
    async with limiter.admitted(scope, pool.candidates, estimate, caller) as call:
        answer = await post(pool.reveal(call.fingerprint))
        call.hear(answer.status, answer.headers)
        call.use(input_tokens=..., output_tokens=...)

Before a call an estimate of it is reserved on the key that has the most room; after it the difference is settled. A
short wait is waited for here; a longer one raises ``Parked``, and the job leaves its slot. One script call in Redis
before, one after, and one now and then that shows the caller alive: what a dead worker held comes back by itself.
"""
