"""The browser of the browser tests: the distribution's Chromium."""

from crm.devstack import system
from crm.devstack.errors import Stop

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def ensure() -> str:
    """The path of a browser, installed if we may; otherwise the command stops and names the package."""
    if found := system.find_program(NAMES):
        return found
    system.install_package("chromium", purpose="The browser tests")
    if found := system.find_program(NAMES):
        return found
    raise Stop("Chromium is installed but not on the PATH.")
