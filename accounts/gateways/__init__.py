"""The providers that say who a customer is."""
