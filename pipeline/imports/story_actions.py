"""The demo as a story: what the files record, shifted to today, and around it what a sales team would see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from random import Random

from django.db import transaction

from crm.lib.copying import copy_rows
from crm.lib.memo import remembering
from crm.lib.periods import midnight
from pipeline.activities.bulk import add_activities_in_bulk, add_notes_in_bulk
from pipeline.activities.models import Activity, Note
from pipeline.contacts.bulk import add_contacts_in_bulk
from pipeline.contacts.models import Company, Contact
from pipeline.coverage.actions import place
from pipeline.deals.models import Competitor, Deal, DealContact, LeadSource
from pipeline.imports import actions, people_actions
from pipeline.imports.deal_actions import Catalogue, write_deals
from pipeline.imports.inbox_actions import fill_inboxes
from pipeline.imports.maven import MavenFiles, Problem
from pipeline.imports.models import ImportBatch, ImportProblem
from pipeline.imports.people_actions import People
from pipeline.imports.story import texts
from pipeline.imports.story.activities import ActivityPlan, Diary, NotePlan
from pipeline.imports.story.deals import Outline, Storyteller, hand_over, plan
from pipeline.imports.story.people import CompanyPlan, company_plans, regions_by_office
from pipeline.imports.story.quotas import quotas
from pipeline.imports.story.timeline import Timeline
from pipeline.imports.territory_actions import set_up_territories
from pipeline.imports.view_actions import pin_views
from pipeline.stages.models import CloseReason, Outcome
from teams.models import User
from teams.quotas.actions import QuotaChange, set_quotas

SEED = "kontor"
ZONE, CURRENCY = "Europe/Berlin", "EUR"
# The demo sign-ins: the regional manager has taken over deals of her agents, the admin some of anybody.
MANAGER, REP = people_actions.SIGN_INS
ADMIN = people_actions.ADMIN[0]
TAKEN_OVER_BY_MANAGER, TAKEN_OVER_BY_ADMIN = 14, 8
BATCH = 2000
ROLES_ON_DEALS = (1, 1, 2, 3)


@dataclass(frozen=True)
class Story:
    """Everything that is going to be written, in names and instants."""

    outlines: list[Outline]
    companies: dict[str, CompanyPlan]
    activities: list[ActivityPlan]
    notes: list[NotePlan]


@transaction.atomic
def import_story(files: MavenFiles, *, at: datetime, language: str = "en") -> ImportBatch:
    """The files with dates shifted so that the last recorded day is yesterday, and a plausible life around them.

    The same files, day and language always give the same. Raises NotImportable with every problem found, Refused
    when there are deals already.
    """
    actions.check_importable(files)
    with remembering():
        workspace = people_actions.set_up_workspace(time_zone=ZONE, currency=CURRENCY)
        timeline = Timeline(files.last_day, at, workspace.zone)
        story = tell(files, timeline, language)
        people = people_actions.set_up_people(
            files.agents, time_zone=ZONE, at=at, language=language, selling_managers=[MANAGER]
        )
        batch = actions.begin_batch(name="CRM Sales Opportunities", by=people.admin, at=at)
        _keep_remarks(files.remarks, batch)
        begins = midnight(date.fromordinal(int(min(outline.created for outline in story.outlines))), workspace.zone)
        catalogue = _set_up_catalogue(files, story, people, at=begins, language=language)
        contacts = _write_contacts(story.companies, catalogue, people, at=begins)
        plans = [plan(outline, timeline) for outline in story.outlines]
        deals = write_deals(plans, catalogue=catalogue, people=people, batch=batch, by=people.admin, at=at)
        _write_roles(deals, contacts)
        _write_activities(story, deals, contacts, people, at=at)
        _write_quotas(files, story, timeline, people, at=at)
        signing_in = [people.users[name] for name in (ADMIN, MANAGER, REP)]
        fill_inboxes(signing_in, at=at)
        pin_views(signing_in)
        return actions.finish_batch(batch, files=files, at=at)


def tell(files: MavenFiles, timeline: Timeline, language: str) -> Story:
    """The whole story, without a look at the database. Each chapter has dice of its own."""
    outlines = Storyteller(files, timeline, language, _dice("deals")).outlines()
    dice, today = _dice("people"), timeline.today
    team = [agent.name for agent in files.agents if agent.manager == MANAGER and agent.name != REP]
    others = [agent.name for agent in files.agents if agent.manager != MANAGER]
    hand_over(outlines, agents=team, to=MANAGER, count=TAKEN_OVER_BY_MANAGER, today=today, rng=dice)
    hand_over(outlines, agents=others, to=ADMIN, count=TAKEN_OVER_BY_ADMIN, today=today, rng=dice)
    diary = Diary(timeline, language, _dice("diary"), featured=(MANAGER, REP, ADMIN))
    return Story(
        outlines=outlines,
        companies=company_plans(files, language=language, rng=dice),
        activities=list(diary.activities(outlines)),
        notes=list(diary.notes(outlines)),
    )


def _dice(chapter: str) -> Random:
    return Random(f"{SEED}:{chapter}")  # noqa: S311 - a story, no secret


def _keep_remarks(remarks: Sequence[Problem], batch: ImportBatch) -> None:
    rows = [
        ImportProblem(
            batch=batch,
            file=remark.file,
            row=remark.row,
            column=remark.column,
            code=remark.code,
            message=remark.message,
            is_error=False,
        )
        for remark in remarks
    ]
    copy_rows(rows)


def _set_up_catalogue(files: MavenFiles, story: Story, people: People, *, at: datetime, language: str) -> Catalogue:
    """Reasons, sources, competitors, stages and products, and the companies placed in their territories."""
    for outcome, reasons in ((Outcome.WON, texts.WON_REASONS), (Outcome.LOST, texts.LOST_REASONS)):
        CloseReason.objects.bulk_create(
            CloseReason(
                outcome=outcome,
                name=reason.label.en,
                name_de=reason.label.de,
                counts_in_win_rate=reason.counts_in_win_rate,
                needs_competitor=reason.needs_competitor,
                position=position,
            )
            for position, reason in enumerate(reasons, start=1)
        )
    more = {name: {**company.fields, "owner": people.users[company.owner]} for name, company in story.companies.items()}
    catalogue = actions.set_up_catalogue(files, by=people.admin, at=at, stages=texts.STAGES, more=more)
    sources = [LeadSource(name=source.en, name_de=source.de) for source in texts.SOURCES]
    competitors = [Competitor(name=name) for name in texts.COMPETITORS]
    catalogue.sources.update({source.name: source for source in LeadSource.objects.bulk_create(sources)})
    catalogue.competitors.update({one.name: one for one in Competitor.objects.bulk_create(competitors)})
    rules = regions_by_office(files, story.companies)
    set_up_territories(files.agents, rules, people=people, at=at, language=language)
    place(Company.objects.all(), by=people.admin, at=at)
    for company in Company.objects.select_related("territory"):
        catalogue.companies[company.name] = company
    return catalogue


def _write_contacts(
    companies: Mapping[str, CompanyPlan], catalogue: Catalogue, people: People, *, at: datetime
) -> dict[int, list[tuple[Contact, str]]]:
    """The contacts of each company by its id, each with the role she usually has."""
    planned = [(name, contact) for name, company in companies.items() for contact in company.contacts]
    rows = [
        Contact(
            first_name=contact.first_name,
            last_name=contact.last_name,
            job_title=contact.job_title,
            company=catalogue.companies[name],
            email=contact.email,
            phone=contact.phone,
            owner=people.users[companies[name].owner],
            is_demo=True,
            created_at=at,
            created_by=people.admin,
            changed_at=at,
        )
        for name, contact in planned
    ]
    found: dict[int, list[tuple[Contact, str]]] = {}
    for row, (name, contact) in zip(add_contacts_in_bulk(rows), planned, strict=True):
        found.setdefault(catalogue.companies[name].pk, []).append((row, contact.role))
    return found


def _write_roles(deals: Sequence[Deal], contacts: Mapping[int, list[tuple[Contact, str]]]) -> None:
    """Who takes part in the decisions about deals that are open."""
    dice = _dice("roles")
    rows = []
    for deal in deals:
        if deal.is_open and deal.company_id:
            known = contacts[deal.company_id]
            chosen = dice.sample(known, min(len(known), dice.choice(ROLES_ON_DEALS)))
            rows += [DealContact(deal=deal, contact=contact, role=role) for contact, role in chosen]
    DealContact.objects.bulk_create(rows, batch_size=BATCH)


def _write_activities(
    story: Story,
    deals: Sequence[Deal],
    contacts: Mapping[int, list[tuple[Contact, str]]],
    people: People,
    *,
    at: datetime,
) -> None:
    activities = [
        _activity(planned, deals[planned.deal] if planned.deal is not None else None, contacts, people.users)
        for planned in story.activities
    ]
    add_activities_in_bulk(activities, at=at)
    notes = [
        Note(
            body=planned.body,
            author=people.users[planned.who],
            deal=deals[planned.deal],
            pinned_at=planned.at if planned.pinned else None,
            is_demo=True,
            created_at=planned.at,
            changed_at=planned.at,
        )
        for planned in story.notes
    ]
    add_notes_in_bulk(notes)


def _activity(
    planned: ActivityPlan,
    deal: Deal | None,
    contacts: Mapping[int, list[tuple[Contact, str]]],
    users: Mapping[str, User],
) -> Activity:
    known = contacts[deal.company_id] if deal and deal.company_id else []
    who = users[planned.who]
    return Activity(
        kind=planned.kind,
        subject=planned.subject,
        assignee=who,
        deal=deal,
        contact=known[planned.contact % len(known)][0] if known else None,
        due_on=planned.due_on,
        due_at=planned.due_at,
        duration_minutes=planned.minutes,
        text=planned.text,
        outcome=planned.outcome,
        done_at=planned.done_at,
        done_by=who if planned.done_at else None,
        reminder_offsets=list(planned.offsets),
        is_demo=True,
        created_at=planned.created_at,
        created_by=who,
        changed_at=planned.done_at or planned.created_at,
    )


def _write_quotas(files: MavenFiles, story: Story, timeline: Timeline, people: People, *, at: datetime) -> None:
    agents = [agent.name for agent in files.agents]
    amounts = quotas(story.outlines, agents, timeline=timeline, rng=_dice("quotas"))
    changes = [QuotaChange(people.users[agent], month, amount) for (agent, month), amount in amounts.items()]
    set_quotas(by=people.admin, at=at, changes=changes)
