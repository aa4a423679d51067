"""The list of equivalent mutants: each names a line that is still there, with its reason."""

import pytest

from tests.mutants import equivalent
from tests.mutants.equivalent import EQUIVALENT
from tests.source_tree import ROOT

DIFF = """--- loans/billing/rules/minimum.py
+++ loans/billing/rules/minimum.py
@@ -1,3 +1,3 @@
 def due_fen(total_fen):
-    assert total_fen >= 0
+    assert total_fen > 0
     return total_fen"""


def test_a_mangled_name_gives_the_function_or_the_method():
    assert equivalent.function_of("loans.a.rules.b.x_total__mutmut_12") == "loans.a.rules.b.total"
    assert equivalent.function_of("loans.a.rules.b.x__total__mutmut_1") == "loans.a.rules.b._total"
    assert equivalent.function_of("risk.a.rules.xǁLineǁrate__mutmut_3") == "risk.a.rules.Line.rate"


def test_a_diff_gives_the_changed_lines_alone():
    assert equivalent.change(DIFF) == ("assert total_fen >= 0", "assert total_fen > 0")


def test_only_a_listed_change_of_the_same_function_is_equivalent(monkeypatch):
    listed = equivalent.Equivalent(
        "loans.billing.rules.minimum.due_fen", "total_fen >= 0", "total_fen > 0", "an example",
    )  # fmt: skip
    monkeypatch.setattr(equivalent, "EQUIVALENT", (listed,))
    mutant = "loans.billing.rules.minimum.x_due_fen__mutmut_1"

    assert equivalent.is_equivalent(mutant, DIFF)
    assert not equivalent.is_equivalent(mutant.replace("due_fen", "other"), DIFF)
    assert not equivalent.is_equivalent(mutant, DIFF.replace("> 0", "> 1"))


@pytest.mark.parametrize("each", EQUIVALENT, ids=lambda each: each.function)
def test_a_listed_change_is_of_a_line_that_is_there(each):
    module = each.function.partition(".rules")[0].replace(".", "/") + "/rules"
    modules = [ROOT / f"{module}.py", *(ROOT / module).glob("*.py")]
    lines = [line for path in modules if path.exists() for line in path.read_text().splitlines()]

    assert each.before != each.after
    assert any(each.before in line for line in lines)
    assert each.reason
