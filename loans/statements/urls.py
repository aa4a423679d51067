"""Addresses of the monthly statements, under /api/v1/."""

from django.urls import path

from loans.statements import api

urlpatterns = [
    path("me/statements", api.StatementsView.as_view()),
    path("me/statements/<slug:month>", api.StatementView.as_view()),
]
