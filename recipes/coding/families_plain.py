"""Families."""
FAMILIES = ()
