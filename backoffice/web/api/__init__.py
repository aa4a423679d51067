"""The base of every endpoint: strict input, problem documents, idempotency."""
