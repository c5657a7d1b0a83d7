"""What figures of money and decisions say, in Danish: the English text is the key."""

from __future__ import annotations

from experiments.language.formatting import Language

DANISH = {
    "net": "netto", "pays": "betaler", "saves": "sparer", "costs": "udgifter", "savings": "besparelser",
    "net, 95 % of draws": "netto, 95 % af udfaldene", "million kroner": "mio. kr.",
    "million kroner a year": "mio. kr. om året", "year (0 is the first)": "år (0 er det første)",
    "all public purses": "det offentlige i alt", "public total": "det offentlige i alt",
    "billion kr.": "mia. kr.", "million kr.": "mio. kr.", "thousand kr.": "tusind kr.", "kr.": "kr.",
    "{option}: worth it in {n} %": "{option}: det værd i {n} %", "{amount} a unit": "{amount} pr. enhed",
    "{effect}, more than {against}": "{effect}, mere end {against}",
    "net cost, more than {against}": "nettoudgift, mere end {against}", "no plan": "ingen plan",
    "Effect and cost": "Virkning og pris", "How sure is the choice?": "Hvor sikkert er valget?",
    "Who gets the money back?": "Hvem får pengene igen?", "best on average": "bedst i gennemsnit",
    "probability to be best": "sandsynlighed for at være bedst", "worth of one {effect}": "værdi af et {effect}",
    "probability to break even": "sandsynlighed for at få pengene igen", "not in the total": "ikke med i summen",
    "gain, {unit}\n(95 % of the draws)": "gevinst, {unit}\n(95 % af udfaldene)", "to": "til",
    "reoffenders avoided": "færre, der falder tilbage", "reoffender avoided": "undgået tilbagefald",
    "more, dearer": "mere og dyrere", "more, cheaper": "mere og billigere", "less, dearer": "mindre og dyrere",
    "less, cheaper": "mindre og billigere",
}  # fmt: skip
"""English text, with placeholders, and the same in Danish."""


def say(language: Language, text: str, **values: str) -> str:
    """A text of ``DANISH`` in a language, with its placeholders filled."""
    return (text if language == "en" else DANISH[text]).format(**values)
