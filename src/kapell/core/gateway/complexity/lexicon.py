"""Words that tell what a prompt asks for, in the languages we have them for; data only.

``beweis*`` stands for every word that begins so, a word of a script without blanks for itself.
"""

from collections.abc import Mapping

CODE_STRONG = """
refactor* debug* regex* pytest unittest* dockerfile docker* kubernetes terraform makefile bash sql
javascript typescript kotlin golang fastapi flask django react css api* endpoint* stack·trace
pull·request git rebase compile* async await middleware pandas dataframe numpy argparse
unit·test* regular·expression* linked·list* binary·search* race·condition* time·complexity
github·actions pydantic alembic postgres* mysql sqlite redis·* graphql webhook* npm pip cron*
mutex deadlock* recursive·cte one·liner readme·md null·pointer command·line
jest mock* settimeout* stdin stdout localhost boolean integer* pointer* queryset* orm lambda*
json·schema unit·tests schema·migration* rust swift java node·js c·function
funktion·* fonction·* función·* funzione·* função·* funkcj* функци* 函数 関数 コード 代码 دالة
"""

CODE_WEAK = """
code python function* method* class script* query* bug* test* error* exception* algorithm* array*
string* loop* list json csv yaml html database* schema* table* variable* parameter* library
package
import* deploy* server client branch commit* implement* iterator generator struct module component
requête* consulta* abfrage* código codice programm* skript* skrypt* скрипт* バグ 错误 برنامج
"""

REASONING_STRONG = """
prove proof* derive* derivation explain·why step·by·step show·your·working trade·off* tradeoff*
justify* analyse* analyze* evaluate* assess* hypothes* recommend* strategy strategies deduce*
contrast weigh critically paradox argue argument* confound* implication* root·cause* probabilit*
estimate* reconstruct* optimal sensitiv* consequences second·order decision·memo decision·tree
first·principles what·would·happen how·would·you does·it·follow which·would·you·recommend
pros·and·cons assumptions assumption negotiat* forecast* design·an·experiment flaw rational
what·are·the·implications how·should explain·every every·step each·step show·that·for interpret
is·there·a·valid show·that rule·out walk·away
beweis* begründe* analysier* bewerte* abwäg* vergleiche* hypothes* wahrscheinlich*
schritt·für·schritt
prouve* démontr* justifie* analyse* évalue* compare·les étape·par·étape pourquoi·ne
demuestr* justifica* analiza* evalúa* paso·a·paso compara·*
dimostra* spiega·perché confront* valuta·* giustifica*
avalie* demonstre* justifique* considere·os compare·as passo·a·passo
beoordeel* bewijs* onderbouw* vergelijk* stap·voor·stap
udowodni* wyjaśnij* uzasadni* przeanalizuj* porównaj*
докаж* объясни* обоснуй* проанализируй* сравни*
证明 推理 分析 比较 逐步 论证 理由 論じ 比較 証明 段階 قارن اشرح أثبت حلل خطوة·بخطوة
"""

REASONING_WEAK = """
why compare in·which·order how·do·you how·would consider discuss explain plan design risks options
alternatives criteria
if·all constraint* because therefore given·that likely which·is·cheaper how·long·until
when·and overall maximum minimum least cheaper fair scenario* mechanism follow follows reason
propose devise work·out find·the think·through lay·out identify should
develop warum weshalb entwickle* erkläre* pourquoi explique* por·qué explica* perché spiega*
waarom leg·uit
dlaczego почему 为什么 解释 なぜ 説明 لماذا
"""

MAKING = """
write implement create build generate add port convert fix make code rewrite decode optimise
optimize
schreib* erstelle* optimiere* ecris écris crée* crea escrib* implementa* scrivi* escreva crie
refatore
schrijf maak napisz stwórz напиши создай 写 書い 直し اكتب أنشئ
"""

SIMPLE = """
what·is·the who·wrote who·painted translate* spell* spelling synonym* capital·of opposite·of
plural
convert rewrite grammar classify tag extract list·the give·me·three one·sentence one·line
yes·or·no name·a define shorten alphabetical subject·line joke what·does say which·planet
add·a·friendly phone·number email·address positive·or·negative
übersetz* hauptstadt synonym* rechtschreibung mehrzahl
traduis* capitale orthographe contraire
traduce* cuántos ordena capital·de
correggi* traduci* sinonim* ortografia
traduza saudação sinônim*
vertaal* meervoud hoofdstad
przetłumacz* stolica synonimy
переведи* столица
翻译 首都 英語で 何と言い 翻訳 عاصمة ترجم
"""

WORDS: Mapping[str, tuple[str, ...]] = {
    "code_strong": tuple(CODE_STRONG.split()),
    "code_weak": tuple(CODE_WEAK.split()),
    "reasoning_strong": tuple(REASONING_STRONG.split()),
    "reasoning_weak": tuple(REASONING_WEAK.split()),
    "making": tuple(MAKING.split()),
    "simple": tuple(SIMPLE.split()),
}
"""By signal; a middle dot inside an entry stands for the blank between two words."""
