"""Addresses of what anybody may read of the product, under /api/v1/."""

from django.urls import path

from backoffice.guide import api

urlpatterns = [
    path("guide", api.GuideView.as_view()),
    path("glossary", api.GlossaryView.as_view()),
    path("products/comparison", api.ComparisonView.as_view()),
]
