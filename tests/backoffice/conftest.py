"""What the tests of the site share."""

import shutil

import pytest

from tests.launcher import built


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
