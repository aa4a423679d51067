"""What anybody may read of the product, logged in or not: guide, glossary, comparison."""

from datetime import date
from typing import Any

from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.core import clock
from backoffice.guide import comparison, numbers
from backoffice.guide.numbers import filled
from backoffice.guide.opening import INTRODUCTION, guide
from backoffice.guide.terms import glossary
from backoffice.web.api.description import describe
from backoffice.web.api.endpoint import Endpoint


class GuideStepReply(serializers.Serializer[Any]):
    """A step of the opening guide."""

    step = serializers.CharField()
    title = serializers.CharField()
    aim = serializers.CharField()
    needs = serializers.ListField(child=serializers.CharField())
    method = serializers.CharField()
    endpoint = serializers.CharField()


class GuideReply(serializers.Serializer[Any]):
    """The opening guide with the numbers of a day."""

    policy_on = serializers.DateField()
    introduction = serializers.CharField()
    steps = GuideStepReply(many=True)


class TermReply(serializers.Serializer[Any]):
    """A term, its explanation, and the ids of its rules."""

    term = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    rules = serializers.ListField(child=serializers.CharField())


class GlossaryReply(serializers.Serializer[Any]):
    """The glossary with the numbers of a day."""

    policy_on = serializers.DateField()
    terms = TermReply(many=True)


class OriginReply(serializers.Serializer[Any]):
    """Where the statements on others come from; ``dated_on`` is the latest day of writing."""

    title = serializers.CharField()
    dated_on = serializers.DateField()
    note = serializers.CharField()


class ProductReply(serializers.Serializer[Any]):
    """A column of the comparison."""

    product = serializers.CharField()
    title = serializers.CharField()


class CellReply(serializers.Serializer[Any]):
    """A cell of the comparison; the own ones follow the policy in force."""

    product = serializers.CharField()
    text = serializers.CharField()
    is_from_policy = serializers.BooleanField()


class ComparisonRowReply(serializers.Serializer[Any]):
    """A row of the comparison."""

    dimension = serializers.CharField()
    title = serializers.CharField()
    cells = CellReply(many=True)


class ParagraphReply(serializers.Serializer[Any]):
    """A paragraph on a lender."""

    lender = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()


class WeightReply(serializers.Serializer[Any]):
    """The weight of a component of the score in per cent."""

    component = serializers.CharField()
    title = serializers.CharField()
    percent = serializers.IntegerField()


class ComparisonReply(serializers.Serializer[Any]):
    """The comparison: a version of what is said of others, and the own numbers of a day."""

    version = serializers.CharField()
    origin = OriginReply()
    policy_on = serializers.DateField()
    products = ProductReply(many=True)
    rows = ComparisonRowReply(many=True)
    own_plans = serializers.CharField()
    prose = ParagraphReply(many=True)
    weights = WeightReply(many=True)
    weights_note = serializers.CharField()


class PublicEndpoint(Endpoint):
    """An endpoint that needs no login: reading alone, of nobody's data."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class GuideView(PublicEndpoint):
    """The opening guide."""

    @describe("Read the opening guide", replies={200: GuideReply})
    def get(self, request: Request) -> Response:
        """Return the steps from the login to the line, in order, with what each needs."""
        on, found = _numbers()
        steps = [one._asdict() for one in guide(found)]
        introduction = filled(INTRODUCTION, found)
        return Response({"policy_on": on, "introduction": introduction, "steps": steps})


class GlossaryView(PublicEndpoint):
    """The glossary."""

    @describe("Read the glossary", replies={200: GlossaryReply})
    def get(self, request: Request) -> Response:
        """Return the terms of the product in plain language."""
        on, found = _numbers()
        return Response({"policy_on": on, "terms": [one._asdict() for one in glossary(found)]})


class ComparisonView(PublicEndpoint):
    """The comparison with other lenders."""

    @describe("Compare with other lenders", replies={200: ComparisonReply})
    def get(self, request: Request) -> Response:
        """Return the table of the source; what is said of this product follows the policy."""
        on, found = _numbers()
        products = [
            {"product": str(product), "title": filled(title, found)}
            for product, title in comparison.PRODUCTS.items()
        ]
        return Response(
            {
                "version": comparison.VERSION,
                "origin": {
                    "title": comparison.SOURCE_TITLE,
                    "dated_on": comparison.SOURCE_ON,
                    "note": filled(comparison.SOURCE_NOTE, found),
                },
                "policy_on": on,
                "products": products,
                "rows": [
                    {**row._asdict(), "cells": [cell._asdict() for cell in row.cells]}
                    for row in comparison.rows(found)
                ],
                "own_plans": filled(comparison.PLANS, found),
                "prose": [one._asdict() for one in comparison.prose(found)],
                "weights": [one._asdict() for one in comparison.weights(found)],
                "weights_note": filled(comparison.WEIGHTS_NOTE, found),
            }
        )


def _numbers() -> tuple[date, dict[str, str]]:
    on = clock.day_of(clock.now())
    return on, numbers.in_force(on=on)
