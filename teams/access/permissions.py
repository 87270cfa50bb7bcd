"""The vocabulary of what can be done; pages, API and templates use the same words."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Permission(models.TextChoices):
    DEAL_VIEW = "deal.view"
    DEAL_ADD = "deal.add"
    DEAL_EDIT = "deal.edit"
    DEAL_REASSIGN = "deal.reassign"
    DEAL_DELETE = "deal.delete"
    DEAL_REOPEN_CLOSED_PERIOD = "deal.reopen_closed_period"
    COMPANY_VIEW = "company.view"
    COMPANY_EDIT = "company.edit"
    # To delete a customer and to give it to somebody else.
    COMPANY_DISPOSE = "company.dispose"
    ACTIVITY_VIEW = "activity.view"
    ACTIVITY_EDIT = "activity.edit"
    METRICS_VIEW = "metrics.view"
    QUOTA_VIEW = "quota.view"
    QUOTA_SET = "quota.set"
    TERRITORY_VIEW = "territory.view"
    TERRITORY_EDIT = "territory.edit"
    PEOPLE_VIEW = "people.view"
    PEOPLE_EDIT = "people.edit"
    STAGE_VIEW = "stage.view"
    STAGE_EDIT = "stage.edit"
    WORKSPACE_EDIT = "workspace.edit"
    AUDIT_VIEW = "audit.view"
    EXPORT = "export"


# The sentence for somebody who may not: who may.
WHO_MAY = {
    Permission.DEAL_ADD: _("Reps, managers and admins can add records."),
    Permission.DEAL_EDIT: _("Only the owner, their collaborators and their managers can change this deal."),
    Permission.DEAL_REASSIGN: _("Ask your manager: managers can hand deals to people of their teams."),
    Permission.DEAL_DELETE: _("Ask your manager: reps can delete their own open deals during the first 24 hours."),
    Permission.DEAL_REOPEN_CLOSED_PERIOD: _("Ask your manager: this deal was closed in a month that has ended."),
    Permission.COMPANY_EDIT: _("Only people who work with this company can change it."),
    Permission.COMPANY_DISPOSE: _("Only the owner and their managers can delete this."),
    Permission.ACTIVITY_EDIT: _("Only the person it is assigned to and their managers can change this activity."),
    Permission.QUOTA_SET: _("Managers set the quotas of their teams, admins all of them."),
    Permission.TERRITORY_EDIT: _("An admin can change territories."),
    Permission.PEOPLE_EDIT: _("An admin can change users and teams."),
    Permission.STAGE_EDIT: _("An admin can change pipelines, stages and reasons."),
    Permission.WORKSPACE_EDIT: _("An admin can change the settings of the workspace."),
    Permission.AUDIT_VIEW: _("Reps see their own entries of the audit log, managers those of their teams, admins all."),
    Permission.EXPORT: _("Exports are switched off for your role. An admin can allow them."),
}
DEFAULT_SENTENCE = _("You do not have the right to do this. An admin can grant it.")


def who_may(permission: Permission) -> str:
    """The sentence for a refusal of this permission."""
    return str(WHO_MAY.get(permission, DEFAULT_SENTENCE))
