"""What speed costs: the connector against the bare minimum, on this machine, in one run.

`python -m tests.bench` prints the table. See `scenarios` for what each line measures.
"""
