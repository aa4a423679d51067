"""Addresses of what customers call before and about their contracts, under /api/v1/."""

from django.urls import path

from loans.contracts.api import loans, quotes

urlpatterns = [
    path("loans", loans.LoansView.as_view()),
    path("loans/<uuid:public_id>", loans.LoanView.as_view()),
    path("loans/<uuid:public_id>/schedule", loans.LoanScheduleView.as_view()),
    path("loans/<uuid:public_id>/charges", loans.LoanChargesView.as_view()),
    path("loans/<uuid:public_id>/contract", loans.LoanContractView.as_view()),
    path("quotes", quotes.QuotesView.as_view()),
    path("quotes/<uuid:public_id>", quotes.QuoteView.as_view()),
    path("quotes/<uuid:public_id>/confirm", quotes.ConfirmationView.as_view()),
]
