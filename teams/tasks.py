"""The ticks of teams."""

import urllib.request
from io import BytesIO

import structlog
from celery import shared_task
from django.conf import settings

from teams.currencies.actions import load_reference_rates

PATIENCE_SECONDS = 20
BIGGEST_ANSWER = 5_000_000

log = structlog.get_logger(__name__)


@shared_task
def refresh_rates() -> None:
    """The rates of the last days, from the address of the settings; without an answer the known ones stay."""
    if not settings.EXCHANGE_RATES_URL:
        return
    try:
        with urllib.request.urlopen(settings.EXCHANGE_RATES_URL, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - the operator's
            archive = answer.read(BIGGEST_ANSWER)
    except OSError as error:
        log.warning("exchange_rates_unavailable", error=str(error))
        return
    log.info("exchange_rates_loaded", rows=load_reference_rates(BytesIO(archive)))
