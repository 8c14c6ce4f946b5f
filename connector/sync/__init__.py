"""The engine: observe, match, merge, plan, apply, recover. It names no system.

A run compares stored states; it replays no events. Matching, merging and planning are pure functions; all that can fail
happens before or after them.
"""
