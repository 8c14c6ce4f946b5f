"""The words of the connector: values, records and the states a run works on. Imports nothing above it."""
