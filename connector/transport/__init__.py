"""HTTP, limits, credentials, redaction and paging styles. Knows no business word and no system."""
