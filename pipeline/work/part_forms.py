"""The forms about people, colleagues and products of a deal. `part` is the contact, person or line they are about."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from crm.lib.text import SingleLine, whole_number
from crm.templatetags.formats import money_cents
from pipeline.contacts.actions import add_contact as make_contact
from pipeline.contacts.models import Company, Contact
from pipeline.deals import line_item_actions, people_actions
from pipeline.deals.forms import AmountField
from pipeline.deals.models import Deal, Product
from pipeline.deals.states import ContactRole
from pipeline.work.forms import VerbForm
from teams.models import User, Workspace

MOST_OFFERED = 20
NEW_CONTACT = ("first_name", "last_name", "job_title", "email")


class RoleForm(VerbForm):
    """What a person of the customer has to do with the deal."""

    role = forms.ChoiceField(label=_("Role"), choices=ContactRole.choices, initial=ContactRole.OTHER)
    is_primary = forms.BooleanField(label=_("We talk to this person first"), required=False)


class AddContactForm(RoleForm):
    """Somebody known, found by name, or a new contact at the deal's company."""

    title, submit, done = _("Add contact"), _("Add contact"), _("Contact added")
    template = "pipeline/deal/add_contact.html"
    field_order = ("contact", "q", *NEW_CONTACT, "role", "is_primary")
    contact = forms.ModelChoiceField(
        Contact.objects.none(), label=_("Contact"), required=False, widget=forms.RadioSelect, empty_label=None
    )
    q = forms.CharField(
        label=_("Search by name"), required=False, max_length=100, widget=forms.TextInput({"type": "search"})
    )
    first_name = Contact._meta.get_field("first_name").formfield(validators=[SingleLine()])
    last_name = Contact._meta.get_field("last_name").formfield(required=False, validators=[SingleLine()])
    job_title = Contact._meta.get_field("job_title").formfield(validators=[SingleLine()])
    email = Contact._meta.get_field("email").formfield()

    def prepare(self, deal: Deal, by: User, now: datetime) -> None:
        offered = Contact.objects.live().reachable_by(by).exclude(pk__in=deal.people.values("contact_id"))
        words = str(self.data.get("q", "")).strip()
        found = offered.matching(words) if words else offered.filter(company=deal.company_id, company__isnull=False)
        chosen = whole_number(str(self.data.get("contact", "")))
        shown = [contact.pk for contact in found.by_name()[:MOST_OFFERED]]
        shown += [] if chosen is None else [chosen]
        field: Any = self.fields["contact"]
        field.queryset = offered.filter(pk__in=shown).with_employer(by).by_name()
        field.label_from_instance = _with_company
        self.found = len(shown)

    @property
    def new_contact(self) -> list[forms.BoundField]:
        return [self[name] for name in NEW_CONTACT]

    @property
    def is_search(self) -> bool:
        """Whether the person asked for other people to choose from."""
        return "search" in self.data

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean() or {}
        if not fields.get("contact") and not fields.get("last_name") and not self.errors:
            self.add_error("contact", _("Choose a contact or enter the last name of a new one."))
        return fields

    def carry_out(self, *, deal: Deal, by: User, at: datetime) -> None:
        facts = self.cleaned_data
        contact = facts["contact"] or self._made(deal, by, at)
        people_actions.add_contact(
            deal_id=deal.pk,
            contact=contact,
            by=by,
            at=at,
            version=facts["version"],
            role=facts["role"],
            is_primary=facts["is_primary"],
        )

    def _made(self, deal: Deal, by: User, at: datetime) -> Contact:
        company = Company.objects.live().reachable_by(by).filter(pk=deal.company_id or 0).first()
        return make_contact(by=by, at=at, company=company, **{name: self.cleaned_data[name] for name in NEW_CONTACT})


class ChangeContactForm(RoleForm):
    title, submit, done = _("Role in this deal"), _("Save"), _("Role changed")
    remove_name = "deal-contact-remove"

    def prepare(self, deal: Deal, by: User, now: datetime) -> None:
        row = deal.people.select_related("contact").get(contact_id=self.part)
        self.initial.update({"role": row.role, "is_primary": row.is_primary})
        if Contact.objects.reachable_by(by).filter(pk=row.contact_id).exists():
            self.about = row.contact.name

    def carry_out(self, *, deal: Deal, by: User, at: datetime) -> None:
        people_actions.change_contact(deal_id=deal.pk, contact_id=self.part, by=by, at=at, **self.cleaned_data)


class RemoveContactForm(VerbForm):
    title, submit, done, danger = _("Remove contact from deal"), _("Remove"), _("Contact removed"), True

    def prepare(self, deal: Deal, by: User, now: datetime) -> None:
        deal.people.get(contact_id=self.part)

    def carry_out(self, *, deal: Deal, by: User, at: datetime) -> None:
        people_actions.remove_contact(deal_id=deal.pk, contact_id=self.part, by=by, at=at, **self.cleaned_data)


