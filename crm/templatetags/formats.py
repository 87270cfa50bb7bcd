"""Numbers, money and dates in the active language. What is not known prints a dash, never a zero.

Shares are fractions (0.57 is 57%). Money has no cents unless the filter says so.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache, wraps

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import get_currency_symbol
from django import template
from django.utils import timezone
from django.utils.translation import get_language, gettext_noop, ngettext, pgettext
from django.utils.translation import gettext as _

register = template.Library()

Number = int | float | Decimal

UNKNOWN = "–"
MINUS = "\u2212"
SPACE = "\u00a0"
# A date further away than this is printed with its year.
NEAR = timedelta(days=335)
# From which amount on, decimals, suffix. A rule of the design, not the habit of the languages.
COMPACT = {
    "en": ((10**9, 2, "bn"), (10**6, 2, "m"), (10**5, 0, "k"), (10**3, 1, "k")),
    "de": (
        (10**9, 2, f"{SPACE}Mrd."),
        (10**6, 2, f"{SPACE}Mio."),
        (10**5, 0, f"{SPACE}Tsd."),
        (10**3, 1, f"{SPACE}Tsd."),
    ),
}
AROUND_TODAY = {-1: gettext_noop("Yesterday"), 0: gettext_noop("Today"), 1: gettext_noop("Tomorrow")}
GERMAN_SEPARATORS = str.maketrans(",.", ".,")
UNITS = {"bn": 10**9, "Mrd.": 10**9, "m": 10**6, "Mio.": 10**6, "k": 10**3, "Tsd.": 10**3}
PATTERNS = {
    "en": {"day": "d MMM", "year": "d MMM y", "card": "ccc d", "weekday": "ccc d MMM", "long": "EEEE d MMMM"},
    "de": {"day": "d. MMM", "year": "d. MMM y", "card": "ccc d.", "weekday": "ccc d. MMM", "long": "EEEE, d. MMMM"},
}


def language() -> str:
    """The active language, as far as we speak it."""
    return "de" if (get_language() or "").startswith("de") else "en"


def _locale() -> Locale:
    return _parsed_locale("de_DE" if language() == "de" else "en")


# A board prints a thousand numbers and dates, most of them again and again: what babel works out is kept.


@cache
def _parsed_locale(name: str) -> Locale:
    return Locale.parse(name)


@lru_cache(maxsize=512)
def _symbol(currency: str, locale: Locale) -> str:
    return get_currency_symbol(currency, locale=locale)


def or_dash(format_value: Callable[..., str]) -> Callable[..., str]:
    """Make a formatter print a dash for what is not known."""

    @wraps(format_value)
    def filtered(value: object, *arguments: object) -> str:
        return UNKNOWN if value is None or value == "" else format_value(value, *arguments)

    return filtered


def kept(format_value: Callable[..., str]) -> Callable[..., str]:
    """Remember what a formatter made of its values in each language. Not for those that look at the time zone."""

    @lru_cache(maxsize=8192)
    def made(_language: str, *arguments: object) -> str:
        return format_value(*arguments)

    @wraps(format_value)
    def filtered(*arguments: object) -> str:
        return made(language(), *arguments)

    return filtered


def _rounded(value: Number, decimals: int) -> Decimal:
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def _signed(value: Decimal, digits: str, *, plus: bool = False) -> str:
    if value < 0:
        return MINUS + digits
    return "+" + digits if plus and value > 0 else digits


def _digits(value: Decimal, decimals: int) -> str:
    """The absolute value with grouping and exactly these decimals."""
    digits = f"{abs(value):,.{decimals}f}"
    return digits.translate(GERMAN_SEPARATORS) if language() == "de" else digits


def _with_currency(value: Decimal, digits: str, currency: str) -> str:
    symbol = _symbol(currency, _locale())
    if language() == "de":
        return _signed(value, f"{digits}{SPACE}{symbol}")
    return _signed(value, f"{symbol}{SPACE if symbol[-1].isalpha() else ''}{digits}")


@register.filter
@or_dash
def number(value: Number, decimals: int = 0) -> str:
    """1,040 and 1.040; with decimals 3.4 and 3,4."""
    rounded = _rounded(value, decimals)
    return _signed(rounded, _digits(rounded, decimals))


@register.filter
@or_dash
def signed(value: Number, decimals: int = 0) -> str:
    """+3, −6 and ±0: a difference."""
    rounded = _rounded(value, decimals)
    return _signed(rounded, _digits(rounded, decimals), plus=True) if rounded else "±0"


@register.filter
@or_dash
@kept
def money(value: Number, currency: str = "EUR") -> str:
    """€71,500 and 71.500 €."""
    rounded = _rounded(value, 0)
    return _with_currency(rounded, _digits(rounded, 0), currency)


@register.filter
@or_dash
@kept
def country(code: str) -> str:
    """Germany and Deutschland for DE; a code that nobody knows stays."""
    return str(_locale().territories.get(code, code))


@register.filter
@or_dash
def money_cents(value: Number, currency: str = "EUR") -> str:
    """€5,608.40 and 5.608,40 €: product lines and offers."""
    rounded = _rounded(value, 2)
    return _with_currency(rounded, _digits(rounded, 2), currency)


@register.filter
@or_dash
def compact_money(value: Number, currency: str = "EUR") -> str:
    """€30.6k, €886k, €4.06m and 30,6 Tsd. €. For summaries and charts; the exact amount belongs into the name."""
    return _compact(value, currency)


@register.filter
def sharing_unit(amount: str, other: str) -> str:
    """61,4 before “/ 92,0 Tsd. €”: a German amount without the unit that the one beside it has too."""
    digits, _space, unit = amount.partition(SPACE)
    return digits if unit and language() == "de" and other.partition(SPACE)[2] == unit else amount


@register.filter
@or_dash
def axis_money(value: Number, currency: str = "EUR") -> str:
    """€3m, €2.5m and €800k: the round figures of an axis."""
    return _compact(value, currency, bare=True) if value else "0"


def _compact(value: Number, currency: str, *, bare: bool = False) -> str:
    amount = Decimal(str(value))
    # 999,600 is a million to the reader, so the scale is found after rounding to thousands.
    size = abs(_rounded(amount, -3)) if abs(amount) >= 10**5 else abs(amount)
    for least, decimals, suffix in COMPACT[language()]:
        if size >= least:
            scaled = _rounded(amount / UNITS[suffix.strip(SPACE)], decimals)
            shown = -min(int(scaled.normalize().as_tuple().exponent), 0) if bare else decimals
            return _with_currency(scaled, _digits(scaled, shown) + suffix, currency)
    return money(value, currency)


@register.filter
@or_dash
def percent(share: Number, decimals: int = 0) -> str:
    """57% and 57 % for 0.57; one decimal only for rates."""
    value = _rounded(Decimal(str(share)) * 100, decimals)
    digits = _digits(value, decimals)
    return _signed(value, f"{digits}{SPACE}%" if language() == "de" else f"{digits}%")


@register.filter
@or_dash
def percentage(value: Number, decimals: int = 0) -> str:
    """57% and 57 % for 57."""
    return percent(Decimal(str(value)) / 100, decimals)


@register.filter
@or_dash
def points(difference: Number, decimals: int = 1) -> str:
    """+1.9 pts and +1,9 Punkte: the difference of two shares, 0.019."""
    return _("%(number)s pts") % {"number": signed(Decimal(str(difference)) * 100, decimals)}


@register.filter
@or_dash
@kept
def days(count: int) -> str:
    """19 d and 19 T."""
    return pgettext("short duration", "%(count)s d") % {"count": number(count)}


@register.filter
@or_dash
def days_long(count: int) -> str:
    """46 days and 46 Tage."""
    return ngettext("%(count)s day", "%(count)s days", int(count)) % {"count": number(count)}


@register.filter
@or_dash
def days_exact(count: Number) -> str:
    """46.2 d: a mean of durations."""
    return pgettext("short duration", "%(count)s d") % {"count": number(count, 1)}


@register.filter
@or_dash
@kept
def late(count: int) -> str:
    """5 d late and seit 5 T.: on cards."""
    return pgettext("next step", "%(count)s d late") % {"count": number(count)}


@register.filter
@or_dash
def overdue(count: int) -> str:
    """5 days overdue and 5 Tage überfällig."""
    return ngettext("%(count)s day overdue", "%(count)s days overdue", int(count)) % {"count": number(count)}


def _date(value: date) -> date:
    if not isinstance(value, datetime):
        return value
    return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()


def _day(value: date, pattern: str) -> str:
    return _formatted_date(_date(value), pattern)


@kept
def _formatted_date(value: date, pattern: str) -> str:
    """The pattern is one of babel's, or one of ours by its name."""
    return format_date(value, PATTERNS[language()].get(pattern, pattern), locale=_locale())


