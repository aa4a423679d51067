"""The web process of a benchmark: the product's own, with the empty endpoint beside it."""

from django.conf import settings

from backoffice.wsgi import application

settings.ROOT_URLCONF = "tests.bench.empty"

__all__ = ["application"]
