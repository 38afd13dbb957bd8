"""Serves S3 on loopback until its standard input ends; prints the port. Run by the fixture ``s3_endpoint``.

One request at a time: moto's own buckets are not made for writers of the same object side by side.
"""

from __future__ import annotations

import logging
import sys
import threading

from moto.moto_server.werkzeug_app import (  # pyright: ignore[reportMissingTypeStubs]
    DomainDispatcherApplication,
    create_backend_app,  # pyright: ignore[reportUnknownVariableType]
)
from werkzeug.serving import make_server


def main() -> None:
    """Serve."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
