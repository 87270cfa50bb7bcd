"""What a person types: amounts and dates in English and German habits.

Amounts of money have at most two decimals, so one separator before exactly three digits groups
thousands in both languages. Where that reasoning does not hold, the active language decides.
"""

import re
from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

# A date without a year is the coming one, unless it has only just passed.
JUST_PASSED = timedelta(days=60)

_SUFFIXES = {
    "k": 1_000,
    "t": 1_000,
    "tsd": 1_000,
    "m": 1_000_000,
    "mn": 1_000_000,
    "mio": 1_000_000,
    "mrd": 1_000_000_000,
    "bn": 1_000_000_000,
}
_AMOUNT = re.compile(r"(?P<sign>-?)(?P<number>\d[\d.,']*|[.,]\d+)(?P<suffix>[a-z]*)\.?")
_CURRENCY = re.compile(r"eur|usd|gbp|chf|[€$£]")

_WEEKDAYS = {
    "en": ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    "de": ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"),
}
_MONTHS = {
    "en": "january february march april may june july august september october november december",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
}
_NEAR_DAYS = {"today": 0, "heute": 0, "tomorrow": 1, "morgen": 1, "yesterday": -1, "gestern": -1}
_STEP = re.compile(r"\+\s*(?P<count>\d{1,3})\s*(?P<unit>[a-z]?)")
_DIGITS = re.compile(r"(\d{1,2})[./-](\d{1,2})(?:[./-](\d{2}|\d{4})?)?")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_NAMED = re.compile(r"(\d{1,2})\.?\s*([a-zä]{3,9})\.?(?:\s*(\d{4}|\d{2}))?")


class NotUnderstood(ValueError):
    """The text is neither an amount nor a date in any habit we know."""


def parse_amount(text: str, *, language: str) -> Decimal:
    """The amount a person typed: `71.500`, `71,500`, `71500`, `71,5k`, `€28,000`, `1,2 Mio.`.

    Raises NotUnderstood.
    """
    compact = re.sub(r"[\s\u00a0\u202f]", "", text).lower().replace("−", "-")
    match = _AMOUNT.fullmatch(_CURRENCY.sub("", compact))
    factor = _SUFFIXES.get(match["suffix"]) if match and match["suffix"] else 1
    if match is None or factor is None:
        raise NotUnderstood(text)
    number = _plain_number(match["number"].replace("'", ""), language, scaled=factor != 1)
    try:
        amount = Decimal(number) * factor
    except InvalidOperation as error:
        raise NotUnderstood(text) from error
    return -amount if match["sign"] else amount


def parse_date(text: str, *, language: str, today: date) -> date:
    """The date a person typed: `27.11.`, `27/11`, `27 Nov 2027`, `fri`, `+2w`, `tomorrow`.

    Days come before months. A weekday is the next one after today. Raises NotUnderstood.
    """
    wish = " ".join(text.split()).lower()
    for read in (_near_day, _step, _weekday):
        found = read(wish, language, today)
        if found:
            return found
    year, month, day = _day_month_year(wish)
    try:
        return _with_year(day, month, year, today)
    except ValueError as error:
        raise NotUnderstood(text) from error


def _plain_number(number: str, language: str, *, scaled: bool) -> str:
    """Digits with at most one point. `scaled` says that a suffix such as k follows."""
    separators = [character for character in number if character in ".,"]
    if not separators:
        return number
    last = separators[-1]
    whole, _, fraction = number.rpartition(last)
    if len(set(separators)) == 2:
        if last in whole:
            raise NotUnderstood(number)
        return f"{re.sub('[.,]', '', whole)}.{fraction}"
    groups = number.split(last)
    groups_thousands = all(len(group) == 3 for group in groups[1:]) and groups[0].strip("0") != ""
    if len(separators) > 1 and not groups_thousands:
        raise NotUnderstood(number)
    if len(separators) == 1 and scaled:
        groups_thousands = groups_thousands and last == ("." if language == "de" else ",")
    return "".join(groups) if groups_thousands else f"{whole or '0'}.{fraction}"


def _near_day(wish: str, language: str, today: date) -> date | None:
    days = _NEAR_DAYS.get(wish)
    return None if days is None else today + timedelta(days=days)


def _step(wish: str, language: str, today: date) -> date | None:
    match = _STEP.fullmatch(wish)
    if not match:
        return None
    count, unit = int(match["count"]), match["unit"]
    if unit in {"", "d", "t"}:
        return today + timedelta(days=count)
    if unit == "w":
        return today + timedelta(weeks=count)
    months = {"m": 1, "y": 12, "j": 12}.get(unit)
    return None if months is None else _months_later(today, count * months)


def _weekday(wish: str, language: str, today: date) -> date | None:
    """Two letters or more of a weekday; the active language is asked first."""
    name = wish.rstrip(".")
    if len(name) < 2:
        return None
    for spoken in sorted(_WEEKDAYS, key=lambda code: code != language):
        for number, weekday in enumerate(_WEEKDAYS[spoken]):
            if weekday.startswith(name):
                return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    return None


def _day_month_year(wish: str) -> tuple[int | None, int, int]:
    if match := _ISO.fullmatch(wish):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _DIGITS.fullmatch(wish):
        return _full_year(match[3]), int(match[2]), int(match[1])
    if match := _NAMED.fullmatch(wish):
        return _full_year(match[3]), _month(match[2]), int(match[1])
    raise NotUnderstood(wish)


def _full_year(digits: str | None) -> int | None:
    if not digits:
        return None
    return int(digits) + (2000 if len(digits) == 2 else 0)


def _month(name: str) -> int:
    for names in _MONTHS.values():
        for number, month in enumerate(names.split(), start=1):
            if month.startswith(name) or (name == "sept" and month == "september"):
                return number
    raise NotUnderstood(name)


def _with_year(day: int, month: int, year: int | None, today: date) -> date:
    if year is not None:
        return date(year, month, day)
    # 29 February waits for the next leap year, at most eight years ahead.
    for candidate in range(today.year - 1, today.year + 9):
        if day <= monthrange(candidate, month)[1]:
            found = date(candidate, month, day)
            if found >= today - JUST_PASSED:
                return found
    raise ValueError(day, month)


def _months_later(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
