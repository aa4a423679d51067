"""Addresses of what customers call to convert bills, under /api/v1/."""

from django.urls import path

from loans.conversion import api as conversion

urlpatterns = [
    path("bills/<uuid:public_id>/quotes", conversion.ConversionQuotesView.as_view()),
    path("bills/<uuid:public_id>/conversion", conversion.ConversionView.as_view()),
]
