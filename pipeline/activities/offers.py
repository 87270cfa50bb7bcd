"""The offer to plan the next step right after one was done."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from crm.lib.periods import local_date
from crm.lib.text import whole_number
from pipeline.activities.answers import NEXT_FOR
from pipeline.activities.quick import QuickPlan, quick_plans
from pipeline.deals.models import Deal
from teams.access import Permission, holds
from teams.access.http import SignedInRequest


@dataclass(frozen=True)
class Offer:
    """A deal without a next step, and steps for it that take one click."""

    deal: Deal
    plans: list[QuickPlan]
    plan_url: str


def next_step_offer(request: SignedInRequest, now: datetime) -> Offer | None:
    """The offer that the address asks for, while it is still wanted and the person may plan."""
    wanted = whole_number(request.GET.get(NEXT_FOR, ""))
    if wanted is None or not holds(request.user, Permission.ACTIVITY_EDIT):
        return None
    deals = Deal.objects.reachable_by(request.user).in_funnel().filter(next_step__isnull=True)
    deal = deals.select_related("company").filter(pk=wanted).first()
    return offer_for(deal, request.user.zone, now) if deal else None


def offer_for(deal: Deal, zone: object, now: datetime) -> Offer:
    plans = quick_plans(deal, local_date(now, zone))  # type: ignore[arg-type]
    return Offer(deal, plans, f"{reverse('activity-add')}?deal={deal.pk}")
