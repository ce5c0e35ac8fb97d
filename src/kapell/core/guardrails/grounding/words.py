"""Words as the scorer knows them, in plain lists; ``lexicon`` looks them up."""

EMPTY = """
a about above according actually after again ago all along also although always am among an and
another any are around as at away back be became because become been before began begin being
below between both but by can come could did do does doing done down due during each either else
especially even ever every few first for from further get go goes going gone got had has have
having he her here hers herself him himself his how however i if in indeed instead into is it its
itself just last later least less let like mainly many may me might more most mostly much must my
myself near next no none nor not now of off often on once one only onto or other others otherwise
our ours out over own per perhaps rather really said same saw say says see seem seen shall she
should since so some somebody someone something soon still such than that the their theirs them
themselves then there thereby therefore these they thing things this those though through
throughout thus till to today together told too took toward towards under until up upon us very
via was way we well went were what when where whether which while who whom whose why will with
within without would yes yet you your yours report reported reports state stated states text
source sources document passage article mention mentioned mentions describe described note noted
answer example currently total number altogether overall both respectively place people person
part kind sort type case fact around roughly approximately nearly almost exactly
"""
"""Words that say nothing by themselves."""

LIGHT = "give take make use put get go"
"""Verbs that mean little without their object."""

SAME = """
begin start launch commence open initiate inaugurate onset;
end finish conclude close stop cease complete expire terminate wrap;
buy purchase acquire obtain bought takeover; sell sold sale;
rise rose risen increase grow grew grown climb gain up jump surge higher growth raise;
fall fell fallen decrease decline drop shrink shrank down reduce reduction lower cut lessen dip;
big large huge sizeable great considerable major substantial vast;
small little tiny minor compact modest; quick fast rapid swift speedy; slow sluggish gradual;
build built construct erect assemble construction;
repair fix mend restore renovate refurbish restoration renovation overhaul;
break broke broken fail failure fault malfunction defect outage;
pay paid payment cost charge fee price spend spent;
teach taught instruct train train lesson class; doctor physician clinician medic gp;
child children kid youngster pupil minor; pupil student learner schoolchild;
staff employee worker personnel workforce team crew;
boss head leader director chief lead led manager run ran manage;
firm company business enterprise corporation manufacturer maker; house home dwelling residence;
illness disease sickness condition ailment disorder; medicine drug medication remedy treatment;
car vehicle automobile; ship vessel boat ferry; street road lane avenue;
town city municipality borough; council municipality authority; shop store outlet retailer;
picture image photo photograph; show display exhibit exhibition present demonstrate reveal;
find found discover discovery detect locate identify; think thought believe consider reckon hold;
say state claim announce declare tell report mention explain; ask request demand inquire query;
help assist aid support; need require necessary requirement must mandatory obligatory compulsory;
allow permit let enable may authorise authorize permission;
forbid ban prohibit disallow bar banned;
give gave given provide supply deliver offer grant donate hand; get got receive obtain gain win;
show indicate suggest; choose chose chosen select pick opt choice;
keep kept retain maintain preserve hold; send sent dispatch ship mail post forward;
receive get got; fix set determine establish; found establish create set launch creation founding;
make made produce manufacture create production; grow cultivate raise;
change alter modify amend adjust switch; move relocate transfer shift;
replace substitute swap supersede; remove delete take strip eliminate withdraw;
add append include extra additional; join combine merge connect link unite; divide split separate;
live reside inhabit dwell; die died death dead; kill slay; hurt injure injury wound;
old aged ancient former; new recent fresh modern latest; young youthful juvenile;
important significant key crucial vital essential; hard difficult tough challenging;
easy simple straightforward; enough sufficient adequate; whole entire full complete all;
part portion section share piece; amount quantity volume sum; area region district zone;
land ground soil terrain; sea ocean; forest wood woodland; hill mountain peak; river stream;
rain rainfall precipitation; storm gale tempest; cold chilly; hot warm heat;
rubbish waste trash garbage refuse; food meal dish; drink beverage;
eat ate eaten consume feed fed; cook prepare bake; clean wash rinse; empty drain; fill full;
heat warm; freeze frozen; cool chill; carry transport convey haul take;
travel journey trip tour ride; walk hike stroll; arrive reach come arrival;
leave left depart departure exit; return back; visit visitor guest tourist attend attendance;
win won victory beat defeat; lose lost loss defeat; vote ballot elect election;
law act statute legislation regulation rule; court judge tribunal;
contract agreement deal treaty accord pact; meeting gathering session conference assembly;
member participant; plan scheme proposal propose intend project;
study research trial investigation survey investigate examine;
test trial check examine inspect inspection; result outcome finding effect;
cause reason trigger lead due because source origin blame; problem issue trouble difficulty;
danger risk hazard threat; safe secure; warn caution alert warning; rule guideline policy;
limit cap maximum ceiling restrict; minimum least; rate pace speed;
money fund cash finance funding budget; income revenue earnings turnover; profit surplus;
debt loan credit; tax levy duty; job work position post role employment occupation;
work function operate operation run serve; hire recruit employ appoint engage;
resign quit leave step; retire leave; name call title term; write wrote written author pen;
book volume title; paper newspaper journal; letter mail; message note; picture painting;
music tune; film movie; play perform performance; game match; team side squad; hear heard listen;
see saw seen view watch observe look notice spot; speak spoke talk; discuss talk debate;
agree accept approve consent back; refuse reject decline deny; hope wish expect anticipate;
fear worry concern; like enjoy prefer favour favor; want wish desire; try attempt seek;
use employ utilise utilize apply usage application; wait delay postpone;
delay postpone defer late; often frequently regularly;
usually normally generally typically commonly; rarely seldom;
about approximately around roughly some; annually yearly year annual; daily day; weekly week;
monthly month; hour hourly; free complimentary gratis; equal same identical;
different distinct various; near close nearby beside adjacent; inside within indoors indoor;
outside outdoors outdoor; top summit upper; bottom base lower; rear back; edge border boundary;
centre center middle central heart; deep depth; high height tall; long length; wide width broad;
heavy weight weigh; strong powerful robust strength; weak feeble; thick dense; thin slim;
loud noisy noise; quiet silent silence; true correct right accurate;
wrong incorrect false mistaken error mistake; public open; private closed; local regional;
foreign overseas abroad international; national country nationwide state;
store storage keep stock save; protect guard shield protection safeguard; attack assault;
catch caught capture; hide conceal; measure gauge measurement; count tally; calculate compute;
estimate projection forecast predict; compare comparison;
improve enhance better improvement upgrade; damage harm destroy ruin destruction; collapse fall;
burn fire blaze; flood inundate; power electricity energy electric; light lamp;
machine device equipment appliance unit apparatus; tool instrument; engine motor; computer server;
software program application app; update upgrade patch release version; bug error defect fault;
user customer client; customer client buyer shopper; supplier vendor provider;
owner proprietor own belong; tenant renter; rent lease hire; farmer grower; crop harvest;
animal creature; flower bloom blossom; scientist researcher; expert specialist;
teacher instructor tutor; hospital clinic; operation surgery procedure; vaccine jab; symptom sign;
woman female; man male; mother mum; father dad; husband spouse; illegal unlawful; award receive;
spot see; money pay; intend want aim plan; occur happen arise affect hit;
accessible reach reachable; holiday vacation leave; salary wage pay earnings; flat apartment;
donor donate; neighbour neighbor resident; citizen resident inhabitant people population;
king monarch; president chair chairman chairwoman; police officer; soldier troop; war conflict;
border frontier; bridge crossing span; floor storey level story; room chamber; door gate entrance;
garden park; school academy; university college; museum gallery; theatre theater stage;
church chapel; station stop terminal; train railway rail; bus coach; bicycle bike cycle;
lorry truck; plane aircraft; passenger traveller rider commuter; ticket fare; route path line way;
accident crash collision; crew sailor seaman; rescue save; captain skipper;
cargo freight load goods; award prize honour honor; exam examination test; mark grade score;
lesson course; degree qualification; skill ability; idea concept;
method technique approach way process; step stage phase; goal aim target objective purpose;
advantage benefit; drawback disadvantage; example instance; data information figure;
file document record; copy duplicate; access entry admission;
approve authorise authorize sign endorse approval clear; cancel scrap abandon call;
confirm verify; apologise apologize apology sorry; complain complaint; promise pledge vow commit;
warranty guarantee; refund reimburse reimbursement repay; discount reduction rebate; bill invoice;
renew renewal extend extension prolong lengthen; last endure continue remain stay persist keep;
double twice twofold; triple threefold treble; several many numerous multiple; majority most;
pair couple two; first initial original; final last ultimate; previous earlier prior former;
following next subsequent later after; immediately instantly once straightaway directly;
temporary provisional interim; permanent lasting; main principal chief primary;
extra additional further more; only solely just exclusively; together jointly; alone single sole
"""
"""Groups of words of like meaning; a word may be in several."""

