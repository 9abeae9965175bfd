"""Pictures of the console for docs/: as usual, in an outage, with 300 dead letters; wide and on a phone, light and dark.

WAYBILL_PICTURES names the folder; else they go to var/pictures and are looked at for what is out of sight.
"""

import os
import pathlib

import pytest
from playwright.sync_api import expect

from support import ROOT
from test_accessibility import violations, waybill
from test_console import Operator

PICTURES = pathlib.Path(os.environ.get("WAYBILL_PICTURES", ROOT / "var" / "pictures"))
WIDE, PHONE = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}


@pytest.fixture
def draw(new_customer):
    """Saves a page of the console in each variant."""
    operators = {
        (viewport["width"], theme): Operator(lambda viewport=viewport, theme=theme, **more: new_customer(
            **more, viewport=viewport, color_scheme=theme, reduced_motion="reduce"))
        for viewport in (WIDE, PHONE) for theme in ("light", "dark")}
    PICTURES.mkdir(parents=True, exist_ok=True)
    for operator in operators.values():
        operator.signed_in()

    def draw(name, path, is_ready):
        for (width, theme), operator in operators.items():
            page = operator.page
            page.goto(f"/ops/#{path}")
            is_ready(page)
            page.screenshot(path=PICTURES / f"console-{name}-{width}-{theme}.jpg", quality=70, type="jpeg")
            found = violations(page)
            assert not found, f"{name}, {width}, {theme}: " + "\n".join(found)

    return draw


@pytest.mark.long
def test_the_console_as_usual_in_an_outage_and_with_dead_letters(draw, stack):
    waybill("load", "--rate", "12", "--for", "30", "--out", stack.directory / "load.html", stack=stack)

    def overview(problem):
        def is_ready(page):
            expect(page.get_by_role("region", name="Problems")).to_contain_text(problem)
            expect(page.locator(".chart canvas")).to_have_count(6)  # two of each chart

        return is_ready

    draw("normal", "/", overview("All is well"))
    with stack.processing_paused():
        draw("outage", "/", overview("does not answer"))
    for number in range(300):
        stack.publish_dead_letter("order.accepted", f"PICTURE-{number}", f'{{"orderId": {number + 1}}}')
    draw("dead-letters", "/dead-letters", lambda page: expect(page.locator(".group").first).to_contain_text("300 ×"))
    draw("problem", "/", overview("dead"))
