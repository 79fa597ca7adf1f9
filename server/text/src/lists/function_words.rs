//! Function words, by class.

pub(super) const ENGLISH: &str = "
the a an this that these those
one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million millions billion billions
first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth
eighteenth nineteenth twentieth once twice thrice half dozen
i you he she it we they me him her us them my your his its our their mine yours hers ours theirs
myself yourself himself herself itself ourselves yourselves themselves oneself
i'm i've i'd i'll you're you've you'd you'll he's he'd he'll she's she'd she'll it's it'd it'll we're we've we'd we'll
they're they've they'd they'll that's that'll there's here's who's what's where's how's let's
who whom whose which what where when why how whoever whatever whichever whenever wherever however
someone somebody something anyone anybody anything everyone everybody everything nobody nothing none
some any each every either neither both all few fewer little less least many more most much several enough other others another
such same own lot lots plenty certain various whole entire
be am is are was were been being isn't aren't wasn't weren't
have has had having haven't hasn't hadn't do does did doing done don't doesn't didn't
will would shall should can could may might must ought cannot won't wouldn't shan't shouldn't can't couldn't mightn't mustn't
get gets got getting gotten become becomes became becoming seem seems seemed seeming appear appears appeared
remain remains remained stay stays stayed keep keeps kept keeping let lets
about above across after against along amid among amongst around as at before behind below beneath beside besides between
beyond by concerning considering despite down during except for from in into like near of off on onto opposite out
over past per plus regarding since through throughout till to toward towards under underneath unlike until up
upon versus via with within without
and but or nor so yet because although though while whereas if unless lest than whether provided once
not no yes nope okay ok please
very too quite rather really fairly almost nearly just only even still also again already always never ever often
sometimes usually rarely seldom soon now then today tomorrow yesterday later ago here there everywhere somewhere anywhere
nowhere perhaps maybe probably possibly certainly definitely actually basically simply mostly mainly largely partly
extremely highly absolutely completely totally entirely particularly especially generally typically recently currently
finally eventually together instead away back forward well far
thing things stuff way ways kind kinds matter case piece part parts bit
times day days week weeks month months year years hour hours minute minutes
good better best great nice bad worse worst big bigger biggest small smaller smallest large larger largest new newer newest old
older oldest long longer longest short easy easier easiest simple hard fast whole able likely
important different main major available possible able sure
say says said saying tells told ask asks asked asking think thinks
make makes made making take takes took taken go goes went gone going come comes came
coming put puts putting use used using want need needs try tries tried trying
showed shown showing mean means meant
called
oh ah eh hey wow hmm ugh ouch aha yay
etc eg ie vs mr mrs ms dr prof jr sr
someone's somebody's anyone's everyone's everybody's nobody's one's other's another's
ahead alongside amidst apart aside ago atop circa elsewhere else mid minus next notwithstanding thereby therein thru whilst wherein
apparently clearly commonly constantly continually directly earlier easily expressly fully immediately incidentally including initially
instantly lately namely naturally notably nowadays regularly relatively seriously slightly somewhat truly ultimately uniquely
utterly widely anymore
actual average awesome awful basic beautiful bottom busy complete current early earliest estimated faster fastest harder hardest high
higher highest last latest low lower lowest multiple necessary nicer nicest normal obvious particular previous real recent regular
shorter shortest similar simpler simplest special specific tiny top usual young younger youngest
aspect aspects detail details difference differences factor factors idea instance instances item items likelihood ones percent
person pieces theme seconds ton tons
add added adding adds based consist consisted consists contain contained containing contains dare dared dares ensure ensured ensures
letting remaining setting staying turn turned turns
announced announces claimed discussed discusses explain explained explains stated stating suggested suggests talked talks
understands understood
";

