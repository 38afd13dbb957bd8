"""The archive: what outlives Redis, in a database that a team already runs.

Redis moves work; the archive remembers it. Whatever must be kept is written into Redis's *outbox* by the very script
that makes the change, and one service carries it from there into SQL, in batches, each in one transaction with the
place that it was read up to. Redis lets go of a thing only after that. While the database is away jobs go on, and the
outbox grows.

``schema`` has the tables, ``engines`` opens a database, ``migrations`` brings one up to date; ``rows`` makes rows of
what Redis holds, ``writer`` writes them, ``archiver`` is the service. Nothing here is imported before an archive is
opened: SQLAlchemy takes most of a second.
"""
