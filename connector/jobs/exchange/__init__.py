"""Files that a person carries between 1C, a bank and the hub: read and told, delivered, written from the hub."""
