"""The uids of a run are the ones that a single call makes, whichever way they are put together."""

from __future__ import annotations

from random import Random

from connector.model.values import new_uid
from connector.sync.uids import Uids

NOW = 1_763_708_400_123


def test_many_uids_are_the_same_as_single_ones_and_sort_as_they_were_made() -> None:
    random, again = Random(7), Random(7)
    fresh, entropy = Uids(NOW, random.randbytes), again.randbytes(8 * 512 * 20)
    made = [fresh() for _ in range(10_000)]  # over the border of 4096 numbers, where the next millisecond begins
    assert made == [new_uid(NOW, number + 1, entropy[8 * number : 8 * number + 8]) for number in range(10_000)]
    assert made == sorted(set(made))
