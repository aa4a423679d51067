"""Addresses of what customers call to repay a loan early, under /api/v1/."""

from django.urls import path

from loans.settlement import api as settlement

urlpatterns = [
    path("loans/<uuid:public_id>/settlement", settlement.SettlementView.as_view()),
    path("loans/<uuid:public_id>/prepayments", settlement.PrepaymentsView.as_view()),
]
