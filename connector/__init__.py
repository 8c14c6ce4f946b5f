"""Keeps 1C, Poster, Saplab, virtpos and LoyalClient in step. See ARCHITECTURE.md."""
