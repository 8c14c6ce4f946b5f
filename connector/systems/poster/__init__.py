"""Poster: a till in the cloud. Its web API, OAuth and webhooks."""
