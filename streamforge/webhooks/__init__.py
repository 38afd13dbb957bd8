"""Webhooks: jobs' events as signed HTTP requests to those who want to know, after https://www.standardwebhooks.com.

    from streamforge.webhooks import verify

    event = verify(request_body, request_headers, "whsec_…")     # in the receiver; raises InvalidSignature

A daemon reads the feed (``feeder``), puts what follows from it into Redis (``store``), and delivers what is due
(``courier``), each delivery at least once: a receiver tells repetitions by ``webhook-id``.
"""

from __future__ import annotations

from streamforge.webhooks.signing import verify

__all__ = ["verify"]
