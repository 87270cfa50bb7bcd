"""Where the companies of the story have their offices, and who works there. Nobody of them exists."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from pipeline.imports.maven import CompanyRow, MavenFiles
from pipeline.imports.story import texts

HOME = "US"
# Telephone numbers that are kept free for fiction: 555-0100 to 555-0199, and one range of Berlin.
FICTIONAL_US, FICTIONAL_DE = "+1{area}55501{number:02}", "+493023125{number:03}"
FEWEST, MOST = 2, 5


@dataclass(frozen=True)
class ContactPlan:
    """`role` is what she usually is in a decision."""

    first_name: str
    last_name: str
    job_title: str
    role: str
    email: str
    phone: str


@dataclass(frozen=True)
class CompanyPlan:
    """What the story adds to a company: fields, the office that sells most to it, the agent who looks after it."""

    fields: Mapping[str, Any]
    office: str
    owner: str
    contacts: tuple[ContactPlan, ...]


def company_plans(files: MavenFiles, *, language: str, rng: Random) -> dict[str, CompanyPlan]:
    """Each company by name."""
    sellers: dict[str, Counter[str]] = defaultdict(Counter)
    for row in files.deals:
        sellers[row.company][row.agent] += 1
    offices = {agent.name: agent.office for agent in files.agents}
    names = [(first, last) for first in texts.FIRST_NAMES for last in texts.LAST_NAMES]
    rng.shuffle(names)
    plans = {}
    for number, company in enumerate(files.companies):
        agents = sellers[company.name] or Counter({files.agents[0].name: 1})
        by_office: Counter[str] = Counter()
        for agent, deals in agents.items():
            by_office[offices[agent]] += deals
        office = by_office.most_common(1)[0][0]
        state, town, area = rng.choice(texts.STATES[office])
        jobs = rng.sample(texts.JOB_TITLES, rng.randint(FEWEST, MOST))
        contacts = tuple(
            _contact(company, names.pop(), job, number=(number * MOST + index) % 100, area=area, language=language)
            for index, job in enumerate(jobs)
        )
        fields: dict[str, Any] = {"website": f"https://{_domain(company.name)}"}
        if company.country == HOME:
            fields |= {"region": state, "city": town, "phone": FICTIONAL_US.format(area=area, number=number % 100)}
        plans[company.name] = CompanyPlan(fields, office, agents.most_common(1)[0][0], contacts)
    return plans


def regions_by_office(files: MavenFiles, plans: Mapping[str, CompanyPlan]) -> dict[str, list[list[dict[str, Any]]]]:
    """The rules of the offices' territories: states at home, and the countries of the companies they sell to abroad."""
    rules = {}
    for office, states in texts.STATES.items():
        countries = {row.country for row in files.companies if plans[row.name].office == office} - {HOME}
        at_home = [_is_in("country", [HOME]), _is_in("region", [state for state, _town, _area in states])]
        rules[office] = [at_home, *([[_is_in("country", sorted(countries))]] if countries else [])]
    return rules


def _is_in(field: str, values: list[str]) -> dict[str, Any]:
    return {"field": field, "operator": "in", "values": values}


def _contact(
    company: CompanyRow, name: tuple[str, str], job: tuple[str, texts.Phrase], *, number: int, area: int, language: str
) -> ContactPlan:
    """`number` keeps telephone numbers apart."""
    (first, last), (role, title) = name, job
    mailbox = f"{_ascii(first)}.{_ascii(last)}"
    phones = {"US": FICTIONAL_US.format(area=area, number=number), "DE": FICTIONAL_DE.format(number=number)}
    email, phone = f"{mailbox}@{_domain(company.name)}", phones.get(company.country, "")
    return ContactPlan(first, last, title(language), role, email, phone)


def _domain(company: str) -> str:
    return f"{re.sub('[^a-z0-9]+', '-', company.lower()).strip('-')}.example"


def _ascii(name: str) -> str:
    for umlaut, plain in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        name = name.replace(umlaut, plain)
    return name.lower()
