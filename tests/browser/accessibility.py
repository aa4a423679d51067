"""Faults of accessibility in a page, found by axe-core."""

from pathlib import Path

AXE = Path(__file__).parent / "vendor" / "axe-4.14.1.min.js"

_RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations
    .filter(one => ["serious", "critical"].includes(one.impact))
    .map(one => [one.id, one.impact, one.nodes.length, one.nodes.slice(0, 3).map(
      node => node.target.join(" ") + ": " + node.any.concat(node.all, node.none).map(
        check => check.message).join("; "))]);
}"""


def faults(page):
    """Return the serious and critical faults: rule, impact, number of nodes, the first nodes."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    return page.evaluate(_RUN)
