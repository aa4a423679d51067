"""Addresses of debts on any day and of monthly statements, under /api/v1/."""

from django.urls import path

from loans.statements.api import debts, months

urlpatterns = [
    path("me/debts", debts.DebtsView.as_view()),
    path("me/statements", months.StatementsView.as_view()),
    path("me/statements/<slug:month>", months.StatementView.as_view()),
]
