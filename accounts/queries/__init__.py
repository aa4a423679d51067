"""What the operations and pages of accounts read."""
