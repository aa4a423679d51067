"""Addresses of what customers call about their assessments, under /api/v1/."""

from django.urls import path

from risk.decisions import api as assessments

urlpatterns = [
    path("me/assessments", assessments.AssessmentsView.as_view()),
    path("me/assessments/preview", assessments.PreviewView.as_view()),
    path("me/assessments/<uuid:public_id>", assessments.AssessmentView.as_view()),
    path("me/assessments/<uuid:public_id>/human-review", assessments.HumanReviewView.as_view()),
    path("me/report", assessments.ReportView.as_view()),
    path("me/score-history", assessments.ScoreHistoryView.as_view()),
]
