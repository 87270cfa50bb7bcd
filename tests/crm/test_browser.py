"""The browser of the tests works, and the pages of a stranger load without a complaint of the browser."""

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("address", ["/accounts/login/", "/nothing/"])
def test_pages_for_strangers_load_cleanly(open_as, address):
    page = open_as(locale="de-DE")
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("requestfailed", lambda request: complaints.append(request.url))

    page.goto(address)

    assert page.locator("html").get_attribute("lang") == "de"
    assert [complaint for complaint in complaints if "404" not in complaint or "static" in complaint] == []
