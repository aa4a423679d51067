"""What the database does about closed months of the ledger.

A transfer dated into a closed month is refused, whoever writes it. The trigger that does so runs
after the row and only where its condition holds, a comparison with a constant: a COPY of today's
transfers pays nothing for it. Closing a month creates it again with the next constant, which waits
for the transactions that are adding transfers, and lets later ones wait for it.

Rows that ``add_months`` moves into a partition of their own were accepted before: it is the owner
who moves them, and names it by a setting.
"""

from django.db.migrations import RunSQL

_REFUSE = """
CREATE FUNCTION loans_require_open_month() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $body$
DECLARE
    opened_on date;
BEGIN
    IF current_setting('weidai.moving_rows', true) = 'on' AND current_user = (
        SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'loans_transfer'::regclass
    ) THEN
        RETURN NULL;
    END IF;
    SELECT (max(month) + interval '1 month')::date INTO opened_on FROM loans_closedmonth;
    IF NEW.accounting_date IS DISTINCT FROM (
        CASE WHEN NEW.business_date < opened_on THEN opened_on END
    ) THEN
        RAISE EXCEPTION 'transfer of % on %: the ledger is open from % on',
            NEW.business_date, coalesce(NEW.accounting_date, NEW.business_date), opened_on
            USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_in_open_month';
    END IF;
    RETURN NULL;
END
$body$
"""

_TRIGGER = """
CREATE OR REPLACE TRIGGER in_open_month AFTER INSERT ON loans_transfer FOR EACH ROW
WHEN (NEW.accounting_date IS NOT NULL OR NEW.business_date < {opened_on}::date)
EXECUTE FUNCTION loans_require_open_month()
"""

_CLOSE = f"""
CREATE FUNCTION loans_close_month() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $body$
DECLARE
    last date;
    opened_on date := (NEW.month + interval '1 month')::date;
BEGIN
    LOCK TABLE loans_transfer IN SHARE ROW EXCLUSIVE MODE;
    SELECT max(month) INTO last FROM loans_closedmonth WHERE id <> NEW.id;
    IF NEW.month <> last + interval '1 month' THEN
        RAISE EXCEPTION '% does not follow %', NEW.month, last
            USING ERRCODE = 'check_violation', CONSTRAINT = 'closed_month_in_order';
    END IF;
    IF NEW.at AT TIME ZONE 'Asia/Shanghai' < opened_on THEN
        RAISE EXCEPTION '% has not ended', NEW.month
            USING ERRCODE = 'check_violation', CONSTRAINT = 'closed_month_has_ended';
    END IF;
    EXECUTE format($trigger${_TRIGGER.format(opened_on="%L")}$trigger$, opened_on);
    RETURN NULL;
END
$body$
"""  # nosec B608: names of our own


def guard_closed_months() -> RunSQL:
    """Return the operation that creates both triggers."""
    return RunSQL(
        [
            _REFUSE,
            _TRIGGER.format(opened_on="'-infinity'"),
            _CLOSE,
            "REVOKE ALL ON FUNCTION loans_close_month() FROM PUBLIC",
            "CREATE TRIGGER close_month AFTER INSERT ON loans_closedmonth FOR EACH ROW "
            "EXECUTE FUNCTION loans_close_month()",
        ],
        reverse_sql=[
            "DROP TRIGGER in_open_month ON loans_transfer",
            "DROP TRIGGER close_month ON loans_closedmonth",
            "DROP FUNCTION loans_require_open_month()",
            "DROP FUNCTION loans_close_month()",
        ],
    )
