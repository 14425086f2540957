"""Which given names nicknames are short for: data. A line is the name, then its short forms and other spellings."""

from __future__ import annotations

_GROUPS = """
abigail abby abbie gail
abraham abe bram
adam addy
adeline addie ada
agnes aggie nessie
albert al bert bertie
alexander alex alec lex sandy xander sasha aleksander alejandro
alexandra alex lexi lexie sandra sandy sasha alexa aleksandra alejandra
alfred al alf alfie fred
alice ali allie
allison alison allie ally
amanda mandy manda
amelia amy millie mel
andrew andy drew andreas andres
angela angie angel
ann anne anna annie nan nancy hannah ana
anthony tony antonio ant
arthur art artie
barbara barb barbie babs bobbie
beatrice bea trixie beatriz
benjamin ben benji benny bennie
bernard bernie barney
bradley brad
brenda bren
calvin cal
cameron cam
caroline carrie carol carolyn carolina
catherine kathryn katherine kathleen catharine kate katie kathy cathy kat kay kitty katy catalina katarina kathrine cath
cecilia cece cissy celia
charles charlie chuck chas chaz carlos charley
charlotte charlie lottie char
christina christine kristina kristine chris tina chrissy christy kristi kristy kristen christa cristina
christopher kristopher chris kit topher kris cristopher christoph cristobal
clarence clare
clifford cliff
cynthia cindy cyndi
daniel dan danny dani
danielle dani
david dave davey davy davi
deborah debra deb debbie debby
dennis denny
diana diane di dianne
dominic dom nick domingo dominick
donald don donny donnie
dorothy dot dottie dolly dorothea
douglas doug
edward ed eddie ted teddy ned eduardo
edwin ed eddie
eleanor ellie nell nora elle leonor
elizabeth elisabeth liz lizzie beth betty betsy eliza lisa libby bess bessie elsie lizbeth isabel isabella isabelle
emily em emmy emilia
emma em emmy
eric erik rick
ernest ernie ernesto
esther essie hester
ethan eth
eugene gene
evelyn evie eve
florence flo flossie
frances fran fanny frankie francesca francisca
francis frank frankie francisco fran
franklin frank
frederick fred freddie freddy fritz fredrick
gabriel gabe
gabrielle gabby gaby gabriela
george georgie jorge
gerald gerry jerry gerardo
geraldine gerry
gilbert gil bert
gordon gord
grace gracie
gregory greg gregg gregorio
guadalupe lupe lupita
harold harry hal
harriet hattie
helen nell ellen lena elena
henry harry hank hal enrique
herbert herb bert
howard howie
ian iain
irene rene
isaac ike zac
jacob jake jakob jacobo
jacqueline jackie jacky jacquelyn
james jim jimmy jamie jem jimmie jaime
janet jan
jane jenny janie janey
jason jay jase
jeffrey jeff geoff geoffrey jeffery
jennifer jen jenny jenna jenn jennie
jeremy jerry jem
jerome jerry
jessica jess jessie
jesse jess jessie jesus
joan joanie
joanna jo joanne johanna
john johnny jack jon johnnie juan ian hans giovanni
jonathan jon johnny nathan jonathon jonny
jordan jordy
joseph joe joey jo jose josef giuseppe pepe
josephine jo josie josefina
joshua josh
joyce joy
judith judy judi jude
julia julie jules juliana
julian jules julio
karen kari
kenneth ken kenny
kevin kev
kimberly kim kimmy kimberley
lauren laurie lori loren
laura laurie lori
lawrence larry laurence lorenzo lars
leonard leo len lenny leonardo
leslie les
lillian lilly lily lil
linda lindy lynn lin
louis lou louie lewis luis
louise lou lulu luisa
lucille lucy lucia
madeline maddie maddy madeleine madelyn
marcus marc mark marcos
margaret maggie meg peggy marge margie rita greta madge peg daisy margarita marguerite
maria marie mary mia
marilyn mary lyn
martha marty mattie
martin marty
mary mollie molly polly mamie may marie maria
matthew matt matty mateo mathew
matilda tilly mattie
maureen mo
maxwell max
maximilian max
megan meg meghan meaghan
melissa mel lissa missy
melvin mel
michael mike mick mickey micky mikey miguel micheal mitch michel mikhail
michelle shelly shell micki
mildred millie milly
mitchell mitch
mohammed mohammad muhammad mohamed mo mohamad muhammed
nancy nan
natalie nat nattie
nathan nate nat
nathaniel nate nat nathan
nicholas nick nicky nicolas nico nikolas klaus
nicole nikki nicky nichole
nora norah honora
norman norm
olivia liv livvy ollie
oliver ollie
pamela pam
patricia pat patty patti tricia trish
patrick pat paddy rick patricio
paul pauly pablo
paula polly
peter pete pedro
philip phillip phil pip felipe
phyllis phyl
priscilla cilla
rachel rachael rach shelly
ralph rafe
randall randy
randolph randy
raymond ray ramon
rebecca becky becca bec rebekah
regina gina reggie
reginald reg reggie
ricardo rick richie
richard rick dick rich ricky richie dickie ricardo
robert rob bob robbie bobby bert robby bobbie roberto
roberta bobbie robbie
rodney rod
roger rog
roland rollie
ronald ron ronnie ronny
rosemary rose rosie
rose rosie rosa
roy leroy
russell russ rusty
ruth ruthie
samantha sam sammy
samuel sam sammy
sandra sandy
sarah sara sally sadie
scott scotty
sean shaun shawn
sebastian seb bastian
sharon shari
sheila shelia
shirley shirl
sidney sid sydney
solomon sol
sophia sophie sofia
stanley stan
stephanie steph stephie stefanie
stephen steven steve stevie stefan esteban
susan sue suzie susie suzanne susanna suzy susana
sylvia syl
tamara tammy
teresa theresa terry tess tessa teri
terrence terry terence terrance
theodore ted teddy theo
thomas tom tommy tomas thom
timothy tim timmy
tobias toby
valerie val
vanessa nessa
veronica ronnie vera
victor vic
victoria vicky vicki tori vickie
vincent vince vinny vin vicente
virginia ginny ginger
vivian viv
walter walt wally
wayne way
wendy wen
wesley wes
wilfred wilf fred
william bill will billy willie liam willy guillermo wilhelm
winifred winnie freddie
yvonne vonnie
zachary zach zack zac zak zachariah
"""


def _short_for() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for line in _GROUPS.split("\n"):
        tokens = line.split()
        for token in dict.fromkeys(tokens):
            found.setdefault(token, []).append(tokens[0])
    return {token: tuple(names) for token, names in found.items()}


SHORT_FOR = _short_for()
"""A given name -> the names that it may stand for, itself among them where it is one; most names are not listed."""


def forms(given: str) -> tuple[str, ...]:
    """The names that this one may stand for: itself alone where nothing else is known of it."""
    return SHORT_FOR.get(given) or (given,)


def canonical(given: str) -> str:
    """The one name that stands for all its forms, for keys: the first that it may stand for."""
    return forms(given)[0]
