"""Commands of the loans; each says what it does with ``--help``."""
