"""Shipped fakes and helpers that users of the package and its own tests share."""
