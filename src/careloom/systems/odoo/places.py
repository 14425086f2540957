"""Countries and states by the codes that healthcare systems send, to the records of this Odoo.

They are looked up, not guessed from external ids: Odoo's are irregular (the United Kingdom, code GB, is `base.uk`, and
Illinois is `base.state_us_14`).
"""

from __future__ import annotations

from dataclasses import dataclass

from careloom.systems.odoo.records import Records

_ALPHA_3 = """
ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATAAQ ATFTF ATGAG AUSAU AUTAT AZEAZ BDIBI BELBE BENBJ
BESBQ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY BLZBZ BMUBM BOLBO BRABR BRBBB BRNBN BTNBT BVTBV BWABW CAFCF CANCA
CCKCC CHECH CHLCL CHNCN CIVCI CMRCM CODCD COGCG COKCK COLCO COMKM CPVCV CRICR CUBCU CUWCW CXRCX CYMKY CYPCY CZECZ DEUDE
DJIDJ DMADM DNKDK DOMDO DZADZ ECUEC EGYEG ERIER ESHEH ESPES ESTEE ETHET FINFI FJIFJ FLKFK FRAFR FROFO FSMFM GABGA GBRGB
GEOGE GGYGG GHAGH GIBGI GINGN GLPGP GMBGM GNBGW GNQGQ GRCGR GRDGD GRLGL GTMGT GUFGF GUMGU GUYGY HKGHK HMDHM HNDHN HRVHR
HTIHT HUNHU IDNID IMNIM INDIN IOTIO IRLIE IRNIR IRQIQ ISLIS ISRIL ITAIT JAMJM JEYJE JORJO JPNJP KAZKZ KENKE KGZKG KHMKH
KIRKI KNAKN KORKR KWTKW LAOLA LBNLB LBRLR LBYLY LCALC LIELI LKALK LSOLS LTULT LUXLU LVALV MACMO MAFMF MARMA MCOMC MDAMD
MDGMG MDVMV MEXMX MHLMH MKDMK MLIML MLTMT MMRMM MNEME MNGMN MNPMP MOZMZ MRTMR MSRMS MTQMQ MUSMU MWIMW MYSMY MYTYT NAMNA
NCLNC NERNE NFKNF NGANG NICNI NIUNU NLDNL NORNO NPLNP NRUNR NZLNZ OMNOM PAKPK PANPA PCNPN PERPE PHLPH PLWPW PNGPG POLPL
PRIPR PRKKP PRTPT PRYPY PSEPS PYFPF QATQA REURE ROURO RUSRU RWARW SAUSA SDNSD SENSN SGPSG SGSGS SHNSH SJMSJ SLBSB SLESL
SLVSV SMRSM SOMSO SPMPM SRBRS SSDSS STPST SURSR SVKSK SVNSI SWESE SWZSZ SXMSX SYCSC SYRSY TCATC TCDTD TGOTG THATH TJKTJ
TKLTK TKMTM TLSTL TONTO TTOTT TUNTN TURTR TUVTV TWNTW TZATZ UGAUG UKRUA UMIUM URYUY USAUS UZBUZ VATVA VCTVC VENVE VGBVG
VIRVI VNMVN VUTVU WLFWF WSMWS YEMYE ZAFZA ZMBZM ZWEZW
"""
ALPHA_2 = {pair[:3]: pair[3:] for pair in _ALPHA_3.split()}
"""ISO 3166-1 alpha-3 (HL7 table 0399 uses it) to alpha-2."""

_NAMES = {"UNITED STATES OF AMERICA": "US", "U.S.A.": "US", "U.S.": "US", "UK": "GB", "GREAT BRITAIN": "GB"}


@dataclass(frozen=True, slots=True)
class Place:
    """Database ids of country and state, and the source fields that name none."""

    country_id: int | None
    state_id: int | None
    unknown: tuple[str, ...] = ()


class Places:
    """Reads the countries once, and the states of a country when they are first asked for."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._countries: dict[str, int] = {}
        self._states: dict[int, dict[str, int]] = {}

    async def find(self, country: str | None, state: str | None) -> Place:
        """The place for a country (alpha-2, alpha-3 or name) and a state code or name of that country.

        A code that is not known, or a state of another country, is left out and named in `unknown`.
        """
        country_id = await self._country(country) if country else None
        state_id = await self._state(country_id, state) if country_id and state else None
        unknown = []
        if country and country_id is None:
            unknown.append("country")
        if state and state_id is None:
            unknown.append("state")
        return Place(country_id, state_id, tuple(unknown))

    async def _country(self, text: str) -> int | None:
        if not self._countries:
            found = await self._records.search_read("res.country", [], ["code", "name"])
            self._countries = {key: one["id"] for one in found for key in _keys(one["name"], one["code"])}
        key = text.strip().upper()
        key = ALPHA_2.get(key) or _NAMES.get(key) or key
        return self._countries.get(key)

    async def _state(self, country_id: int, text: str) -> int | None:
        if country_id not in self._states:
            domain = [["country_id", "=", country_id]]
            found = await self._records.search_read("res.country.state", domain, ["code", "name"])
            self._states[country_id] = {key: one["id"] for one in found for key in _keys(one["name"], one["code"])}
        return self._states[country_id].get(text.strip().upper())


def _keys(*texts: object) -> list[str]:
    return [text.strip().upper() for text in texts if isinstance(text, str) and text.strip()]
