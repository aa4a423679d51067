"""Addresses of what customers call before and about their contracts, under /api/v1/."""

from django.urls import path

from loans.contracts.api import quotes

urlpatterns = [
    path("quotes", quotes.QuotesView.as_view()),
    path("quotes/<uuid:public_id>", quotes.QuoteView.as_view()),
    path("quotes/<uuid:public_id>/confirm", quotes.ConfirmationView.as_view()),
    path("bills/<uuid:public_id>/quotes", quotes.ConversionQuotesView.as_view()),
]
