"""What listens: the endpoint to which 1C comes, and a word on whether the connector is well."""
