"""Which clock each moment in the database was read from.

``product`` is ``clock.now``: what happens to customers and money, moved by a sandbox. ``wall`` is
``clock.wall``: sessions, leases, heartbeats, machine logs; nothing moves it.
"""

CLOCKS = {
    "accounts.BankCard.bound_at": "product",
    "accounts.Customer.registered_at": "product",
    "accounts.Staff.date_joined": "wall",
    "accounts.Staff.last_login": "wall",
    "backoffice.IdempotencyKey.created_at": "wall",
    "backoffice.JobChunk.done_at": "wall",
    "backoffice.JobRun.finished_at": "wall",
    "backoffice.JobRun.heartbeat_at": "wall",
    "backoffice.JobRun.started_at": "wall",
    "backoffice.OutboxMessage.created_at": "wall",
    "backoffice.OutboxMessage.dead_at": "wall",
    "backoffice.OutboxMessage.done_at": "wall",
    "backoffice.OutboxMessage.leased_until": "wall",
    "backoffice.PolicyVersion.decided_at": "product",
    "backoffice.PolicyVersion.proposed_at": "product",
    "backoffice.SlotPause.paused_at": "product",
    "backoffice.SlotPause.resumed_at": "product",
    "backoffice.StateChange.at": "product",
    "loans.DebitOrder.answered_at": "product",
    "loans.DebitOrder.asked_at": "product",
    "loans.Mandate.signed_at": "product",
    "loans.Mandate.terminated_at": "product",
    "loans.Repayment.recorded_at": "product",
    "loans.Transfer.at": "product",
    "loans.UnappliedFunds.refunded_at": "product",
    "loans.UnappliedFunds.waiting_since": "product",
    "risk.Conduct.recorded_at": "product",
}
