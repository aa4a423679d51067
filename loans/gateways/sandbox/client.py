"""What only a sandbox may ask of its bank: put money on accounts, and forget everything."""

from collections.abc import Mapping
from typing import Self

from loans.gateways.http_channel import TIMEOUT_SECONDS, batches
from loans.gateways.wire import ChannelConnection


class SandboxBank:
    """The keys to the sandbox bank; the real channel has no such calls."""

    def __init__(self, url: str, secret: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._wire = ChannelConnection(url, secret, timeout_seconds=timeout_seconds)

    def close(self) -> None:
        """Give the connection back."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def fund(self, balances: Mapping[str, int]) -> None:
        """Set balances in fen by account, opening the accounts that are new.

        Raises:
            ChannelError: the bank did not confirm; some of the balances may be set.
        """
        for batch in batches(list(balances.items())):
            rows = [{"account": account, "balance_fen": fen} for account, fen in batch]
            self._wire.call("PUT", "/v1/accounts", {"balances": rows})

    def reset(self) -> None:
        """Forget every account and order, and restart the script's counts.

        Raises:
            ChannelError: the bank did not confirm.
        """
        self._wire.call("DELETE", "/v1/store")
