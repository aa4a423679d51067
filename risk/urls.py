"""Addresses of what partners call, under /hooks/."""

from django.urls import path

from risk.facts import api as facts

urlpatterns = [path("events", facts.EventsView.as_view())]
