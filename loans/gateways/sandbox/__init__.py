"""A bank for sandboxes and tests: its own process, its own store, faults to order."""

from loans.gateways.sandbox.client import SandboxBank

__all__ = ["SandboxBank"]