pub(super) const GERMAN: &str = "
der die das dem den des ein eine einem einen einer eines kein keine keinem keinen keiner keines
dieser diese dieses diesem diesen jener jene jenes jenem jenen derselbe dieselbe dasselbe derjenige diejenige dasjenige
eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn zwanzig dreißig vierzig fünfzig
hundert tausend million millionen milliarde milliarden erste ersten erster erstes zweite zweiten dritte dritten halb halbe
ich du er sie es wir ihr mich dich ihn uns euch mir dir ihm ihnen sich mein meine meinem meinen meiner meines dein deine deinem
deinen deiner deines sein seine seinem seinen seiner seines ihre ihrem ihren ihrer ihres unser unsere unserem unseren unserer
unseres euer eure eurem euren eurer eures man selbst selber einander
wer wen wem wessen was welche welcher welches welchem welchen wo wohin woher wann warum wieso weshalb wie wieviel womit wofür
wodurch woran worauf woraus worin worüber wovon wozu
jemand niemand etwas nichts alles alle allem allen aller jeder jede jedes jedem jeden mancher manche manches manchen einige
einigen einiger einiges mehrere mehreren viel viele vielem vielen vieler wenig wenige wenigen weniger mehr meist meiste meisten
andere anderem anderen anderer anderes solche solcher solches solchen beide beiden genug sämtliche bisschen paar
bin bist ist sind seid war warst waren wart gewesen sei wäre wären habe hast hat haben habt hatte hatten hattest gehabt hätte
hätten werde wirst wird werden werdet wurde wurden geworden worden würde würden würdest
kann kannst können könnt konnte konnten könnte könnten darf dürfen durfte dürfte muss musst müssen müsst musste mussten müsste
müssten soll sollst sollen sollte sollten will willst wollen wollte wollten mag mögen möchte möchten lässt lassen
bleibt bleiben scheint scheinen
an auf aus außer bei beim bis durch entlang für gegen gegenüber gemäß hinter in im ins innerhalb außerhalb mit mittels nach neben
ohne seit statt trotz über um unter von vom vor während wegen zu zum zur zwischen zwecks dank laut pro je ab am ans
und oder aber denn sondern doch sowie sowohl weder noch entweder als wie dass daß weil wenn falls ob obwohl obgleich damit indem
nachdem bevor ehe sobald solange sodass da
nicht nie niemals nur auch schon noch immer wieder sehr zu ganz gar so dann jetzt nun hier dort da heute morgen gestern bald
oft manchmal selten meistens fast etwa ungefähr vielleicht wahrscheinlich sicher natürlich eigentlich einfach besonders ziemlich
recht eher sogar bereits gerade eben mal ja nein daher deshalb deswegen darum trotzdem dennoch außerdem jedoch allerdings
dabei dadurch dafür dagegen daran darauf daraus darin darüber davon davor dazu hin her weg zurück zusammen weiter
ding dinge sache sachen art arten weise teil teile fall fälle mal zeit tag tage woche wochen monat monate jahr jahre stunde
stunden minute minuten
gut gute guten guter gutes besser beste besten groß große großen großer großes größer klein kleine kleinen neu neue neuen neuer
neues alt alte alten lang lange kurz schnell wichtig wichtige wichtigen verschieden verschiedene verschiedenen möglich
mögliche möglichen
sagen sagt sagte gesagt machen macht machte gemacht tun tut tat getan gehen geht ging gegangen kommen kommt kam gekommen geben
gibt gab gegeben nehmen nimmt nahm genommen sehen sieht sah gesehen finden findet fand gefunden wissen weiß wusste gewusst
denken denkt dachte gedacht glauben glaubt brauchen braucht brauchte stehen steht stand liegen liegt lag zeigen zeigt zeigte
gezeigt heißt heißen
ach aha oh na bitte danke hallo usw etc bzw ca z.b d.h u.a hr fr dr prof
";

