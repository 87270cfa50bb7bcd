import io

import pytest
from babel.messages import Catalog

from crm.management.commands import makecatalogue


def extracted(template):
    found = makecatalogue.extract_template(io.BytesIO(template.encode()), makecatalogue.KEYWORDS, (), {})
    return [message for _line, _function, message, _comments in found]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ('<p title="{% translate "Next step" %}">', "Next step"),
        ('{% if x %}\n    {% translate "Stalled" %}\n  {% endif %}', "Stalled"),
        ("{% blocktranslate trimmed with n=x %}\n  {{ n }} is\n  late\n{% endblocktranslate %}", "%(n)s is late"),
        ('{{ "It\'s"|default:_("Nobody") }}', "Nobody"),
    ],
)
def test_sentences_of_templates_are_found(template, message):
    assert message in [found if isinstance(found, str) else found[0] for found in extracted(template)]


def test_plurals_of_templates_are_found():
    template = "{% blocktranslate count n=x %}{{ n }} day{% plural %}{{ n }} days{% endblocktranslate %}"
    assert ("%(n)s day", "%(n)s days") in [
        tuple(found)[:2] for found in extracted(template) if not isinstance(found, str)
    ]


def test_the_catalogue_of_the_product_holds_sentences_of_code_and_templates(settings):
    found = makecatalogue.sentences(settings.BASE_DIR)
    assert "You may not do this." in found
    assert "Skip to content" in found


def test_sentences_anywhere_in_a_jinja_part_are_found(tmp_path):
    part = tmp_path / "templates" / "card.jinja"
    part.parent.mkdir()
    part.write_text('<p title="{{ name if name else _("No company yet") }}">{{ _("Stage") }}</p>')
    assert {message.id for message in makecatalogue.sentences(tmp_path)} == {"", "No company yet", "Stage"}


@pytest.mark.parametrize(
    ("translation", "complaint"),
    [("", "not translated"), ("%(wrong)s Tage", "unknown placeholder"), ("%(n)s Tage", None)],
)
def test_a_lack_is_named(translation, complaint):
    catalogue = Catalog(locale="de")
    catalogue.add("%(n)s days", translation)
    faults = list(makecatalogue.faults(catalogue))
    assert [fault.split(":")[0] for fault in faults] == ([complaint] if complaint else [])


def test_a_sentence_that_is_gone_is_named():
    catalogue = Catalog(locale="de")
    catalogue.add("Old", "Alt")
    assert "Old" in " ".join(makecatalogue.obsolete(makecatalogue.updated(catalogue, Catalog())))
