"""The panel of Today that tells how the month and the quarter go."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from crm.lib.periods import month_of
from pipeline.credit.attainment import Whose
from pipeline.credit.pace import WorkingDays, days_of
from pipeline.credit.standing import Standings, standings_of
from pipeline.deals.models import Deal
from pipeline.deals.states import ForecastCategory
from pipeline.deals.totals import Totals, totals
from teams.models import User, Workspace

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class PacePanel:
    """`committed` are the open deals in commit that are expected to close this month."""

    standings: Standings
    committed: Totals
    currency: str
    quarter_name: str

    @property
    def committed_share(self) -> Decimal | None:
        """Of the quota of the month."""
        month = self.standings.month
        return self.committed.value / month.attained.quota if month and month.attained.quota else None


def panel_for(reader: User, now: datetime) -> PacePanel | None:
    """None for people without a quota this quarter."""
    workspace = Workspace.get()
    today = workspace.today(now)
    standings = standings_of(reader, today)
    if standings is None:
        return None
    number = (today.month - workspace.fiscal_start_month) % 12 // 3 + 1
    committed = _committed(reader, standings.whose, today, now)
    return PacePanel(standings, committed, workspace.currency, f"Q{number}")


def _committed(reader: User, whose: Whose, today: date, now: datetime) -> Totals:
    month = month_of(today)
    deals = Deal.objects.reachable_by(reader).in_funnel().filter(forecast_category=ForecastCategory.COMMIT)
    deals = deals.filter(expected_close_date__gte=month.start, expected_close_date__lt=month.end)
    if whose.people is not None:
        deals = deals.filter(owner_id__in=whose.people)
    if whose.teams is not None:
        deals = deals.filter(team_id__in=whose.teams)
    return totals(deals, now)


def working_day(now: datetime) -> WorkingDays | None:
    """Which working day of the month today is; None on days off."""
    workspace = Workspace.get()
    today = workspace.today(now)
    month = month_of(today)
    days = days_of(month, today, workspace)
    return days if days.gone > days_of(month, today - ONE_DAY, workspace).gone else None
