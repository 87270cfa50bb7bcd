"""A small company in which things happen in any order, for what must hold whatever happened."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st

from crm.lib.errors import Refused
from crm.lib.memo import remembering
from pipeline.deals import actions
from pipeline.deals.follow import follow_team, place_deals
from pipeline.deals.people_actions import add_collaborator
from pipeline.models import CloseReason, Deal
from reporting.metrics.population import Scope
from teams.models import ExchangeRate, TeamMembership
from tests import factories
from tests.factories import NOW

VERBS = [
    "move",
    "date back",
    "win",
    "lose",
    "excuse",
    "reopen",
    "undo",
    "reassign",
    "share",
    "team",
    "territory",
    "revalue",
    "archive",
    "delete",
    "restore",
]
STEPS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, 2), st.integers(0, 5), st.integers(1, 90)), max_size=14
)
NARROWINGS = ["nothing", "owner", "team", "territory", "pipeline"]


class World:
    """Three deals of two reps in two teams below one, in two territories and two currencies."""

    def __init__(self):
        factories.make_workspace()
        ExchangeRate.objects.create(currency="USD", rate=Decimal("1.25"), valid_from=NOW.date() - timedelta(days=900))
        self.pipeline = factories.make_pipeline()
        self.top = factories.make_team("Top")
        self.teams = [factories.make_team("North", self.top), factories.make_team("South", self.top)]
        self.reps = [factories.make_user(team=team) for team in self.teams]
        self.manager = factories.make_user("manager", manages=self.teams[0])
        self.admin = factories.make_user("admin")
        above = factories.make_territory("Above")
        self.territories = [above, factories.make_territory("Below", parent=above)]
        self.companies = [factories.make_company(territory=self.territories[0]) for _number in range(3)]
        self.counting = CloseReason.objects.get(outcome="lost", code="not_recorded")
        self.excused = factories.make_reason("lost", counts_in_win_rate=False)
        self.start = NOW - timedelta(days=60)
        self.deals = [
            factories.make_deal(
                self.reps[number % 2], value=value, currency=currency, at=self.start, company=self.companies[number]
            ).pk
            for number, (value, currency) in enumerate([(1000, "EUR"), (None, "EUR"), (700, "USD")])
        ]
        self.now = self.start

    def live(self, steps):
        for verb, deal, choice, hours in steps:
            self.now += timedelta(hours=hours)
            with remembering():
                try:
                    self.do(verb, self.deals[deal], choice)
                except (Refused, Deal.DoesNotExist):
                    continue
        self.now += timedelta(hours=1)

    def do(self, verb, deal_id, choice):
        known = {"deal_id": deal_id, "by": self.admin, "at": self.now, "version": None}
        deal = Deal.objects.get(pk=deal_id)
        {
            "move": lambda: actions.move_to_stage(
                stage_id=self.pipeline.stages.get(position=1 + choice % 3).pk, note="as it happens", **known
            ),
            "date back": lambda: actions.move_to_stage(
                stage_id=self.pipeline.stages.get(position=1 + choice % 3).pk,
                occurred_at=self.now - timedelta(hours=8 * choice),
                fields={"value": Decimal(50 * choice)},
                note="as it happened",
                **known,
            ),
            "win": lambda: actions.win(**known),
            "lose": lambda: actions.lose(reason=self.counting, **known),
            "excuse": lambda: actions.lose(reason=self.excused, **known),
            "reopen": lambda: actions.reopen(reason="they called", **known),
            "reassign": lambda: actions.reassign(owner=self.reps[choice % 2], **known),
            "undo": lambda: self.undo(deal),
            "share": lambda: add_collaborator(user=self.reps[choice % 2], **known),
            "team": lambda: self.change_team(self.reps[choice % 2], self.teams[choice // 3]),
            "territory": lambda: self.place(deal.company, self.territories[choice % 2]),
            "revalue": lambda: actions.edit_deal(changes={"value": Decimal(choice * 100) if choice else None}, **known),
            "archive": lambda: (actions.unarchive if deal.archived_at else actions.archive)(**known),
            "delete": lambda: actions.delete(**known),
            "restore": lambda: actions.restore(**known),
        }[verb]()

    def undo(self, deal):
        """As it would have been done a moment after the last change."""
        last = deal.events.latest("pk")
        moment = last.recorded_at + timedelta(minutes=5)
        actions.undo(deal_id=deal.pk, event_id=last.pk, by=self.admin, at=moment)

    def change_team(self, rep, team):
        TeamMembership.objects.filter(user=rep).update(team=team)
        follow_team([rep.pk], by=self.admin, at=self.now)

    def place(self, company, territory):
        company.territory = territory
        company.save()
        place_deals([company.pk], by=self.admin, at=self.now)

    def scope(self, reader, narrowing):
        chosen = {
            "nothing": {},
            "owner": {"owner": self.reps[0].pk},
            "team": {"team": self.teams[0].pk},
            "territory": {"territory": self.territories[1].pk},
            "pipeline": {"pipeline": self.pipeline.pk},
        }
        return Scope(reader, **chosen[narrowing])
