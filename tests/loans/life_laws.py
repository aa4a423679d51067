"""What holds in the database after every step of a life: each statement returns what breaks it."""

LAWS = (
    # Drawn and reserved are open principal and drawdowns under way (charged-off ones are drawn on).
    "SELECT line.id FROM risk_creditline AS line JOIN loans_loan AS loan ON loan.line_id = line.id "
    "GROUP BY line.id HAVING line.drawn_fen + line.reserved_fen <> sum(loan.unpaid_principal_fen)",
    # The cap is never passed (RATE-7).
    "SELECT id FROM loans_loan "
    "WHERE charged_fen > div(principal_nights_fen::numeric * 240000, 365000000)",
    # Nobody is asked twice at once.
    "SELECT customer_id FROM loans_debitorder WHERE origin = 'auto' "
    "AND state IN ('planned', 'sent', 'unknown') GROUP BY 1 HAVING count(*) > 1",
    # Overdue only after grace, and after three counted refusals or the seventh day (REPAY-11, 12).
    "SELECT bill.id FROM loans_bill AS bill WHERE bill.state = 'overdue' AND ("
    "bill.overdue_on < bill.due_on + 4 OR (bill.overdue_on < bill.due_on + 7 "
    "AND bill.mode <> 'off' AND NOT EXISTS (SELECT FROM loans_mandate AS mandate "
    "WHERE mandate.customer_id = bill.customer_id AND mandate.state = 'terminated') "
    "AND 3 > (SELECT count(*) FROM loans_debitorder AS debit WHERE debit.bill_id = bill.id "
    "AND debit.origin = 'auto' AND debit.cycle = 1 AND debit.code = 'NOTENOUGH')))",
    # What owes nothing is closed.
    "SELECT loan.id FROM loans_loan AS loan JOIN loans_instalment AS part "
    "ON part.loan_id = loan.id WHERE loan.state IN ('active', 'overdue', 'charged_off') "
    "GROUP BY loan.id "
    "HAVING sum(part.unpaid_principal_fen + unpaid_interest_fen + unpaid_plan_fee_fen "
    "+ unpaid_late_fee_fen + unpaid_penalty_fen) = 0",
    # Every fen that was taken is allocated, a fee, or waits.
    "SELECT 1 FROM (SELECT (SELECT coalesce(sum(taken_fen), 0) FROM loans_debitorder) AS taken, "
    "(SELECT coalesce(sum(amount_fen), 0) FROM loans_repayment) AS repaid) AS sums "
    "WHERE taken <> repaid",
    # Every state was reached step by step.
    "SELECT * FROM (SELECT source, lag(target) OVER (PARTITION BY subject_type, subject_id "
    "ORDER BY id) AS before FROM backoffice_statechange "
    "WHERE subject_type IN ('loans.bill', 'loans.loan') AND source <> '') AS step "
    "WHERE before <> source",
)  # fmt: skip
