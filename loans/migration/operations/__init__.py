"""Moving a lender's book onto this system: read, made into people and debts, written, compared."""
