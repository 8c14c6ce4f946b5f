"""HTTP, limits, credentials and redaction. Knows no business word and no system."""
