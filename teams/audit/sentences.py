"""What the audit trail says, in words. A whole sentence for every action: languages order their parts differently."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from teams.access.permissions import Permission

SENTENCES: dict[str, Promise] = {
    "denied": _("{who} was refused: {what}"),
    "signed_in": _("{who} signed in"),
    "export": _("{who} exported {what}"),
    "closereason.added": _("{who} added the reason {what}"),
    "closereason.archived": _("{who} archived the reason {what}"),
    "closereason.edited": _("{who} changed the reason {what}"),
    "closereason.moved": _("{who} moved the reason {what} in the order"),
    "closereason.unarchived": _("{who} offers the reason {what} again"),
    "company.added": _("{who} added the company {what}"),
    "company.deleted": _("{who} deleted the company {what}"),
    "company.edited": _("{who} changed the company {what}"),
    "company.restored": _("{who} restored the company {what}"),
    "contact.added": _("{who} added the contact {what}"),
    "contact.deleted": _("{who} deleted the contact {what}"),
    "contact.edited": _("{who} changed the contact {what}"),
    "contact.restored": _("{who} restored the contact {what}"),
    "pipeline.added": _("{who} added the pipeline {what}"),
    "pipeline.archived": _("{who} archived the pipeline {what}"),
    "pipeline.edited": _("{who} changed the pipeline {what}"),
    "pipeline.moved": _("{who} moved the pipeline {what} in the order"),
    "pipeline.unarchived": _("{who} took the pipeline {what} back into use"),
    "quota.set": _("{who} set quotas of {what}"),
    "saved_view.changed": _("{who} changed the shared view {what}"),
    "saved_view.deleted": _("{who} deleted the shared view {what}"),
    "saved_view.shared": _("{who} shared the view {what}"),
    "stage.added": _("{who} added the stage {what}"),
    "stage.archived": _("{who} archived the stage {what}"),
    "stage.edited": _("{who} changed the stage {what}"),
    "stage.moved": _("{who} moved the stage {what} in the order"),
    "stage.unarchived": _("{who} took the stage {what} back into use"),
    "team.added": _("{who} added the team {what}"),
    "team.archived": _("{who} archived the team {what}"),
    "team.edited": _("{who} changed the team {what}"),
    "team.moved": _("{who} moved the team {what}"),
    "team.renamed": _("{who} renamed the team {what}"),
    "team.unarchived": _("{who} took the team {what} back into use"),
    "territory.added": _("{who} added the territory {what}"),
    "territory.edited": _("{who} changed the territory {what}"),
    "territory.member_added": _("{who} gave somebody work in the territory {what}"),
    "territory.member_ended": _("{who} ended somebody’s work in the territory {what}"),
    "territory.pinned": _("{who} pinned the company {what} to a territory"),
    "territory.released": _("{who} released the company {what} to the rules of territories"),
    "territory.reshaped": _("{who} applied changes to the territories of {what}"),
    "token.created": _("{who} made the API token {what}"),
    "token.revoked": _("{who} revoked the API token {what}"),
    "token_created": _("An API token was made on the command line for {what}"),
    "user.deactivated": _("{who} deactivated {what}"),
    "user.deputy_added": _("{who} gave {what} a deputy"),
    "user.deputy_ended": _("{who} ended the deputy of {what}"),
    "user.edited": _("{who} changed what is known about {what}"),
    "user.invitation_sent": _("{who} sent an invitation to {what}"),
    "user.invited": _("{who} invited {what}"),
    "user.profile_edited": _("{who} changed their own profile"),
    "user.reactivated": _("{who} reactivated {what}"),
    "user.role_changed": _("{who} changed the role of {what}"),
    "user.team_changed": _("{who} changed the team of {what}"),
    "workspace.edited": _("{who} changed the settings of {what}"),
}
# For an action that an extension records.
OTHER = _("{who}: {action} {what}")
NOBODY = _("The system")

# How kinds of records are called where people choose one.
SUBJECTS: dict[str, Promise] = {
    "closereason": _("Reasons"),
    "company": _("Companies"),
    "contact": _("Contacts"),
    "pipeline": _("Pipelines"),
    "stage": _("Stages"),
    "team": _("Teams"),
    "territory": _("Territories"),
    "user": _("People"),
    "workspace": _("Settings"),
}

# The page of a kind of record, whether it takes its id, and who may open it.
PAGES: dict[str, tuple[str, bool, Permission]] = {
    "closereason": ("reason-settings", False, Permission.STAGE_EDIT),
    "company": ("company", True, Permission.COMPANY_VIEW),
    "contact": ("contact", True, Permission.COMPANY_VIEW),
    "deal": ("deal", True, Permission.DEAL_VIEW),
    "pipeline": ("stage-settings", False, Permission.STAGE_EDIT),
    "stage": ("stage-settings", False, Permission.STAGE_EDIT),
    "team": ("team-edit", True, Permission.PEOPLE_EDIT),
    "territory": ("territory", True, Permission.TERRITORY_VIEW),
    "user": ("user-edit", True, Permission.PEOPLE_EDIT),
    "workspace": ("workspace-settings", False, Permission.WORKSPACE_EDIT),
}

# How kinds of acts are called where people choose one: the end of the action's name.
ACTS: dict[str, Promise] = {
    "added": _("Added"),
    "edited": _("Edited"),
    "archived": _("Archived"),
    "unarchived": _("Taken back into use"),
    "deleted": _("Deleted"),
    "restored": _("Restored"),
    "export": _("Exported"),
    "denied": _("Refused"),
    "signed_in": _("Signed in"),
    "invited": _("Invited"),
    "deactivated": _("Deactivated"),
    "role_changed": _("Role changed"),
    "team_changed": _("Team changed"),
    "set": _("Quota set"),
    "created": _("API token made"),
    "revoked": _("API token revoked"),
}

ICONS = {
    "added": "circle-plus",
    "archived": "package",
    "created": "key",
    "deactivated": "user-off",
    "deleted": "trash",
    "denied": "ban",
    "export": "download",
    "invited": "mail",
    "invitation_sent": "mail",
    "revoked": "key",
    "set": "target-arrow",
    "signed_in": "login",
    "token_created": "key",
}
USUAL_ICON = "pencil"

# Fields whose column has no name for people.
FIELDS: dict[str, Promise] = {
    "counts_in_win_rate": _("Counts in the win rate"),
    "currency": _("Currency"),
    "days": _("Days"),
    "deputy": _("Deputy"),
    "email": _("E-mail"),
    "expiry": _("Ends on"),
    "export_forbidden_for": _("No exports for"),
    "fiscal_start_month": _("First month of the fiscal year"),
    "holiday_country": _("Public holidays of"),
    "holiday_subdivision": _("State or province"),
    "is_active": _("Active"),
    "leaderboard": _("Leaderboards"),
    "name": _("Name"),
    "name_de": _("German name"),
    "needs_competitor": _("Asks for the competitor"),
    "outcome": _("Outcome"),
    "pace_behind": _("Behind"),
    "pace_far_behind": _("Far behind"),
    "parent": _("Part of"),
    "pipeline": _("Pipeline"),
    "probability": _("Probability"),
    "rep_visibility": _("What reps see"),
    "required_fields": _("Needed to enter"),
    "role": _("Role"),
    "scope": _("Rights"),
    "second_factor_required_for": _("Second factor required for"),
    "stages_of": _("Stages of"),
    "stalled_after_days": _("Stalled after days"),
    "team": _("Team"),
    "territory": _("Territory"),
    "time_zone": _("Time zone"),
}
# Bookkeeping that says nothing to a reader.
SILENT = frozenset({"archived_at", "version"})
