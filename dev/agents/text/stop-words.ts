/** Words that carry grammar rather than meaning; they cut a text into candidate phrases. */
export const STOP_WORDS = new Set(
  (
    'a about above after again against all also although always am among an and another any anyone anything are ' +
    "aren't around as at away be became because become becomes been before behind being below between both but by " +
    "came can can't cannot come comes could couldn't did didn't do does doesn't doing done don't down during each " +
    'either else enough etc even ever every everyone everything few first for from further gave get gets getting ' +
    'give given gives go goes going gone got had has have having he her here hers herself him himself his how ' +
    "however i if in indeed instead into is isn't it its it's itself just keep kept know last least less let like " +
    'likely made make makes making many may maybe me might mine more most mostly much must my myself need needs ' +
    'neither never new next no nobody none nor not nothing now of off often on once one ones only onto or other ' +
    'others our ours ourselves out over own per perhaps please put quite rather really said same saw say says see ' +
    'seem seemed seems seen several shall she should shouldn’t since so some someone something sometimes somewhat ' +
    'soon still such take taken takes than that the their theirs them themselves then there therefore these they ' +
    'thing things this those though three through thus to together too took toward towards two under until up upon ' +
    'us use used uses using usually very via want wants was way we well went were what whatever when where whether ' +
    "which while who whole whom whose why will with within without won't would yes yet you your yours yourself"
  ).split(' '),
);

/** A few of the commonest words of each language, enough to tell them apart. */
export const COMMON_WORDS: Record<string, ReadonlySet<string>> = {
  English: new Set(
    'the of and to in is that it was for on are as with his they be at this have from or had by not but what all were we when your can there an which their if will how about out them then she many some so these would into has more her him see than been who its now people my made over did down only way find use may i he you me do does'.split(
      ' ',
    ),
  ),
  German: new Set(
    'der die das und ist nicht ein eine zu den mit von auf für im dem des auch sich als wird aus bei nach noch wie aber nur oder wir ich sie er es haben werden sind dass'.split(
      ' ',
    ),
  ),
  French: new Set(
    'le la les et est un une des du en que qui dans pour pas sur au avec ce il elle nous vous je ne se plus par sont mais ou leur cette être'.split(
      ' ',
    ),
  ),
  Spanish: new Set(
    'el la los las y es un una de del en que por para con no se su al lo como más pero sus le ya o este sí porque esta entre cuando muy sin sobre'.split(
      ' ',
    ),
  ),
  Italian: new Set(
    'il lo la gli e è un una di del della in che per con non si al come più ma anche sono dei nel alla questo ha le i da'.split(
      ' ',
    ),
  ),
  Portuguese: new Set(
    'o a os as e é um uma de do da em que por para com não se seu ao como mais mas foi dos das na no ele ela são'.split(
      ' ',
    ),
  ),
  Dutch: new Set(
    'de het een en is niet van in op te dat die voor met zijn er aan ook als om maar bij nog uit naar ik je hij ze wij wordt'.split(
      ' ',
    ),
  ),
};
