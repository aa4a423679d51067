"""What every endpoint shares: strict input, problem documents, pages, and one effect per key."""
