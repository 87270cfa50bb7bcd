"""What the verbs of a deal's menu ask for. Each form knows the one action it stands for."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.lib.text import SingleLine
from pipeline.deals import actions
from pipeline.deals.actions.closing import closed_in_ended_month
from pipeline.deals.models import Deal
from pipeline.stages.models import Stage
from teams.access import Permission, reach
from teams.models import User


class VerbForm(forms.Form):
    """`title` and `submit` name the action, `done` is said afterwards. `part` is a row of the deal it is about."""

    title: Any
    submit: ClassVar[Any]
    done: ClassVar[Any]
    danger: ClassVar[bool] = False
    needs: ClassVar[Permission] = Permission.DEAL_EDIT
    template: ClassVar[str] = "pipeline/deal/act.html"
    # The address that takes the row away, for forms about a row.
    remove_name: ClassVar[str] = ""
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, deal: Deal, by: User, now: datetime, part: int = 0, kind: str = "") -> None:
        super().__init__(data, initial={"version": deal.version})
        self.part, self.wanted_kind = part, kind
        self.about = deal.name
        for field in self.fields.values():
            if not isinstance(field.widget, forms.CheckboxInput | forms.RadioSelect):
                field.widget.attrs.setdefault("class", "input")
        self.prepare(deal, by, now)

    @property
    def is_search(self) -> bool:
        """Whether the person only asked for other choices."""
        return False

    def prepare(self, deal: Deal, by: User, now: datetime) -> None:
        """Narrow the choices to what this deal and person allow."""

    def carry_out(self, *, deal: Deal, by: User, at: datetime) -> None:
        raise NotImplementedError


class PlainForm(VerbForm):
    """A verb that asks for nothing more."""

    verb: ClassVar[Any]

    def carry_out(self, *, deal: Deal, by: User, at: datetime) -> None:
        type(self).verb(deal_id=deal.pk, by=by, at=at, **self.cleaned_data)


class ArchiveForm(PlainForm):
    title, submit, done = _("Archive deal"), _("Archive"), _("Archived")
    verb = staticmethod(actions.archive)


class UnarchiveForm(PlainForm):
    title, submit, done = _("Unarchive deal"), _("Unarchive"), _("Unarchived")
    verb = staticmethod(actions.unarchive)


class RestoreForm(PlainForm):
    title, submit, done = _("Restore deal"), _("Restore"), _("Restored")
    verb = staticmethod(actions.restore)


class ReasonForm(PlainForm):
    """A verb with an optional reason."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=300, validators=[SingleLine()])


class ReopenForm(ReasonForm):
    title, submit, done = _("Reopen deal"), _("Reopen"), _("Reopened")
    verb = staticmethod(actions.reopen)

    @property
    def is_search(self) -> bool:
        """Whether the person only asked for other choices."""
        return False

    def prepare(self, deal: Deal, by: User, now: datetime) -> None:
        if closed_in_ended_month(deal, now):
            self.fields["reason"].required = True
            self.fields["reason"].help_text = _("The month of this closing has ended: say why.")


class DeleteForm(ReasonForm):
    title, submit, done, danger = _("Delete deal"), _("Delete"), _("Deleted"), True
    needs = Permission.DEAL_DELETE
    verb = staticmethod(actions.delete)


class ReassignForm(VerbForm):
    title, submit, done = _("Change owner"), _("Hand over"), _("Owner changed")
    needs = Permission.DEAL_REASSIGN
    owner = forms.ModelChoiceField(User.objects.none(), label=_("New owner"), empty_label=_("Choose a person"))
    note = forms.CharField(label=_("Message"), required=False, max_length=300, validators=[SingleLine()])

    @property
    def is_search(self) -> bool:
        """Whether the person only asked for other choices."""
        return False

    def prepare(self, deal: Deal, by: User, now: datetime) -> None:
        people = User.objects.filter(is_active=True)
        scope = reach(by, Permission.DEAL_REASSIGN)
        if not scope.everything:
            people = people.filter(pk__in=scope.people_ids)
        self.fields["owner"].queryset = people.exclude(pk=deal.owner_id).order_by("sort_key", "pk")  # type: ignore[attr-defined]

    def carry_out(self, *, deal: Deal, by: User, at: datetime) -> None:
        actions.reassign(deal_id=deal.pk, by=by, at=at, **self.cleaned_data)


class PipelineForm(VerbForm):
    title, submit, done = _("Change pipeline"), _("Move"), _("Pipeline changed")
    stage = forms.ModelChoiceField(Stage.objects.none(), label=_("New stage"), empty_label=_("Choose a stage"))

    @property
    def is_search(self) -> bool:
        """Whether the person only asked for other choices."""
        return False

    def prepare(self, deal: Deal, by: User, now: datetime) -> None:
        stages = Stage.objects.filter(archived_at__isnull=True, pipeline__archived_at__isnull=True)
        others = stages.exclude(pipeline=deal.pipeline_id).select_related("pipeline")
        field: Any = self.fields["stage"]
        field.queryset = others.order_by("pipeline__position", "position", "pk")
        field.label_from_instance = lambda stage: f"{stage.pipeline.label}: {stage.label}"

    def carry_out(self, *, deal: Deal, by: User, at: datetime) -> None:
        stage = self.cleaned_data["stage"]
        version = self.cleaned_data["version"]
        actions.change_pipeline(deal_id=deal.pk, pipeline=stage.pipeline, stage=stage, by=by, at=at, version=version)
