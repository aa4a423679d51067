"""Providers of credit reports."""
