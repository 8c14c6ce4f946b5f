"""1C:Enterprise: one module a channel. `odata` we call; files and exchanges of the other channels stand beside it."""
