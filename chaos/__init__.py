"""Chaos: real daemons over a real Valkey, broken on purpose from a seed, and a ledger that says whether it mattered.

    python -m chaos --seconds 180 --seed 7      a round of every fault, under load
    python -m chaos --only zombie --rounds 20   one scenario, again and again

``plan`` draws from the seed what happens when; ``driver`` makes it happen over a ``fleet`` of daemons, with the
``faults`` of a table; ``recipes`` are the jobs, which write what they do to the outside world into the ``ledger``, a
file that Redis cannot lose. When all is quiet again ``witness`` reads what Redis says, ``checks`` compares the two,
``figures`` counts, and ``report`` prints that, or what was violated and how to replay it.

Needs Linux: it finds its processes in /proc.
"""