OPPOSED = """
rise rose risen increase grow grew climb gain jump surge higher growth raise | fall fell fallen
decrease decline drop shrink shrank reduce reduction lower dip lessen;
open start begin launch commence reopen | close shut end stop cease;
accept approve agree allow permit grant | reject refuse decline deny forbid ban prohibit;
before earlier prior | after later; above over exceed | below under;
more greater larger bigger higher | less fewer smaller lower; most majority | minority few least;
all every always each entire | some sometimes none never no;
inside indoor indoors within | outside outdoor outdoors;
success succeed successful pass | fail failure failed unsuccessful;
win won victory beat | lose lost defeat loss; buy bought purchase acquire | sell sold sale;
lend lent | borrow; arrive arrival | leave left depart departure; enter entry | exit;
include cover | exclude exclusion except; add install | remove uninstall removal;
free complimentary gratis | paid charge fee cost;
cheap cheaper cheapest inexpensive | expensive costly dear;
safe harmless | dangerous unsafe harmful hazardous toxic poisonous;
mandatory compulsory required obligatory must require | optional voluntary may;
legal lawful | illegal unlawful; public | private; permanent | temporary provisional;
new newest recent | old oldest former; young younger youngest | old older oldest elderly;
first earliest | last latest final; fast faster quick quicker rapid | slow slower;
strong stronger | weak weaker; hard difficult | easy simple;
hot hotter warm warmer | cold colder cool cooler; wet damp moist | dry;
light lighter | heavy heavier;
high higher highest tall taller tallest | low lower lowest short shorter shortest;
long longer longest | short shorter shortest brief;
big bigger biggest large larger largest huge | small smaller smallest tiny little;
deep deeper | shallow; wide wider broad | narrow narrower; thick thicker | thin thinner;
full | empty vacant; near nearest close closest | far furthest farthest distant; early | late;
day daytime daylight | night nighttime; morning | evening afternoon night;
healthy well | ill sick unwell; alive live | dead die died;
male man men boy father husband son brother | female woman women girl mother wife daughter sister;
buyer customer | seller vendor; teacher | pupil student; employer | employee; landlord | tenant;
import | export; profit surplus gain | loss deficit; upper top | lower bottom; front | rear back;
left | right; north northern | south southern; east eastern | west western;
maximum most | minimum least; increase | decrease; strengthen | weaken;
improve better best improvement | worsen worse worst deteriorate;
support favour favor back endorse | oppose against opposition object;
encourage recommend advise | discourage warn; confirm | deny;
keep retain preserve | discard abandon drop scrap destroy demolish;
build built construct erect | demolish destroy dismantle;
repair mend fix restore | damage destroy break; hire recruit appoint employ | dismiss fire sack;
arrest detain | release free; guilty convict | innocent acquit;
unanimous unanimously | divided split narrowly;
common frequent often usual usually | rare rarely seldom uncommon unusual;
visible | invisible hidden; known | unknown; possible able | impossible unable; likely | unlikely;
true correct right | false wrong incorrect; same identical equal | different;
single alone | several many multiple; domestic | foreign abroad overseas;
local | national international; automatic automatically | manual manually; solid | liquid;
raw | cooked; fresh | frozen dried; natural | artificial synthetic; ancient | modern;
urban city | rural countryside village; rich wealthy | poor; present attend | absent;
voluntary | forced compulsory; ascend | descend; attract | repel; active | inactive dormant;
enable activate on | disable deactivate off; encrypt encrypted | unencrypted; online | offline;
digital | analogue analog paper; daily | weekly monthly yearly annually; advance ahead | arrears;
winter | summer; senior | junior; professional | amateur; sink sank sunk | float;
melt thaw | freeze frozen; expand widen extend lengthen | shrink contract narrow shorten;
accelerate speed | slow brake; deliver | collect; deposit | withdraw; credit | debit; gain | lose;
save | waste spend; remember | forget; love like enjoy | hate dislike; agree | disagree;
together jointly | separately apart; evergreen | deciduous;
clockwise | anticlockwise counterclockwise; northbound | southbound; eastbound | westbound;
soluble | insoluble; conscious | unconscious; mild | severe serious; minor | major;
positive | negative; even | odd; inner | outer; former | latter; internal | external;
increase | fall
"""
"""Opposites: two sides, each with its words."""

