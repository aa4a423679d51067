"""What a refused action leaves on the page: the dialog as it was sent, and nothing else."""

import re

import pytest

from accounts.models import AccessRecord, CustomerHold
from tests.accounts.admin.conftest import (
    as_group,
    identified,
    messages_of,
    page_of,
    perform,
    waited,
)
from tests.accounts.api.conftest import newcomer
from tests.accounts.conftest import stopped_clock

__all__ = ["as_group", "identified", "newcomer", "stopped_clock", "waited"]

pytestmark = pytest.mark.django_db

HELD = {"kind": "block", "holder": "fraud <desk>", "reason": "seen 13800138000 twice"}


def opened(answer):
    """Return the dialogs that a page opens by itself."""
    return [one for one in answer.context["record_actions"] if one.refusal]


def dialog_of(answer, code):
    page = answer.content.decode()
    [found] = [one for one in page.split("<dialog") if f"/action/{code}/" in one]
    return found


def test_a_refused_dialog_is_open_with_what_was_sent(as_group, newcomer):
    client, customer = as_group("risk"), newcomer.customer
    perform(client, customer, "hold", **HELD)

    answer = perform(client, customer, "hold", **HELD)

    [dialog] = opened(answer)
    assert (answer.status_code, answer.redirect_chain) == (200, [])
    assert [one.sent for one in dialog.inputs] == [["block"], ["fraud <desk>"]]
    assert messages_of(answer) == [dialog.refusal]
    text = dialog_of(answer, "hold")
    assert '<option value="block" selected>' in text
    assert 'value="fraud &lt;desk&gt;"' in text
    assert "seen 13800138000 twice</textarea>" in text
    assert 'role="alert"' in text


def test_what_was_typed_is_kept_nowhere(as_group, newcomer):
    client, customer = as_group("risk"), newcomer.customer
    perform(client, customer, "hold", **HELD | {"holder": ""})

    again = client.get(page_of(customer))

    assert opened(again) == []
    assert "13800138000" not in again.content.decode()
    assert "13800138000" not in str(dict(client.session))
    assert not CustomerHold.objects.exists()


def test_a_reload_reads_the_record(as_group, newcomer):
    answer = perform(as_group("risk"), newcomer.customer, "hold", **HELD | {"holder": ""})

    [script] = re.findall(r"<script>document.currentScript.*?</script>", answer.content.decode())
    address = page_of(newcomer.customer).replace("-", "\\u002D")
    assert f'history.replaceState(null, "", "{address}")' in script


def test_checks_are_kept_and_only_the_refused_dialog_is_filled(as_group, identified):
    answer = perform(
        as_group("support"),
        identified.customer,
        "unmask",
        fields=["phone", "nonsense"],
        reason="no",
    )

    text = dialog_of(answer, "unmask")
    assert re.findall(r'value="(\w+)" checked', text) == ["phone"]
    assert "\nno</textarea>" in text
    assert answer.content.decode().count("\nno</textarea>") == 1
    assert not AccessRecord.objects.exists()


def test_a_done_action_redirects(as_group, newcomer):
    answer = perform(as_group("risk"), newcomer.customer, "hold", **HELD)

    assert answer.redirect_chain == [(page_of(newcomer.customer), 302)]
    assert opened(answer) == []


def test_an_action_that_is_no_longer_open_gives_back_what_was_typed(as_group, newcomer):
    customer = newcomer.customer
    perform(as_group("risk"), customer, "hold", **HELD)
    hold = CustomerHold.objects.get()
    perform(as_group("risk"), hold, "lift", reason="it was nothing")

    answer = perform(as_group("manager"), hold, "lift", reason="lifted by two at once")

    [dialog] = opened(answer)
    assert (dialog.action.code, dialog.reason) == ("lift", "lifted by two at once")
    assert opened(as_group("manager").get(page_of(hold))) == []
