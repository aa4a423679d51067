"""People of the staff, and requests that two of them make and decide."""

from datetime import time

from django.contrib.auth.models import Group

from accounts.models import Staff
from backoffice.platform import approvals
from loans.accounting.rules.debt import Debt
from loans.delinquency.operations import charge_offs
from loans.repayment.operations import waivers
from loans.repayment.operations.waivers import ChargeWaiver
from tests.loans.conftest import moment

REASON = "hardship, letter of 10-14"


def person(group):
    who = Staff.objects.create_user(f"{group}{Staff.objects.count()}", is_staff=True)
    who.groups.add(Group.objects.get(name=group))
    return who


def approve(request, *, on, at=time(15)):
    approvals.approve([request.pk], by=person("manager"), reason="agreed", at=moment(on, at))


def propose_waiver(bill, *, on, **fen):
    waiver = ChargeWaiver(bill.pk, Debt(**fen))
    [made] = waivers.propose(
        [waiver], by=person("collections"), on=on, reason=REASON, at=moment(on, time(14))
    )
    return made


def waive(bill, *, on, at=time(15), **fen):
    approve(propose_waiver(bill, on=on, **fen), on=on, at=at)


def propose_charge_off(loan, *, on):
    [made] = charge_offs.propose(
        [loan.pk], by=person("collections"), reason=REASON, at=moment(on, time(14))
    )
    return made


def charge_off(loan, *, on, at=time(15)):
    approve(propose_charge_off(loan, on=on), on=on, at=at)