class AddCollaboratorForm(VerbForm):
    title, submit, done = _("Add collaborator"), _("Add collaborator"), _("Collaborator added")
    user = forms.ModelChoiceField(User.objects.none(), label=_("Colleague"), empty_label=_("Choose a person"))
    can_edit = forms.BooleanField(label=_("May change the deal"), required=False, initial=True)

    def prepare(self, deal: Deal, by: User, now: datetime) -> None:
        people = User.objects.active().exclude(pk=deal.owner_id).exclude(pk__in=deal.collaborations.values("user_id"))
        self.fields["user"].queryset = people.by_name()  # type: ignore[attr-defined]

    def carry_out(self, *, deal: Deal, by: User, at: datetime) -> None:
        people_actions.add_collaborator(deal_id=deal.pk, by=by, at=at, **self.cleaned_data)


class RemoveCollaboratorForm(VerbForm):
    title, submit, done, danger = _("Remove collaborator"), _("Remove"), _("Collaborator removed"), True

    def prepare(self, deal: Deal, by: User, now: datetime) -> None:
        self.about = deal.collaborations.select_related("user").get(user_id=self.part).user.name

    def carry_out(self, *, deal: Deal, by: User, at: datetime) -> None:
        people_actions.remove_collaborator(deal_id=deal.pk, user_id=self.part, by=by, at=at, **self.cleaned_data)


class LineForm(VerbForm):
    """A product line; amounts as people type them, in the deal's currency."""

    product = forms.ModelChoiceField(Product.objects.none(), label=_("Product"), empty_label=_("Choose a product"))
    quantity = AmountField(label=_("Quantity"), widget=forms.TextInput({"inputmode": "decimal", "class": "input num"}))
    unit_price = AmountField(
        label=_("Unit price"), required=False, widget=forms.TextInput({"inputmode": "decimal", "class": "input num"})
    )
    discount_percent = AmountField(
        label=_("Discount in percent"),
        required=False,
        widget=forms.TextInput({"inputmode": "decimal", "class": "input num"}),
    )

    def prepare(self, deal: Deal, by: User, now: datetime) -> None:
        self.deal = deal
        self.is_list_currency = deal.currency == Workspace.get().currency
        field: Any = self.fields["product"]
        field.queryset = Product.objects.filter(archived_at__isnull=True).order_by("name", "pk")
        field.label_from_instance = self._with_price

    def clean_discount_percent(self) -> Decimal:
        discount: Decimal | None = self.cleaned_data["discount_percent"]
        return Decimal(0) if discount is None else discount

    def _with_price(self, product: Product) -> str:
        if product.list_price is None or not self.is_list_currency:
            return str(product.label)
        return f"{product.label} · {money_cents(product.list_price, self.deal.currency)}"


class AddLineForm(LineForm):
    title, submit, done = _("Add product"), _("Add product"), _("Product added")

    def prepare(self, deal: Deal, by: User, now: datetime) -> None:
        super().prepare(deal, by, now)
        self.initial["quantity"] = "1"
        if self.is_list_currency:
            self.fields["unit_price"].help_text = _("Leave this empty to take the list price.")

    def carry_out(self, *, deal: Deal, by: User, at: datetime) -> None:
        facts = dict(self.cleaned_data)
        if facts["unit_price"] is None and self.is_list_currency:
            facts["unit_price"] = facts["product"].list_price
        line_item_actions.add_line(deal_id=deal.pk, by=by, at=at, **facts)


class ChangeLineForm(LineForm):
    title, submit, done = _("Change product line"), _("Save"), _("Product line changed")
    remove_name = "deal-line-remove"

    def prepare(self, deal: Deal, by: User, now: datetime) -> None:
        super().prepare(deal, by, now)
        row = deal.line_items.select_related("product").get(pk=self.part)
        field: Any = self.fields["product"]
        field.queryset = field.queryset | Product.objects.filter(pk=row.product_id)
        self.about = row.product.label
        self.initial.update(
            {
                "product": row.product_id,
                "quantity": _typed(row.quantity),
                "unit_price": _typed(row.unit_price),
                "discount_percent": _typed(row.discount_percent) if row.discount_percent else "",
            }
        )
        self.fields["unit_price"].help_text = _("While this is empty, the line adds nothing to the value.")

    def carry_out(self, *, deal: Deal, by: User, at: datetime) -> None:
        changes = dict(self.cleaned_data)
        version = changes.pop("version")
        line_item_actions.change_line(
            deal_id=deal.pk, line_id=self.part, by=by, at=at, version=version, changes=changes
        )


class RemoveLineForm(VerbForm):
    title, submit, done, danger = _("Remove product line"), _("Remove"), _("Product line removed"), True

    def prepare(self, deal: Deal, by: User, now: datetime) -> None:
        self.about = deal.line_items.select_related("product").get(pk=self.part).product.label

    def carry_out(self, *, deal: Deal, by: User, at: datetime) -> None:
        line_item_actions.remove_line(deal_id=deal.pk, line_id=self.part, by=by, at=at, **self.cleaned_data)


def _typed(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:f}".removesuffix(".00")


def _with_company(contact: Any) -> str:
    words = (contact.name, contact.job_title, contact.employer)
    return ", ".join(word for word in words if word) or _now("Contact")
