"""What to enter for an API token."""

from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.lib.text import SingleLine
from teams.people.models import TokenScope

LIFETIMES = [("30", _("30 days")), ("90", _("90 days")), ("365", _("One year"))]


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, validators=[SingleLine()], help_text=_("What it is for, such as “Reporting”.")
    )
    scope = forms.ChoiceField(label=_("Rights"), choices=TokenScope, initial=TokenScope.READ)
    lifetime = forms.TypedChoiceField(
        label=_("Ends after"), choices=LIFETIMES, initial="90", coerce=lambda days: timedelta(days=int(days))
    )
