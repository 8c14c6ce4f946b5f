"""Saplab: the panel of a shop."""
