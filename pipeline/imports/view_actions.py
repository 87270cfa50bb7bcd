"""The views that the demo sign-ins have pinned."""

from collections.abc import Sequence

from django.utils import translation
from django.utils.translation import gettext as _

from pipeline.deals.states import DealStatus, NextStepState
from pipeline.saved_views.actions import pin_view, save_view
from pipeline.saved_views.models import Layout, ViewScope
from teams.models import User

LARGE = "1000"


def pin_views(people: Sequence[User]) -> None:
    """Two each, named in the person's language: what lies still though it is worth much, and what nobody follows."""
    in_work = {"layout": Layout.LIST.value, "status": DealStatus.OPEN.value, "ordering": "-value"}
    for person in people:
        with translation.override(person.language):
            views = {
                _("Stalled, large"): {**in_work, "stalled": "true", "value_from": LARGE},
                _("Without a next step"): {**in_work, "next_step": NextStepState.MISSING.value},
            }
        for name, parameters in views.items():
            view = save_view(by=person, name=name, parameters=parameters, scope=ViewScope.MINE)
            pin_view(view=view, by=person)
