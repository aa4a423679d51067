"""Addresses of what customers call about their appeals, under /api/v1/."""

from django.urls import path

from risk.appeals import api as appeals

urlpatterns = [
    path("appeals", appeals.AppealsView.as_view()),
    path("appeals/<uuid:public_id>", appeals.AppealView.as_view()),
    path("appeals/<uuid:public_id>/materials", appeals.MaterialsView.as_view()),
    path("appeals/<uuid:public_id>/submit", appeals.SubmitView.as_view()),
    path("appeals/<uuid:public_id>/withdrawal", appeals.WithdrawalView.as_view()),
]
