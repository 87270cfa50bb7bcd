"""What the story is told with: names and phrases, each in English and German. All of it is invented."""

from dataclasses import dataclass

from pipeline.stages.actions import USUAL_STAGES

LANGUAGES = ("en", "de")


@dataclass(frozen=True)
class Phrase:
    en: str
    de: str

    def __call__(self, language: str) -> str:
        return self.de if language == "de" else self.en


@dataclass(frozen=True)
class Reason:
    """A reason for closing. `stages` are weights: how often it ends a deal in each of the five stages."""

    label: Phrase
    stages: tuple[int, int, int, int, int]
    counts_in_win_rate: bool = True
    needs_competitor: bool = False


# The story is told in the stages that everybody begins with.
STAGES = USUAL_STAGES

WON_REASONS = (
    Reason(Phrase("Best fit", "Beste Lösung"), (5, 5, 5, 5, 5)),
    Reason(Phrase("Price", "Preis"), (2, 2, 2, 3, 3)),
    Reason(Phrase("Good relationship", "Gute Beziehung"), (3, 3, 3, 3, 3)),
    Reason(Phrase("Fast delivery", "Schnelle Lieferung"), (2, 2, 2, 2, 2)),
    Reason(Phrase("Service and warranty", "Service und Garantie"), (1, 1, 1, 1, 1)),
)
LOST_REASONS = (
    Reason(Phrase("No reply", "Keine Rückmeldung"), (8, 4, 2, 2, 1)),
    Reason(Phrase("No budget", "Kein Budget"), (6, 6, 3, 3, 2)),
    Reason(Phrase("Wrong time", "Falscher Zeitpunkt"), (4, 4, 2, 2, 1)),
    Reason(Phrase("Missing feature", "Fehlende Funktion"), (1, 4, 7, 2, 1)),
    Reason(Phrase("Price", "Preis"), (1, 2, 3, 8, 9)),
    Reason(Phrase("Competitor", "Wettbewerber"), (1, 2, 4, 6, 7), needs_competitor=True),
    Reason(Phrase("Stayed with what they have", "Alles bleibt, wie es ist"), (2, 4, 3, 3, 3)),
    Reason(Phrase("Entered twice", "Doppelt erfasst"), (1, 0, 0, 0, 0), counts_in_win_rate=False),
)
TRY_AGAIN = "Wrong time"

SOURCES = (
    Phrase("Website", "Website"),
    Phrase("Referral", "Empfehlung"),
    Phrase("Trade fair", "Messe"),
    Phrase("Cold call", "Kaltakquise"),
    Phrase("Partner", "Partner"),
    Phrase("Existing customer", "Bestandskunde"),
)
COMPETITORS = ("Nordplatine", "Quantorix", "Silverboard Systems", "Hexacore Trading")

PURPOSES = (
    Phrase("pilot", "Pilot"),
    Phrase("second site", "zweiter Standort"),
    Phrase("replacement", "Ersatzbeschaffung"),
    Phrase("expansion", "Erweiterung"),
    Phrase("new office", "neues Büro"),
    Phrase("spare units", "Reservegeräte"),
    Phrase("lab", "Labor"),
    Phrase("training centre", "Schulungszentrum"),
)
NEW_CUSTOMER = Phrase("new customer", "Neukunde")
NEEDS = (
    Phrase(
        "Their present hardware is five years old and out of warranty. Downtime costs them half a day a month.",
        "Die jetzige Hardware ist fünf Jahre alt und ohne Garantie. Ausfälle kosten einen halben Tag im Monat.",
    ),
    Phrase(
        "They open another office and want the same equipment as at headquarters, delivered before the move.",
        "Ein weiteres Büro wird eröffnet; es soll ausgestattet sein wie die Zentrale, Lieferung vor dem Umzug.",
    ),
    Phrase(
        "The department has grown; render times are the bottleneck. Budget is approved for this year.",
        "Die Abteilung ist gewachsen, Rechenzeiten sind der Engpass. Das Budget für dieses Jahr ist freigegeben.",
    ),
    Phrase(
        "They compare three suppliers. Service within one working day matters more to them than the price.",
        "Drei Anbieter werden verglichen. Service innerhalb eines Arbeitstages zählt mehr als der Preis.",
    ),
)