pub(super) const FRENCH: &str = "
le la les l' un une des du de d' au aux ce cet cette ces celui celle ceux celles ceci cela ça
je j' tu il elle on nous vous ils elles me m' te t' se s' lui leur eux moi toi soi y en mon ma mes ton ta tes son sa ses notre nos
votre vos leurs mien mienne tien tienne sien sienne
qui que qu' quoi dont où quel quelle quels quelles lequel laquelle lesquels lesquelles quand comment pourquoi combien
deux trois quatre cinq six sept huit neuf dix onze douze vingt trente quarante cinquante cent mille million millions premier
première deuxième troisième
tout toute tous toutes chaque plusieurs quelque quelques certain certaine certains certaines aucun aucune nul nulle autre autres
même mêmes tel telle tels telles peu beaucoup trop assez plus moins tant autant rien personne quelqu'un chacun chacune
suis es est sommes êtes sont étais était étions étiez étaient fus fut furent serai seras sera serons serez seront serait
seraient sois soit soient été étant être ai as a avons avez ont avais avait avions aviez avaient eu eut aurai aura auront
aurait auraient avoir ayant fais fait faisons faites font faisait fera faire vais vas va allons allez vont aller peux peut pouvons
pouvez peuvent pouvait pourra pourrait pouvoir dois doit devons devez doivent devait devra devrait devoir veux veut voulons
voulez veulent vouloir faut fallait faudra
à avec avant après chez contre dans depuis derrière dès devant durant entre envers hors jusque jusqu' malgré par parmi pendant
pour près sans sauf selon sous sur vers via
et ou mais donc or ni car si comme lorsque lorsqu' puisque puisqu' quoique parce afin
ne n' pas point jamais non oui très bien mal aussi ainsi alors encore déjà toujours souvent parfois rarement ici là maintenant
aujourd'hui hier demain puis ensuite enfin seulement surtout presque environ peut-être vraiment
chose choses façon manière sorte type cas fois jour jours semaine mois an ans année années heure heures
bon bonne meilleur meilleure grand grande petit petite nouveau nouvelle vieux vieille
etc m mme dr
";

pub(super) const SPANISH: &str = "
el la los las lo un una unos unas al del este esta esto estos estas ese esa eso esos esas aquel aquella aquellos aquellas
yo tú él ella ello nosotros nosotras vosotros ellos ellas usted ustedes me te se nos os le les mí ti sí conmigo contigo mi mis tu
tus su sus nuestro nuestra nuestros nuestras vuestro vuestra mío mía suyo suya
que quien quienes cual cuales cuyo cuya qué quién cuál cuáles cuándo cómo dónde cuánto cuánta cuántos cuántas cuando como donde
dos tres cuatro cinco seis siete ocho nueve diez once doce veinte treinta cien ciento mil millón millones primero primera primer
segundo segunda tercero tercera
todo toda todos todas cada varios varias algún alguno alguna algunos algunas ningún ninguno ninguna otro otra otros otras mismo
misma mismos mismas tal tales poco poca pocos pocas mucho mucha muchos muchas más menos tan tanto demasiado bastante nada nadie
algo alguien
soy eres es somos sois son era eran fui fue fueron será serán sería sea sean sido siendo ser estoy estás está estamos están
estaba estaban estuvo estar he has ha hemos han había habían hay hubo habrá haya haber tengo tiene tienen tenía tener hago hace
hacen hizo hacer voy va vamos van iba ir puedo puede pueden podía podrá podría poder debo debe deben debería deber quiero quiere
quieren querer
a ante bajo con contra de desde durante en entre hacia hasta mediante para por según sin sobre tras vía
y e o u pero sino mas ni si aunque porque pues mientras
no sí nunca jamás siempre también tampoco muy bien mal ya aún todavía aquí ahí allí ahora hoy ayer mañana luego después antes
entonces así solo sólo casi quizás quizá tal vez
cosa cosas manera forma modo tipo caso vez veces día días semana mes año años hora horas
bueno buena buen mejor mejores grande gran pequeño pequeña nuevo nueva viejo vieja
etc sr sra dr
";

