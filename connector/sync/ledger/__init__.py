"""The ledger: facts that happened once. They are read, put together, told to each target exactly once, never merged.

A fact is an observation of its one source. Until it has been told anywhere the hub follows the source; from then on
other content under the same id is a matter for a person (a conflict of kind "document" and a line of the journal). Only
the status flow (paid, shipped, cancelled) is a mirror of its own, and is merged like one.

    observe    rows of sources, and of targets what became of our own documents there
    assemble   positions that share an order make one, once their feed has ended
    settle     what is new or changed: facts, status flow, what targets say; conflicts
    goods      what a line refers to, in the target: by link, GUID, article, name; never made silently
    tell, plan what a target is told, and the operations for it: create, update, deactivate, post, unpost
    offers     for targets that come for it themselves

Carrying out is the applier's, as for mirrors: intent first, then the call, never again before a look.
"""
