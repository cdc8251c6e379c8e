"""Sound that a device records faster than it is heard."""

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import run_virtually
from voice.capture import Capture


async def all_of(capture):
    taken = []
    with pytest.raises(TimeoutError):
        while True:
            taken.append(await capture.take(1.0))
    return taken


@given(st.lists(st.integers(1, 9), max_size=20))
def test_what_is_taken_is_what_was_put_but_for_gaps_that_are_marked(bursts):
    """`bursts`: how many blocks arrive at once; in between one is taken, so that some bursts are too much."""

    async def main():
        capture = Capture(6)
        number, taken = 0, []
        for burst in bursts:
            for _ in range(burst):
                number += 1
                capture.put(number)
            taken.append(await capture.take(1.0))
        rest = await all_of(capture)
        assert len(rest) <= 7
        last, is_gap = 0, False
        for one in [*taken, *rest]:
            if one is None:
                is_gap = True
            else:
                (number,) = one
                assert (number > last + 1) == is_gap
                last, is_gap = number, False
        assert last == number

    run_virtually(main())


async def test_what_waits_is_taken_together_but_not_across_a_gap():
    capture = Capture(4, 3)
    for number in range(6):
        capture.put(number)
    assert await all_of(capture) == [None, [4, 5]]
    for number in range(4):
        capture.put(number)
    assert await capture.take(1.0) == [0, 1, 2]
    assert await capture.take(1.0) == [3]


async def test_a_thread_and_a_loop_that_is_late_now_and_then():
    capture = Capture(50)
    thread = threading.Thread(target=lambda: [capture.put(number) for number in range(20_000)])
    thread.start()
    taken = []
    while not taken or taken[-1] != [19_999]:
        taken.append(await capture.take(10.0))
        await asyncio.sleep(0)
    thread.join()
    numbers = [number for one in taken if one is not None for number in one]
    assert numbers == sorted(set(numbers))
    gaps = sum(after != before + 1 for before, after in zip([-1, *numbers], numbers, strict=False))
    assert gaps <= taken.count(None)
