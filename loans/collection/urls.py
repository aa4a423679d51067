"""Addresses of what customers call about their payments, under /api/v1/."""

from django.urls import path

from loans.collection import api as payments

urlpatterns = [
    path("bills/<uuid:public_id>/payments", payments.BillPaymentsView.as_view()),
    path("payments", payments.PaymentsView.as_view()),
    path("payments/<uuid:public_id>", payments.PaymentView.as_view()),
]