EXCLUSIVE = """
red blue green yellow orange purple violet brown black white grey gray pink golden silver
turquoise; north south east west; northern southern eastern western; spring summer autumn winter;
morning noon afternoon evening night midnight;
steel iron wood wooden timber concrete stone brick brass bronze copper aluminium aluminum plastic
glass granite marble sandstone limestone clay bamboo leather; cotton wool silk linen nylon;
gas oil coal solar wind nuclear diesel petrol hydrogen;
bus train tram ferry car lorry truck plane bicycle helicopter ship;
email phone telephone letter fax text; cash card cheque invoice transfer;
liver kidney heart lung brain stomach skin bone blood;
doctor nurse teacher engineer lawyer farmer baker carpenter architect pilot chemist biologist
painter mechanic plumber electrician;
mother father sister brother daughter son aunt uncle grandmother grandfather husband wife cousin
nephew niece; cat dog horse cow sheep goat pig chicken rabbit; wheat barley rye oats maize rice;
apple pear cherry plum grape peach; oak pine beech birch spruce maple willow ash elm fir;
english french german spanish italian portuguese dutch polish russian chinese japanese arabic
greek turkish swedish danish norwegian finnish czech hungarian;
france germany spain italy portugal netherlands poland russia china japan greece turkey sweden
denmark norway finland austria switzerland belgium ireland scotland wales england canada mexico
brazil india; europe asia africa america australia antarctica;
daily weekly monthly quarterly yearly annually hourly; gold silver bronze;
piano violin cello flute guitar trumpet organ drum clarinet;
football tennis rugby cricket basketball volleyball hockey swimming;
hydrogen oxygen nitrogen carbon helium sulphur chlorine; virus bacteria bacterium fungus parasite;
fire flood storm earthquake drought landslide avalanche;
roof floor wall ceiling basement cellar attic;
pump valve pipe filter motor sensor battery cable fuse switch bearing gasket hose;
mayor governor president minister king queen bishop judge;
school university hospital library museum theatre church station hotel prison factory warehouse
airport stadium; rain snow hail fog wind ice frost; circle square triangle;
milk water juice beer wine tea coffee; salt sugar pepper vinegar; novel poem play essay;
left right centre
"""
"""Things of a kind of which a place takes one."""