pub(super) const ITALIAN: &str = "
il lo la i gli le l' un uno una un' del dello della dei degli delle al allo alla ai agli alle dal dallo dalla dai dagli dalle nel
nello nella nei negli nelle sul sullo sulla sui sugli sulle questo questa questi queste quello quella quelli quelle quel quei
io tu lui lei noi voi loro egli ella essi esse mi ti si ci vi ne me te sé mio mia miei mie tuo tua tuoi tue suo sua suoi sue
nostro nostra nostri nostre vostro vostra vostri vostre
che chi cui quale quali quanto quanta quanti quante quando come dove perché
due tre quattro cinque sei sette otto nove dieci undici dodici venti trenta cento mille milione milioni primo prima secondo terzo
tutto tutta tutti tutte ogni ognuno alcuno alcuni alcune nessuno nessuna altro altra altri altre stesso stessa stessi stesse tale
tali poco poca pochi poche molto molta molti molte più meno tanto troppo abbastanza niente nulla qualcuno qualcosa qualche
sono sei è siamo siete era erano fu furono sarà saranno sarebbe sia siano stato stata stati state essere ho hai ha abbiamo avete
hanno aveva avevano avrà abbia avere faccio fa fanno faceva fare vado va vanno andare posso può possono poteva potrebbe potere
devo deve devono doveva dovrebbe dovere voglio vuole vogliono volere
a con da di d' in per su tra fra contro dopo prima durante senza sopra sotto verso secondo presso oltre
e ed o od ma però anche né se perché poiché mentre sebbene quindi dunque
non sì no mai sempre spesso già ancora qui qua lì là ora adesso oggi ieri domani poi così solo soltanto quasi forse molto bene male
cosa cose modo tipo caso volta volte giorno giorni settimana mese anno anni ora ore
buono buona migliore grande piccolo piccola nuovo nuova vecchio vecchia
ecc sig dott
";

pub(super) const DUTCH: &str = "
de het een deze dit dat die
ik jij je u hij zij ze wij we jullie hen hun mij me jou hem haar ons mijn jouw zijn uw onze zich zelf elkaar
wie wat welke welk waar wanneer waarom hoe hoeveel waarmee waarvan waarop waardoor
één twee drie vier vijf zes zeven acht negen tien elf twaalf twintig dertig honderd duizend miljoen miljard eerste tweede derde
alle alles al elk elke ieder iedere iedereen iemand niemand iets niets sommige enkele veel vele weinig meer meest minder andere
ander zulke zo'n beide genoeg paar
ben bent is zijn was waren geweest wees heb hebt heeft hebben had hadden gehad word wordt worden werd werden geworden zal zult
zullen zou zouden kan kunt kunnen kon konden mag mogen mocht moet moeten moest wil wilt willen wilde laat laten blijft blijven
ga gaat gaan ging doe doet doen deed gedaan maak maakt maken maakte gemaakt
aan achter als bij binnen boven buiten door in met na naar naast om onder op over per sinds te tegen ten ter tijdens tot tussen
uit van vanaf via volgens voor voorbij zonder
en of maar want dus noch dan omdat terwijl hoewel indien tenzij zodat toen nadat voordat totdat
niet geen nooit altijd vaak soms ook nog al weer zeer heel erg te nu hier daar er vandaag morgen gisteren straks misschien bijna
ongeveer alleen slechts juist wel ja nee samen terug
ding dingen zaak manier soort deel keer tijd dag dagen week weken maand maanden jaar jaren uur uren
goed goede beter beste groot grote klein kleine nieuw nieuwe oud oude
enz bijv dhr mevr
";

