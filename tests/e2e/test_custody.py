"""A few rounds of custody_rounds.py, and the proof that its judge can say no."""

import os
import random
import unittest

import custody_rounds
from custody_rounds import check


class FakePublisher:
    error = None

    def __init__(self, acknowledged, created, reconnects=0):
        self.acknowledged, self.created, self.reconnects = acknowledged, created, reconnects


def arrivals(numbers, connection=1):
    return [{"payload": str(number).encode(), "connection": connection} for number in numbers]


class Judge(unittest.TestCase):
    def test_accepts_an_honest_round(self):
        found = arrivals([0, 1, 2]) + arrivals([1, 2, 3, 4], connection=2)
        result = check(FakePublisher(4, 5), found, kills=1)
        self.assertEqual((result["messages"], result["duplicates"], result["most_in_one_connection"]), (5, 2, 2))

    def test_sees_a_lost_message(self):
        with self.assertRaisesRegex(AssertionError, "lost"):
            check(FakePublisher(3, 3), arrivals([0, 2]), kills=1)

    def test_sees_a_wrong_order(self):
        with self.assertRaisesRegex(AssertionError, "out of order"):
            check(FakePublisher(3, 3), arrivals([0, 2, 1]), kills=1)

    def test_sees_an_invented_message(self):
        with self.assertRaisesRegex(AssertionError, "never sent"):
            check(FakePublisher(1, 1), arrivals([0, 1]), kills=1)

    def test_sees_too_many_duplicates(self):
        with self.assertRaisesRegex(AssertionError, "duplicates"):
            check(FakePublisher(100, 100), arrivals(list(range(100)) + list(range(100))), kills=0)

    def test_sees_more_than_a_window_repeated_on_one_connection(self):
        found = arrivals(list(range(100))) + arrivals(list(range(100)), connection=2)
        with self.assertRaisesRegex(AssertionError, "on one hub connection"):
            check(FakePublisher(100, 100), found, kills=5)


class Rounds(unittest.TestCase):
    def test_nothing_acknowledged_is_lost(self):
        seed = int(os.environ.get("SPHEREGATE_SEED", random.SystemRandom().randrange(1 << 30)))
        custody_rounds.run_rounds(int(os.environ.get("SPHEREGATE_CUSTODY_ROUNDS", 8)), seed)


if __name__ == "__main__":
    unittest.main()