@register.filter
@or_dash
def day(value: date, today: date | None = None) -> str:
    """27 Nov and 27. Nov.; with the year when it is more than eleven months away."""
    near = abs(_date(value) - (today or timezone.localdate())) <= NEAR
    return _day(value, "day" if near else "year")


@register.filter
@or_dash
def day_year(value: date) -> str:
    """27 Nov 2026: in fields."""
    return _day(value, "year")


@register.filter
@or_dash
def weekday_day(value: date) -> str:
    """Thu 19 and Do 19.: on cards, for dates of the coming days."""
    return _day(value, "card")


@register.filter
@or_dash
def weekday_date(value: date) -> str:
    """Thu 19 Nov and Do 19. Nov."""
    return _day(value, "weekday")


@register.filter
@or_dash
def date_long(value: date) -> str:
    """Tuesday 17 November and Dienstag, 17. November."""
    return _day(value, "long")


@register.filter
@or_dash
def near_day(value: date, today: date | None = None) -> str:
    """Today, Tomorrow, Yesterday; otherwise the weekday within a week; otherwise the day."""
    at = today or timezone.localdate()
    distance = (_date(value) - at).days
    if distance in AROUND_TODAY:
        return _(AROUND_TODAY[distance])
    return weekday_day(value) if 0 < distance < 14 else day(value, at)


@register.filter
@or_dash
def month(value: date) -> str:
    """November."""
    return _day(value, "LLLL")


@register.filter
@or_dash
def month_short(value: date) -> str:
    """Nov: axes and column headings."""
    return _day(value, "LLL")


@register.filter
@or_dash
def month_year(value: date) -> str:
    """November 2026."""
    return _day(value, "LLLL y")


@register.filter(name="time")
@or_dash
def time_of_day(value: time | datetime) -> str:
    """14:00."""
    local = timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value
    return format_time(local, "HH:mm", locale=_locale())


@register.filter
@or_dash
def moment(value: datetime, today: date | None = None) -> str:
    """14:00 today, otherwise 27 Nov 14:00."""
    at = today or timezone.localdate()
    clock = time_of_day(value)
    return clock if _date(value) == at else f"{day(value, at)} {clock}"
