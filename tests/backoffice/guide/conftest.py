from tests.accounts.conftest import stopped_clock  # noqa: F401 (a fixture)
