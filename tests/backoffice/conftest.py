"""What the tests of the site share."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from tests.launcher import built


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


@pytest.fixture(scope="module")
def kept():
    """One checkout for the tests of a module."""
    with built() as checkout:
        yield checkout


@pytest.fixture
def checkout(kept):
    """A checkout that has not been started; the programs that a test copied serve the next."""
    yield kept
    shutil.rmtree(kept.run, ignore_errors=True)
    for path in kept.home.glob("postgresql*"):
        path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path)
