"""How people are named, roughly as often as in the United States: the common names with their shares, as facts, and
syllables for the long tail of names that few have."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from random import Random

# Per mille of all people, roughly.
_FAMILIES = """
smith 8.3 johnson 6.6 williams 5.5 brown 4.9 jones 4.8 garcia 4.0 miller 3.9 davis 3.8 rodriguez 3.7 martinez 3.6
hernandez 3.5 lopez 3.0 gonzalez 2.9 wilson 2.7 anderson 2.7 thomas 2.6 taylor 2.6 moore 2.5 jackson 2.4 martin 2.4
lee 2.4 perez 2.3 thompson 2.3 white 2.2 harris 2.1 sanchez 2.1 clark 1.9 ramirez 1.9 lewis 1.8 robinson 1.8 walker 1.8
young 1.7 allen 1.6 king 1.6 wright 1.6 scott 1.5 torres 1.5 nguyen 1.5 hill 1.5 flores 1.5 green 1.5 adams 1.5
nelson 1.4 baker 1.4 hall 1.4 rivera 1.4 campbell 1.3 mitchell 1.3 carter 1.3 roberts 1.3 gomez 1.2 phillips 1.2
evans 1.2 turner 1.2 diaz 1.2 parker 1.1 cruz 1.1 edwards 1.1 collins 1.1 reyes 1.1 stewart 1.1 morris 1.1 morales 1.1
murphy 1.0 cook 1.0 rogers 1.0 gutierrez 1.0 ortiz 1.0 morgan 1.0 cooper 1.0 peterson 0.9 bailey 0.9 reed 0.9 kelly 0.9
howard 0.9 ramos 0.9 kim 0.9 cox 0.9 ward 0.9 richardson 0.9 watson 0.8 brooks 0.8 chavez 0.8 wood 0.8 james 0.8
bennett 0.8 gray 0.8 mendoza 0.8 ruiz 0.8 hughes 0.8 price 0.8 alvarez 0.8 castillo 0.8 sanders 0.8 patel 0.8 myers 0.8
long 0.7 ross 0.7 foster 0.7 jimenez 0.7 powell 0.7 jenkins 0.7 perry 0.7 russell 0.7 sullivan 0.7 bell 0.7 coleman 0.7
butler 0.7 henderson 0.7 barnes 0.7 gonzales 0.7 fisher 0.7 vasquez 0.7 simmons 0.7 romero 0.7 jordan 0.7 patterson 0.6
alexander 0.6 hamilton 0.6 graham 0.6 reynolds 0.6 griffin 0.6 wallace 0.6 moreno 0.6 west 0.6 cole 0.6 hayes 0.6
bryant 0.6 herrera 0.6 gibson 0.6 ellis 0.6 tran 0.6 medina 0.6 aguilar 0.6 stevens 0.6 murray 0.6 ford 0.6 castro 0.6
marshall 0.5 owens 0.5 harrison 0.5 fernandez 0.5 mcdonald 0.5 woods 0.5 washington 0.5 kennedy 0.5 wells 0.5 vargas 0.5
henry 0.5 chen 0.5 freeman 0.5 webb 0.5 tucker 0.5 guzman 0.5 burns 0.5 crawford 0.5 olson 0.5 simpson 0.5 porter 0.5
hunter 0.5 gordon 0.5 mendez 0.5 silva 0.5 shaw 0.5 snyder 0.5 mason 0.5 dixon 0.4 munoz 0.4 hunt 0.4 hicks 0.4
holmes 0.4 palmer 0.4 wagner 0.4 black 0.4 robertson 0.4 boyd 0.4 rose 0.4 stone 0.4 salazar 0.4 fox 0.4 warren 0.4
mills 0.4 meyer 0.4 rice 0.4 schmidt 0.4 garza 0.4 daniels 0.4 ferguson 0.4 nichols 0.4 stephens 0.4 soto 0.4 weaver 0.4
ryan 0.4 gardner 0.4 payne 0.4 grant 0.4 dunn 0.4 kelley 0.4 spencer 0.4 hawkins 0.4 arnold 0.4 pierce 0.4 hansen 0.4
peters 0.4 santos 0.4 hart 0.4 bradley 0.4 knight 0.4 elliott 0.4 cunningham 0.4 duncan 0.4 armstrong 0.4 hudson 0.4
"""
_WOMEN = """
mary 15 patricia 11 jennifer 11 linda 10 elizabeth 10 barbara 9 susan 8 jessica 8 sarah 8 karen 7 lisa 7 nancy 7 betty 6
sandra 6 margaret 6 ashley 6 kimberly 6 emily 6 donna 6 michelle 6 carol 5 amanda 5 melissa 5 deborah 5 stephanie 5
rebecca 5 sharon 5 laura 5 cynthia 5 dorothy 5 amy 5 kathleen 4 angela 4 shirley 4 emma 4 brenda 4 pamela 4 nicole 4
anna 4 samantha 4 katherine 4 christine 4 debra 4 rachel 4 carolyn 4 janet 4 maria 6 olivia 4 heather 4 helen 4
catherine 3 diane 3 julie 3 victoria 3 joyce 3 lauren 3 kelly 3 christina 3 ruth 3 joan 3 virginia 3 judith 3 evelyn 3
hannah 3 andrea 3 megan 3 cheryl 3 jacqueline 3 madison 3 teresa 3 abigail 3 sophia 3 martha 3 sara 3 gloria 3 janice 2
kathryn 2 ann 2 isabella 2 judy 2 charlotte 2 julia 2 grace 2 amber 2 alice 2 jean 2 denise 2 frances 2 danielle 2
marilyn 2 natalie 2 beverly 2 diana 2 brittany 2 theresa 2 kayla 2 alexis 2 doris 2 lori 2 tiffany 2 guadalupe 2 rosa 2
"""
_MEN = """
james 15 robert 15 john 15 michael 15 david 12 william 12 richard 9 joseph 9 thomas 9 christopher 8 charles 8 daniel 8
matthew 7 anthony 7 mark 7 donald 6 steven 6 andrew 6 paul 6 joshua 6 kenneth 6 kevin 5 brian 5 timothy 5 ronald 5
george 5 jason 5 edward 5 jeffrey 5 ryan 5 jacob 5 nicholas 5 gary 4 eric 4 jonathan 4 stephen 4 larry 4 justin 4
scott 4 brandon 4 benjamin 4 samuel 4 gregory 4 alexander 4 patrick 4 frank 4 raymond 4 jack 3 dennis 3 jerry 3 tyler 3
aaron 3 jose 5 adam 3 nathan 3 henry 3 zachary 3 douglas 3 peter 3 kyle 3 noah 3 ethan 3 jeremy 3 christian 3 walter 3
keith 3 austin 3 roger 3 terry 3 sean 3 gerald 3 carl 3 dylan 3 harold 3 jordan 3 jesse 3 bryan 3 lawrence 3 arthur 3
gabriel 3 bruce 3 logan 2 billy 2 joe 2 alan 2 juan 3 elijah 2 willie 2 albert 2 wayne 2 randy 2 mason 2 vincent 2
liam 2 roy 2 bobby 2 caleb 2 bradley 2 russell 2 lucas 2 luis 3 carlos 3 jesus 3 antonio 2 miguel 2 manuel 2 angel 2
"""
_ONSETS = "b br c ch d dr f fl g gr h j k kl l m n p pr r s sh st t tr v w y z".split()  # noqa: SIM905
_NUCLEI = "a ai e ea i ie o oa ou u y".split()  # noqa: SIM905
_CODAS = "ck l ld ll m n nd ng nk r rd rk rn rs s sch ss t tt tz x".split()  # noqa: SIM905
_ENDINGS = "ton ley man son sky ez berg ard field ini owski wood er ham ian stein".split()  # noqa: SIM905
_RARE_FAMILIES, _RARE_GIVEN = 40_000, 2_500
_TAIL_OF_FAMILIES, _TAIL_OF_GIVEN = 0.72, 0.28

Draw = Callable[[Random], str]


def families() -> Draw:
    """Draws family names: a quarter of all people have one of the common ones."""
    return _draw(_FAMILIES, _tail(_RARE_FAMILIES, 1), _TAIL_OF_FAMILIES)


def given() -> dict[str, Draw]:
    """Draws given names, by sex."""
    rare = _tail(_RARE_GIVEN * 2, 0)
    return {
        "f": _draw(_WOMEN, [f"{name}a" for name in rare[::2]], _TAIL_OF_GIVEN),
        "m": _draw(_MEN, rare[1::2], _TAIL_OF_GIVEN),
    }


def common() -> dict[str, frozenset[str]]:
    """The names that are real ones."""
    return {
        "given": frozenset((_WOMEN + _MEN).split()[::2]),
        "family": frozenset(_FAMILIES.split()[::2]),
    }


def words(count: int, seed: int) -> list[str]:
    """Invented words, for streets and towns."""
    chance = Random(seed)
    return [_word(chance, 1, chance.choice(_ENDINGS)) for _ in range(count)]


def _draw(common: str, rare: list[str], tail: float) -> Draw:
    listed = common.split()
    names, shares = listed[::2], [float(share) for share in listed[1::2]]
    whole = sum(shares)
    chances = [share / whole * (1.0 - tail) for share in shares]
    # The long tail after Zipf: of the rare names, some are far from rare.
    zipf = [1.0 / (rank + 60) for rank in range(len(rare))]
    chances += _scaled(zipf, tail)
    every, bounds = names + rare, list(accumulate(chances))
    return lambda chance: chance.choices(every, cum_weights=bounds)[0]


def _scaled(shares: list[float], whole: float) -> list[float]:
    total = sum(shares)
    return [share / total * whole for share in shares]


def _tail(count: int, ending: int) -> list[str]:
    chance, found = Random(count), dict[str, None]()
    while len(found) < count:
        found[_word(chance, 1 + (chance.random() < 0.4), chance.choice(_ENDINGS) if ending else "")] = None
    return list(found)


def _word(chance: Random, syllables: int, ending: str) -> str:
    parts = [chance.choice(_ONSETS) + chance.choice(_NUCLEI) + chance.choice(_CODAS) for _ in range(syllables)]
    return "".join(parts) + ending
