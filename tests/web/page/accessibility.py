"""What axe-core finds wrong with the page for people who use a keyboard, a screen reader or a magnifier."""

from __future__ import annotations

import pytest

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
# WCAG 2.2 A and AA; the size of targets is off in axe-core unless it is asked for
OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}


def violations(tab, within: str | None = None) -> list[str]:
    """One line for each element that breaks a rule: the rule, where the element is, and what is wrong with it.

    Args:
        tab: Shows the page.
        within: Selects the part that is looked at; None for the whole page.
    """
    if tab.evaluate("typeof axe") == "undefined":  # once a page
        tab.evaluate(axe.Axe().axe_script)
    run = "([within, options]) => axe.run(within ?? document, options).then(found => found.violations)"
    found = tab.evaluate(run, [within, OPTIONS])
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))}: {' '.join(node['failureSummary'].split())}"
        for rule in found
        for node in rule["nodes"]
    ]
