"""Addresses of what customers call about their credit line, under /api/v1/."""

from django.urls import path

from risk.lines import api as lines

urlpatterns = [
    path("me/line", lines.LineView.as_view()),
    path("me/line/changes", lines.LineChangesView.as_view()),
    path("me/line/changes/<uuid:public_id>/human-review", lines.CutReviewView.as_view()),
    path("me/line/temporary-limits", lines.TemporaryLimitsView.as_view()),
]
