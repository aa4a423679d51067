"""Loans, bills, direct debits and the ledger."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LoansConfig(AppConfig):
    """The app of money: registers its policy, its jobs of the day, what it holds of a customer."""

    name = "loans"
    verbose_name = _("Loans")

    def ready(self) -> None:
        """Register the policy, the jobs, and what concerns a customer who leaves."""
        from accounts.customers import debts
        from accounts.privacy.operations import deletions
        from accounts.privacy.operations import exports as copies
        from backoffice.core import policy, reasons
        from backoffice.platform import export, jobs, outbox, work_queue
        from backoffice.web.api import examples
        from loans import account_closure, tasks
        from loans.accounting.rules.reasons import REFERENCES, TEXTS
        from loans.billing import examples as bill_examples
        from loans.collection.examples import EXAMPLES as OF_PAYMENTS
        from loans.collection.operations import payments
        from loans.collection.queries import debit_day
        from loans.contracts.examples import EXAMPLES
        from loans.contracts.operations import disbursement
        from loans.contracts.rules.reasons import TEXTS as QUOTE_TEXTS
        from loans.conversion import examples as conversion_examples
        from loans.delinquency.labels import debt_states
        from loans.delinquency.queries import has_overdue_bill
        from loans.general_ledger.queries import exports as ledger_files
        from loans.policy import LoanOperations, LoanTerms, QuotePolicy
        from loans.repayment.operations import refunds
        from loans.reporting import operations as exports
        from loans.settlement import examples as settlement_examples
        from loans.settlement import operations as settlements
        from loans.tasks import JOBS, debit_jobs, evening_jobs, start_payment
        from risk.lines.queries import stops

        examples.register(bill_examples.EXAMPLES)
        examples.register(settlement_examples.EXAMPLES)
        examples.register(conversion_examples.EXAMPLES)
        examples.register(OF_PAYMENTS)
        payments.register(start_payment)
        stops.register(has_overdue_bill)
        policy.register("loans", LoanTerms)
        for texts in (TEXTS, QUOTE_TEXTS, REFERENCES):
            reasons.register(texts)
        policy.register("loan_operations", LoanOperations)
        policy.register("quotes", QuotePolicy)
        self._register_interventions()
        self._register_approvals()
        for job in JOBS:
            jobs.register(job)
        jobs.register_table(debit_jobs)
        jobs.register_table(evening_jobs)
        outbox.register(disbursement.TOPIC, tasks.pay_out_loan)
        outbox.register(settlements.TOPIC, tasks.send_early_repayment)
        outbox.register(refunds.TOPIC, tasks.pay_refund)
        work_queue.register(refunds.WORK_QUEUE)
        export.register(debit_day.EXPORT)
        for section in ledger_files.SECTIONS:
            export.register(section)
        examples.register(EXAMPLES)
        copies.register(exports.SECTIONS)
        debts.register(debt_states)
        deletions.register(
            blocker=account_closure.blocker, end=account_closure.end,
            words=account_closure.WORDS, calls=account_closure.CALLS,
        )  # fmt: skip

    def _register_interventions(self) -> None:
        """Register what staff decide about bills and loans, alone or by two."""
        from backoffice.platform import approvals, work_queue
        from loans.billing.operations import extensions
        from loans.delinquency import admin as delinquency
        from loans.delinquency.operations import charge_offs
        from loans.models.loss import CHARGE_OFF_KIND
        from loans.models.waiver import KIND
        from loans.repayment.admin import waivers as waiver_pages
        from loans.repayment.operations import waivers

        waivers.register()
        charge_offs.register()
        approvals.present(KIND, waiver_pages.differences)
        approvals.present(CHARGE_OFF_KIND, delinquency.differences)
        work_queue.register(extensions.WORK_QUEUE)

    def _register_approvals(self) -> None:
        """Register what two people decide about money, and what the second one is shown."""
        from backoffice.platform import approvals
        from loans.collection.admin import transfer_requests
        from loans.collection.operations import transfers
        from loans.general_ledger.admin import requests
        from loans.general_ledger.operations import month_close
        from loans.models.ledger import MONTH_CLOSE_KIND
        from loans.repayment.admin import reversal_requests
        from loans.repayment.operations import reversals

        transfers.register()
        approvals.present(transfers.KIND, transfer_requests.differences)
        reversals.register()
        approvals.present(reversals.KIND, reversal_requests.differences)
        month_close.register()
        approvals.present(MONTH_CLOSE_KIND, requests.differences)
