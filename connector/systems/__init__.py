"""Adapters: each speaks one system's language and nothing else. Raw rows in, raw rows out."""
