"""Whatever is logged, no personal number reaches a log."""

import logging

from backoffice.core.log_records import MaskedRecord

log = logging.getLogger("tests.log_records")


def test_the_site_makes_masked_records():
    assert logging.getLogRecordFactory() is MaskedRecord


def test_a_message_is_masked_with_its_arguments(caplog):
    log.error("call %s about order %s", "１３８-1234-5678", "123-1-1-1")

    assert caplog.messages == ["call １３８-****-5678 about order 123-1-1-1"]


def test_a_traceback_is_masked_and_whole(caplog):
    try:
        raise ValueError("13812345678")
    except ValueError:
        log.exception("it failed")

    assert "ValueError: 138****5678" in caplog.text
    assert "test_log_records.py" in caplog.text
    assert "13812345678" not in caplog.text.replace('ValueError("13812345678")', "")


def test_a_record_without_an_exception_has_no_traceback(caplog):
    log.error("no exception", exc_info=True)

    assert caplog.records[0].exc_text in (None, "NoneType: None")