pub(super) const PORTUGUESE: &str = "
o a os as um uma uns umas ao à aos às do da dos das no na nos nas pelo pela pelos pelas este esta isto estes estas esse essa isso
esses essas aquele aquela aquilo aqueles aquelas deste desta desse dessa neste nesta nesse nessa
eu tu ele ela nós vós eles elas você vocês me te se lhe lhes mim ti si comigo contigo meu minha meus minhas teu tua seu sua seus
suas nosso nossa nossos nossas
que quem qual quais cujo cuja quando como onde quanto quanta quantos quantas porquê
dois duas três quatro cinco seis sete oito nove dez onze doze vinte trinta cem cento mil milhão milhões primeiro primeira segundo
segunda terceiro
todo toda todos todas tudo cada vários várias algum alguma alguns algumas nenhum nenhuma outro outra outros outras mesmo mesma tal
tais pouco pouca muito muita muitos muitas mais menos tão tanto nada ninguém algo alguém
sou és é somos são era eram fui foi foram será serão seria seja sejam sido sendo ser estou está estamos estão estava estavam estar
tenho tem temos têm tinha tinham ter há havia haver faço faz fazem fez fazer vou vai vamos vão ir posso pode podem podia poderia
poder devo deve devem deveria dever quero quer querem querer
ante até com contra de desde durante em entre para per perante por sem sob sobre trás via
e ou mas nem se embora porque pois enquanto
não sim nunca jamais sempre também já ainda aqui aí ali agora hoje ontem amanhã depois antes então assim só apenas quase talvez
bem mal
coisa coisas maneira forma modo tipo caso vez vezes dia dias semana mês ano anos hora horas
bom boa melhor grande pequeno pequena novo nova velho velha
etc sr sra dr
";

pub(super) const RUSSIAN: &str = "
я ты он она оно мы вы они меня тебя его её ее нас вас их мне тебе ему ей нам вам им мной тобой ним ней нами вами ними себя себе
собой мой моя моё мои твой твоя твоё твои наш наша наше наши ваш ваша ваше ваши свой своя своё свои своего своей своих
этот эта это эти этого этой этих этом этим тот та то те того той тех том тем такой такая такое такие сам сама само сами самый
кто что чей чья какой какая какое какие который которая которое которые которого которой которых где куда откуда когда почему
зачем как сколько чего чему чем
один одна одно два две три четыре пять шесть семь восемь девять десять сто тысяча тысячи миллион первый первая первое второй
вторая третий
весь вся всё все всего всей всех каждый каждая каждое другой другая другие никто ничто нечто некоторые много мало немного больше
меньше несколько
быть есть был была было были буду будет будем будут будучи мочь могу может можем могут мог могла можно нужно надо нельзя
должен должна должно должны стать стал стала стало стали
в во на с со к ко о об обо от до из изо у за под над при про для без через между перед после около среди вместо кроме ради по
и а но или либо да ни же ли бы если чтобы хотя потому поэтому так как пока
не нет да очень уже ещё еще только лишь даже тоже также всегда никогда часто иногда редко сейчас теперь тогда здесь там тут
сегодня завтра вчера потом затем снова почти примерно около возможно конечно просто вот
дело вещь вещи образ вид часть раз время день дни неделя месяц год годы час часы
хороший лучше лучший большой маленький новый старый
";

pub(super) const TURKISH: &str = "
bir bu şu o bunlar şunlar onlar bunun şunun onun bunu şunu onu buna şuna ona bunda onda bundan ondan
ben sen biz siz benim senin bizim sizin onların beni seni bizi sizi onları bana sana bize size onlara kendi kendisi kendini
kim kime kimin ne neyi neye neden niçin niye nasıl nerede nereye nereden hangi hangisi kaç kadar
iki üç dört beş altı yedi sekiz dokuz on yirmi otuz kırk elli yüz bin milyon milyar ilk birinci ikinci üçüncü yarım
her hiç hiçbir bazı birkaç çok az daha en tüm bütün hep herkes kimse biri birisi şey şeyler başka diğer aynı böyle şöyle öyle
değil var yok idi imiş ise olan olarak olur oldu olmuş olmak olması olduğu olduğunu eden etmek etti edilen yapmak yapan gibi
göre için ile beraber birlikte kadar karşı doğru dolayı ötürü rağmen sonra önce beri üzere dair ait
ve veya ya da de ki ama fakat ancak lakin çünkü eğer hem yahut oysa yani
mi mı mu mü miydi mıydı evet hayır belki bile sadece yalnız yalnızca hemen şimdi artık hala hâlâ bugün yarın dün burada orada
şurada zaten tam pek oldukça gerçekten asla daima bazen genellikle tekrar
zaman gün günler hafta ay yıl yıllar saat dakika kez kere defa şekilde tür tane
iyi kötü büyük küçük yeni eski güzel uzun kısa
vb vs
";
