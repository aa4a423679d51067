"""Moving a portfolio onto this system: read, made into people and debts, written, compared."""
