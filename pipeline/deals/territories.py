"""Which territories stand in the choices about deals."""

from django.db.models import Q, QuerySet

from pipeline.deals.models import Deal
from teams.access import Permission, reach
from teams.models import Territory, User
from teams.territories.visible import visible_territories


def offered_territories(user: User) -> "QuerySet[Territory]":
    """Those of the published plan that the person sees, and those of deals within her reach; by name."""
    offered = visible_territories(user)
    if not reach(user, Permission.TERRITORY_VIEW).everything:
        of_deals = Deal.objects.reachable_by(user).filter(territory__isnull=False).values("territory")
        published = Territory.objects.filter(plan__status="published")
        offered = published.filter(Q(pk__in=offered.values("pk")) | Q(pk__in=of_deals))
    return offered.order_by("name", "pk")
