"""Choosing a company by its name, among those that a person may see."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.lib.text import whole_number
from pipeline.contacts.models import Company, Contact

MOST_SUGGESTED = 8
MOST_OFFERED = 20
LONGEST = 160
WHICH = _("Choose the company you mean.")
NO_SUCH = _("There is no company of this name within your reach.")


def suggested(words: str, *, by: Any) -> list[Company]:
    """Companies within reach whose name holds what was typed; none before the second letter."""
    words = words.replace("\x00", "").strip()[:LONGEST]
    if len(words) < 2:
        return []
    return list(Company.objects.live().reachable_by(by).matching(words).by_name()[:MOST_SUGGESTED])


def called(words: str, *, by: Any) -> list[Company]:
    """The companies within reach that typed words may mean: those of this name, else those whose name holds them."""
    words = words.replace("\x00", "").strip()[:LONGEST]
    within_reach = Company.objects.live().reachable_by(by).by_name()
    of_this_name = list(within_reach.filter(name__iexact=words)[:MOST_OFFERED])
    return of_this_name or list(within_reach.matching(words)[:MOST_OFFERED])


def is_meant(words: str, companies: list[Company]) -> bool:
    """Whether the words leave no doubt: one company, of exactly this name."""
    return len(companies) == 1 and companies[0].name.casefold() == words.strip().casefold()


def known(company_id: int | None, *, by: Any) -> Company | None:
    """The company as far as the person may know it, also from the bin."""
    if company_id is None:
        return None
    return Company.objects.reachable_by(by).filter(pk=company_id).first()


class RelatedCompanyForm(forms.Form):
    """The editor of a company on another record: its name, and a choice where the name fits several.

    Nothing typed means no company, except where there is one that the person may not know: that one stays.
    """

    def __init__(self, row: Company | Contact, name: str, data: Any = None, *, by: Any) -> None:
        self.name, self.by = name, by
        self.stored_id: int | None = getattr(row, f"{name}_id")
        self.stored = known(self.stored_id, by=by)
        super().__init__(data, initial={name: self.stored.name if self.stored else ""})
        self.fields[name] = forms.CharField(required=False, max_length=LONGEST)
        self.fields[name].widget.attrs |= {"list": self.list_id, "autocomplete": "off"}
        self.fields["chosen"] = forms.CharField(required=False, widget=forms.Select)
        self.matches: list[Company] = []

    @property
    def list_id(self) -> str:
        return f"{self.name}-companies"

    @property
    def shown(self) -> forms.BoundField:
        """What the person answers next: the name, or which of several is meant."""
        return self["chosen"] if self.is_choice else self[self.name]

    @property
    def is_choice(self) -> bool:
        return bool(self.matches)

    @property
    def words(self) -> str:
        return str(self.data.get(self.name, ""))

    @property
    def answer(self) -> tuple[str, str]:
        """The name and value of the input that says the same again."""
        chosen = self.data.get("chosen", "")
        return ("chosen", chosen) if chosen else (self.name, self.words)

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        if self.errors:
            return facts
        if facts["chosen"]:
            return {self.name: self._chosen(facts["chosen"])}
        if facts[self.name]:
            return {self.name: self._called(facts[self.name])}
        return {} if self.stored is None and self.stored_id is not None else {self.name: None}

    def _chosen(self, key: str) -> Company | None:
        pk = whole_number(key)
        found = Company.objects.live().reachable_by(self.by).filter(pk=pk).first() if pk is not None else None
        if found is None:
            self.add_error(self.name, NO_SUCH)
        return found

    def _called(self, words: str) -> Company | None:
        """The one company of this name; where there is none or several, a choice or the sentence about it."""
        found = called(words, by=self.by)
        if is_meant(words, found):
            return found[0]
        self.matches = found
        if not self.matches:
            self.add_error(self.name, NO_SUCH)
            return None
        self.fields["chosen"].widget.choices = choices_of(self.matches)  # type: ignore[attr-defined]
        self.add_error("chosen", WHICH)
        return None


def choices_of(companies: list[Company]) -> list[tuple[str, Any]]:
    """Companies to choose one of, told apart by their towns."""
    offered = [(str(one.pk), f"{one.name}, {one.city}" if one.city else one.name) for one in companies]
    return [("", _("Choose a company")), *offered]
