"""LoyalClient: a bonus programme that is asked at the till."""
