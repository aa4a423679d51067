"""What the outside world said: one protocol per provider and the adapters that speak to it."""