# For each stage what is done in it: kind of activity and subject.
ACTIVITIES = (
    (
        ("call", Phrase("First call", "Erstes Telefonat")),
        ("email", Phrase("Send an introduction", "Vorstellung schicken")),
        ("social", Phrase("Message to the contact", "Nachricht an den Kontakt")),
        ("task", Phrase("Look into the company", "Unternehmen recherchieren")),
    ),
    (
        ("meeting", Phrase("Workshop on requirements", "Workshop zu den Anforderungen")),
        ("video", Phrase("Questions of the technicians", "Fragen der Technik")),
        ("call", Phrase("Call about needs and budget", "Telefonat zu Bedarf und Budget")),
        ("email", Phrase("Sum up the requirements", "Anforderungen zusammenfassen")),
    ),
    (
        ("video", Phrase("Product demonstration", "Produktvorführung")),
        ("meeting", Phrase("Visit with a technician", "Besuch mit Techniker")),
        ("email", Phrase("Send data sheets and references", "Datenblätter und Referenzen schicken")),
        ("task", Phrase("Check compatibility", "Kompatibilität prüfen")),
    ),
    (
        ("email", Phrase("Send the proposal", "Angebot schicken")),
        ("call", Phrase("Go through the proposal", "Angebot durchsprechen")),
        ("follow_up", Phrase("Ask about the proposal", "Wegen des Angebots nachfragen")),
        ("task", Phrase("Work out the proposal", "Angebot ausarbeiten")),
    ),
    (
        ("call", Phrase("Negotiate terms", "Konditionen verhandeln")),
        ("meeting", Phrase("Meeting with purchasing", "Termin mit dem Einkauf")),
        ("follow_up", Phrase("Ask for the decision", "Entscheidung erfragen")),
        ("deadline", Phrase("Contract signed by", "Vertrag unterschrieben bis")),
    ),
)
OUTCOMES = {
    "call": (("connected", 7), ("voicemail", 2), ("no_answer", 1)),
    "meeting": (("held", 9), ("no_show", 1)),
    "video": (("held", 9), ("no_show", 1)),
}
RESULTS = (
    Phrase("Good conversation; they want to see numbers next.", "Gutes Gespräch; als Nächstes wollen sie Zahlen."),
    Phrase("Decision lies with the head of department.", "Die Entscheidung liegt bei der Abteilungsleitung."),
    Phrase("They ask for a longer warranty.", "Gewünscht wird eine längere Garantie."),
    Phrase(
        "Still interested, but the budget round is in two weeks.", "Interesse ja, die Budgetrunde ist in zwei Wochen."
    ),
    Phrase("Wants a reference from the same industry.", "Möchte eine Referenz aus derselben Branche."),
    Phrase("Delivery time is the open question.", "Offen ist noch die Lieferzeit."),
)
NOTES = (
    Phrase("Prefers to be called before ten.", "Am besten vor zehn Uhr anrufen."),
    Phrase("Purchasing decides together with IT; both must be at the table.", "Einkauf und IT entscheiden gemeinsam."),
    Phrase("Bought from us two years ago and was content.", "Hat vor zwei Jahren bei uns gekauft und war zufrieden."),
    Phrase(
        "Do not send the price list; they want a fixed price.",
        "Keine Preisliste schicken, gewünscht ist ein Festpreis.",
    ),
    Phrase("Delivery only on weekdays, the ramp closes at three.", "Anlieferung nur werktags, Rampe schließt um drei."),
    Phrase("Their framework contract ends this quarter.", "Der Rahmenvertrag endet in diesem Quartal."),
)
OWN_TASKS = (
    Phrase("Prepare the team meeting", "Teambesprechung vorbereiten"),
    Phrase("Go through the forecast", "Prognose durchgehen"),
    Phrase("Update the price list", "Preisliste aktualisieren"),
)

JOB_TITLES = (
    ("decides", Phrase("Head of Purchasing", "Leitung Einkauf")),
    ("champion", Phrase("Head of IT", "Leitung IT")),
    ("evaluates", Phrase("System Administrator", "Systemadministration")),
    ("uses", Phrase("Head of Design", "Leitung Konstruktion")),
    ("decides", Phrase("Managing Director", "Geschäftsführung")),
    ("blocks", Phrase("Controller", "Controlling")),
    ("other", Phrase("Assistant to the Management", "Assistenz der Geschäftsführung")),
)
FIRST_NAMES = (
    *("Ada", "Alma", "Anselm", "Bea", "Benno", "Carla", "Clemens", "Dalia", "Edda", "Elias", "Esther", "Finja"),
    *("Gesa", "Hannah", "Hugo", "Ida", "Ilja", "Jakob", "Jara", "Jonas", "Juno", "Karim", "Klara", "Leander"),
    *("Lotte", "Malik", "Marlene", "Mina", "Nele", "Noor", "Oskar", "Paula", "Quirin", "Rahel", "Romy", "Silas"),
    *("Tamara", "Theo", "Undine", "Valentin", "Wanda", "Yara"),
)
LAST_NAMES = (
    *("Ahornblatt", "Birkenfeld", "Blaufuss", "Cloverhill", "Dornbach", "Eisenhut", "Elderwood", "Falkenried"),
    *("Fernbrook", "Ginsterberg", "Goldregen", "Haselstein", "Hawkmoor", "Immergrün", "Kieselbach", "Kirschquell"),
    *("Larkfield", "Lindenthaler", "Marblestone", "Moosgrund", "Nebelhorn", "Oakenridge", "Pebblebrook", "Quellmann"),
    *("Rabenau", "Rosmarin", "Sandelholz", "Silverbeck", "Sommerwind", "Steinbock", "Thistlewood", "Tannhauser"),
    *("Uhlengrund", "Veilchental", "Waldmeister", "Weidenkatz", "Winterbourne", "Zedernholz"),
)

REGION_NAME = Phrase("Region {office}", "Region {office}")
WORLD = Phrase("All regions", "Alle Regionen")
ELSEWHERE = Phrase("Not assigned", "Nicht zugeordnet")
# State, town and telephone area code, by office.
STATES = {
    "Central": (
        ("Illinois", "Chicago", 312),
        ("Texas", "Austin", 512),
        ("Missouri", "St. Louis", 314),
        ("Minnesota", "Minneapolis", 612),
    ),
    "East": (
        ("New York", "New York", 212),
        ("Massachusetts", "Boston", 617),
        ("Pennsylvania", "Philadelphia", 215),
        ("Georgia", "Atlanta", 404),
    ),
    "West": (
        ("California", "San Francisco", 415),
        ("Washington", "Seattle", 206),
        ("Oregon", "Portland", 503),
        ("Colorado", "Denver", 303),
    ),
}
