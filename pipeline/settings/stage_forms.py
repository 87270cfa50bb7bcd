"""What to enter for pipelines, stages and reasons."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.lib.text import SingleLine
from crm.templatetags.formats import number
from pipeline.deals.models import Deal
from pipeline.stages.actions import REQUIRABLE
from pipeline.stages.models import Outcome, Pipeline, Stage


class NamesForm(forms.Form):
    """A name with its German label, and the version of the row that was read."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(label=_("Name"), max_length=80, validators=[SingleLine()])
    name_de = forms.CharField(
        label=_("German name"),
        max_length=80,
        required=False,
        validators=[SingleLine()],
        help_text=_("Without one, people who read German see the name above."),
    )


class NewPipelineForm(NamesForm):
    like = forms.ModelChoiceField(
        label=_("With the stages of"), queryset=Pipeline.objects.none(), help_text=_("They are copied.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pipelines = Pipeline.objects.in_use().in_order()
        if pipelines:
            self.fields["like"].queryset = pipelines  # type: ignore[attr-defined]
            self.fields["like"].initial = pipelines[0]
        else:
            del self.fields["like"]


class StageForm(NamesForm):
    probability = forms.IntegerField(
        label=_("Probability in %"),
        min_value=1,
        max_value=99,
        help_text=_("Open deals in this stage take it, unless they have one of their own."),
    )
    stalled_after_days = forms.IntegerField(
        label=_("Stalled after days"),
        min_value=1,
        max_value=365,
        initial=14,
        help_text=_("Days without contact with the customer."),
    )
    required_fields = forms.MultipleChoiceField(
        label=_("Needed to enter"),
        required=False,
        choices=lambda: [(name, Deal._meta.get_field(name).verbose_name) for name in REQUIRABLE],  # type: ignore[union-attr]
        widget=forms.CheckboxSelectMultiple,
    )


class ArchiveStageForm(forms.Form):
    """Where the open deals of a stage go; nothing is asked where there are none, or no other stage."""

    def __init__(self, data: Any = None, *, stage: Stage, open_deals: int) -> None:
        super().__init__(data)
        others = Stage.objects.in_use().filter(pipeline=stage.pipeline_id).exclude(pk=stage.pk).in_order()
        if open_deals and others.exists():
            self.fields["to"] = self._destination(others, open_deals)

    @staticmethod
    def _destination(stages: Any, open_deals: int) -> forms.ModelChoiceField:
        words = ngettext("Move its %(count)s deal to", "Move its %(count)s deals to", open_deals)
        field = forms.ModelChoiceField(
            stages,
            label=words % {"count": number(open_deals)},
            empty_label=_("Choose a stage"),
            error_messages={"required": _("Choose the stage that takes these deals.")},
        )
        field.widget.attrs["class"] = "input"
        return field


class ReasonForm(NamesForm):
    counts_in_win_rate = forms.BooleanField(
        label=_("Counts in the win rate"),
        required=False,
        initial=True,
        help_text=_("Without it, deals closed for this reason are left out, such as duplicates."),
    )
    needs_competitor = forms.BooleanField(label=_("Asks for the competitor"), required=False)


class NewReasonForm(ReasonForm):
    outcome = forms.ChoiceField(label=_("For deals that are"), choices=Outcome)
    field_order = ("outcome",)
