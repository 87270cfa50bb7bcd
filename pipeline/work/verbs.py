"""What can be done with a deal, by the word in the address."""

from pipeline.work import forms, part_forms
from pipeline.work.log_form import LogForm

FORMS: dict[str, type[forms.VerbForm]] = {
    "reopen": forms.ReopenForm,
    "archive": forms.ArchiveForm,
    "unarchive": forms.UnarchiveForm,
    "delete": forms.DeleteForm,
    "restore": forms.RestoreForm,
    "reassign": forms.ReassignForm,
    "change-pipeline": forms.PipelineForm,
    "log": LogForm,
    "contact-add": part_forms.AddContactForm,
    "contact": part_forms.ChangeContactForm,
    "contact-remove": part_forms.RemoveContactForm,
    "collaborator-add": part_forms.AddCollaboratorForm,
    "collaborator-remove": part_forms.RemoveCollaboratorForm,
    "line-add": part_forms.AddLineForm,
    "line": part_forms.ChangeLineForm,
    "line-remove": part_forms.RemoveLineForm,
}
