"""Job queues side by side: the same work on the same server in one run, each peer in an environment of its own."""
