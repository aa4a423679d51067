"""The partitions by month of the append-only tables: making the months ahead, and watching them.

Rows of a month without a partition go to the default one, so nothing is ever refused. Making a
month takes its rows out of the default partition again.
"""

from datetime import date
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection, connections
from psycopg import sql

MONTHS_AHEAD = 24
# Below this somebody must look: the job that makes the months has failed for two years.
MONTHS_LEFT_MIN = 3

_ADD = "backoffice_add_months"


class Partitions(NamedTuple):
    """A partitioned table as of a day.

    How many months after the day's month have a partition, and how many rows lie beyond the last.
    Rows before the first month are history that was just written: ``add_months`` moves them.
    """

    table: str
    months_left: int
    rows_beyond: int


def install(using: str, *, role: str) -> None:
    """Create the function that makes months, as the owner; let ``role`` call it, nobody else.

    The serving role owns no table: it can only make the months that this function makes.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(_FUNCTION)
        cursor.execute(f"REVOKE ALL ON FUNCTION {_ADD}(date, date) FROM PUBLIC")
        if role:
            cursor.execute(
                sql.SQL("GRANT EXECUTE ON FUNCTION {}(date, date) TO {}").format(
                    sql.Identifier(_ADD), sql.Identifier(role)
                )
            )


def add_months(*, on: date, using: str = DEFAULT_DB_ALIAS) -> int:
    """Make what is missing of the month of a day and the 24 after it; return how many were made.

    A month for which the default partition holds rows is made too, whenever it was, and its rows
    are moved there. A lock that is not given within five seconds is an error, and nothing changes.
    """
    # Dates are computed from dates: a cast from a moment depends on the session's time zone.
    last = on.year * 12 + on.month - 1 + MONTHS_AHEAD
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"SELECT {_ADD}(%s, %s)",
            [on.replace(day=1), date(last // 12, last % 12 + 1, 1)],
        )
        return int(cursor.fetchone()[0])


def state(*, on: date) -> list[Partitions]:
    """Return each partitioned table by name, its months left counted after the month of a day."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTED)
        found = []
        for table, key in cursor.fetchall():
            cursor.execute(_MONTHS, [f"{table}_{on:%Y%m}", table])
            months_left, end_on = cursor.fetchone()
            # Rows after the last month are in the default partition alone: no other one is read.
            cursor.execute(
                sql.SQL("SELECT count(*) FROM {} WHERE {} >= {}").format(
                    sql.Identifier(table), sql.Identifier(key), sql.Literal(end_on)
                )
            )
            found.append(Partitions(table, months_left, cursor.fetchone()[0]))
    return found


def warnings(*, on: date) -> list[str]:
    """Say which table has fewer than three months left, or rows beyond the last one."""
    found = []
    for table, months_left, rows_beyond in state(on=on):
        if months_left < MONTHS_LEFT_MIN:
            found.append(
                f"{table}: partitions for {months_left} months are left: run manage.py migrate"
            )
        if rows_beyond:
            found.append(
                f"{table}: {rows_beyond} rows lie beyond the last month: run manage.py migrate"
            )
    return found


_PARTED = """
SELECT tab.relname AS name, col.attname AS key
FROM pg_partitioned_table AS part
JOIN pg_class AS tab ON tab.oid = part.partrelid
JOIN pg_attribute AS col ON col.attrelid = tab.oid AND col.attnum = part.partattrs[0]
WHERE tab.relnamespace = 'public'::regnamespace ORDER BY tab.relname
"""

_MONTHS = """
SELECT count(*) FILTER (WHERE part.relname > %s),
       (to_date(max(right(part.relname, 6)), 'YYYYMM') + interval '1 month')::date
FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid
WHERE inhparent = %s::regclass AND part.relname !~ 'default$'
"""

# DETACH and a new default partition instead of DELETE: rows of facts are never deleted, not here.
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {_ADD}(first_on date, last_on date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '5s'
AS $body$
DECLARE
    parted record;
    made integer := 0;
    strays date[];
    month date;
BEGIN
    IF last_on > first_on + 1000 THEN
        RAISE EXCEPTION 'at most 1000 days ahead';
    END IF;
    FOR parted IN
        {_PARTED}
    LOOP
        EXECUTE format(
            'SELECT array_agg(DISTINCT make_date(extract(year FROM %1$I)::int,'
            ' extract(month FROM %1$I)::int, 1)) FROM %2$I',
            parted.key, parted.name || '_default'
        ) INTO strays;
        IF strays IS NOT NULL THEN
            EXECUTE format('ALTER TABLE %I DETACH PARTITION %I',
                           parted.name, parted.name || '_default');
            EXECUTE format('ALTER TABLE %I RENAME TO %I',
                           parted.name || '_default', parted.name || '_strays');
            EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT',
                           parted.name || '_default', parted.name);
        END IF;
        FOR month IN
            SELECT (first_on + make_interval(months => n))::date
            FROM generate_series(0, (extract(year FROM age(last_on, first_on)) * 12
                                     + extract(month FROM age(last_on, first_on)))::int) AS n
            UNION SELECT unnest(strays) ORDER BY 1
        LOOP
            IF to_regclass(format('public.%I', parted.name || to_char(month, '_YYYYMM'))) IS NULL
            THEN
                EXECUTE format(
                    'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                    parted.name || to_char(month, '_YYYYMM'), parted.name, month,
                    (month + interval '1 month')::date
                );
                made := made + 1;
            END IF;
        END LOOP;
        IF strays IS NOT NULL THEN
            -- They were accepted before: no trigger decides on them again.
            PERFORM set_config('weidai.moving_rows', 'on', true);
            EXECUTE format('INSERT INTO %I SELECT * FROM %I',
                           parted.name, parted.name || '_strays');
            PERFORM set_config('weidai.moving_rows', 'off', true);
            EXECUTE format('DROP TABLE %I', parted.name || '_strays');
        END IF;
    END LOOP;
    RETURN made;
END
$body$
"""  # nosec B608: names of our own
