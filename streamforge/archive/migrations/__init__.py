"""The archive's schema, step by step.

A step expands: it adds tables, columns with a default, and indexes, so that a daemon of the version before goes on
writing meanwhile. What nobody uses any more is taken away one release later. Steps look before they build, for MySQL
cannot take half of one back.
"""
