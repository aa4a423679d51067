"""Addresses of what customers call about their bills and direct debit, under /api/v1/."""

from django.urls import path

from loans.billing.api import bills, extensions

urlpatterns = [
    path("bills", bills.BillsView.as_view()),
    path("bills/<uuid:public_id>", bills.BillView.as_view()),
    path("bills/<uuid:public_id>/extension", extensions.ExtensionView.as_view()),
    path("me/auto-debit", bills.AutoDebitView.as_view()),
]
