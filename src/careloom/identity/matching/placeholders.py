"""What people and systems write where they know nothing: data, read by `normalising`. Everything in folded form."""

from __future__ import annotations


def words_of(text: str) -> frozenset[str]:
    """A set written as a text, to keep tables of words short."""
    return frozenset(text.split())


NAMES = words_of(
    """
    unknown unk unkn anonymous anon test testing tester testpatient patienttest none null nil na noname
    nofirstname nolastname nomiddlename lnu fnu notgiven notknown undefined unidentified dummy fake xxx xxxx
    xxxxx zzz zztest zzztest declined refused deceased duplicate donotuse voided patient nmn nmi
    """
)
"""Tokens that are no name, whichever part of a name they stand in."""

PAIRS = frozenset({("john", "doe"), ("jane", "doe"), ("joe", "bloggs"), ("baby", "doe"), ("mickey", "mouse")})
"""Given and family names that are no name together, though each of them is one."""

NEWBORNS = words_of(
    """
    baby babygirl babyboy bb bg nb newborn infant boy girl bby bbg bbb babyof boyof girlof newborngirl
    newbornboy infantgirl infantboy malenewborn femalenewborn male female twin triplet quadruplet twingirl
    twinboy babya babyb twina twinb twin1 twin2 triplet1 triplet2 triplet3 tripleta tripletb tripletc
    """
)
"""First tokens of the given name of a child that has none yet."""


PLACES = {"a": 1, "b": 2, "c": 3, "d": 4, "1": 1, "2": 2, "3": 3, "4": 4, "one": 1, "two": 2, "three": 3, "four": 4}
"""A place within a multiple birth as it is written after the name."""

DATES = words_of(
    """
    1900-01-01 1901-01-01 1899-12-30 1899-12-31 1800-01-01 1753-01-01 1850-01-01 1880-01-01 1970-01-01
    1111-11-11 1911-11-11 1900-12-31 1910-01-01 1900-01 1900
    """
)
"""Dates of birth that forms and databases fill in: the first day of an epoch, the first key of the keyboard."""

ADDRESSES = words_of(
    """
    unknown unk none na homeless nofixedaddress nofixedabode generaldelivery transient address noaddress
    addressunknown undomiciled test same refused declined returnedmail badaddress donotmail
    """
)
"""Lines of an address, without blanks, that are no address."""

NUMBERS = frozenset({"123456789", "987654321", "078051120", "219099999", "111223333", "123121234", "123454321"})
"""National numbers that are examples, advertisements or runs of keys. The same digit throughout is one too."""

PHONES = frozenset({"1234567890", "0123456789", "9876543210", "5555555555", "1231231234", "5551212", "5551234"})
"""National significant numbers that ring nowhere."""

EMAILS = words_of(
    """
    none na noemail no-email unknown test email patient declined refused nomail noreply no-reply donotreply
    xxx none@none.com no@email.com noemail@noemail.com test@test.com na@na.com none@gmail.com
    noemail@gmail.com
    """
)
"""Local parts, and whole addresses, that are nobody's."""
