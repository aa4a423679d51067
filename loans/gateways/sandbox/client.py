"""What only a sandbox may ask of its bank: money on accounts, customers who pay, a new start."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

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

    def confirm(
        self, prepay_id: str, *, at: datetime, code: str = "", is_late: bool = False
    ) -> str:
        """Confirm a payment as its customer in WeChat; return the code of what became of it.

        With a code it is refused. After its time nothing is paid, unless ``is_late``: the money
        was taken before and the channel learns of it now.

        Raises:
            ChannelError: the bank did not confirm; it may know no such payment.
        """
        facts = {"prepay_id": prepay_id, "at": at.isoformat(), "code": code, "is_late": is_late}
        reply = self._wire.call("POST", "/v1/confirmations", facts)
        answers: list[dict[str, Any]] = reply["answers"]
        return str(answers[0]["code"])

    def reset(self) -> None:
        """Forget every account and order, and restart the script's counts.

        Raises:
            ChannelError: the bank did not confirm.
        """
        self._wire.call("DELETE", "/v1/store")
