"""What the tests of the ground share."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection


@pytest.fixture
def together(committed_db):
    """Run a function in many threads at the same moment; return what each returned."""

    def run(count, work):
        barrier = Barrier(count)

        def one(number):
            try:
                barrier.wait()
                return work(number)
            finally:
                connection.close()

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))

    return run
