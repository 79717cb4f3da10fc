/** Words the rules get wrong, by their number of syllables. */
const EXCEPTIONS: Record<number, string> = {
  1: 'aisle aisles ache aches pier piers tier tiers prayer once twice isle whale gauge eye eyes aye choir owed',
  2:
    'business every evening being people peoples leopard argue argues value lawyer lawyers canyon canyons naked ' +
    'wicked rugged cafe naive cement safety ninety soldier soldiers premier marriage carriage ' +
    'nowhere somewhat someone something sometimes maybe ruin ruins senior junior preface purpose ' +
    'bureau plateau science lion lions giant giants dial trial trials riot pious bias hundred ' +
    'aged sacred kindred hatred crooked ragged jagged rhythm liquor adieu',
  3:
    'area areas idea ideas element elements clement everyone everything everybody anyone businesses businessman ' +
    'familiar parliament brilliancy recipe recipes simile theatre theater theaters nuclear linear ' +
    'genuine deity alien aliens celebrate museum museums hideous beautiful leopardess ' +
    'several interest interests chocolate family different favourite favorite positive lovable ' +
    'coyote karate finale adobe tribunal implement implements supplement complement ' +
    'period periods serious various previous curious glorious obvious studio studios radio radios medium ' +
    'premium stadium aerial reliant violet violence violent diagram dialect diary ' +
    'biased lioness actual usual visual ritual casual mutual virtual manual annual',
  4:
    'beautifully january february unusual experience interesting comfortable vegetable ' +
    'coordinate cooperate catastrophe hyperbole epitome facsimile reality biology geology ' +
    'anemone australian variety society anxiety apocalypse temperature literature',
  5: 'simultaneous ideology creativity hierarchical physiology university auditorium',
};

const counts = new Map(
  Object.entries(EXCEPTIONS).flatMap(([count, words]) =>
    words.split(' ').map((word) => [word, Number(count)] as const),
  ),
);

/** A silent e inside: lat(e)ly, mov(e)ment, som(e)thing. */
const INNER_SILENT_E =
  /(?<=[aeiouy][^aeiouy]{1,2})e(?=(ful|fully|fulness|less|lessly|lessness|ness|nesses|ment|ments|ly|thing|things|times|where|fore|one|body)$)/;

/** Pairs of vowels that are spoken apart, one syllable more for each. */
const HIATUS: RegExp[] = [
  /(?<![cts]|sh|rr)ia(?!ge)/,
  /[ct]iat/,
  /(?<![ctsgxnl]|sh)io/,
  /(?<=[nl])io(?!n(s|al|aire)?$|r)/,
  /(?<![gct])iu/,
  /(?<![gct])eo(?!ut|us)/,
  /[nrt]eous/,
  /creat(?!u)/,
  /^reali[tsz]/,
  /^react/,
  /eing/,
  /^scien/,
  /iet(?!n)/,
  /(?<![ct])ien(ce|cy|t)/,
  /[^aeiouyct]ier$/,
  /iest$/,
  /(?<![gq])ua(l|r[yi]|t)/,
  /(?<![gq])ue(n|l)/,
  /(?<![gq])ui(ty|ng|d$)/,
  /oing/,
  /oe[tm]/,
  /^co(op|ord)/,
  /aos/,
  /aic$/,
  /[aeiouy]sms?$/,
  /thms?$/,
];

/** Nothing longer is a word; what is pasted may be anything. */
const LONGEST = 60;

/** Syllables of one English word, by exceptions first and spelling rules after. At least 1. */
export function countSyllables(word: string): number {
  const letters = word
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z'’-]/g, '')
    .slice(0, LONGEST);
  if (letters.includes('-')) {
    return letters.split('-').reduce((sum, part) => sum + (part === '' ? 0 : countPart(part)), 0) || 1;
  }
  return countPart(letters);
}

function countPart(spoken: string): number {
  const contraction = /[ds]n['’]t$/.test(spoken) ? 1 : 0;
  const word = spoken.replace(/['’]s$/, '').replace(/['’]/g, '');
  const known = counts.get(word);
  if (known !== undefined) return known;
  const stem = withoutSilentEnding(word.replace(INNER_SILENT_E, ''))
    .replace(/^y(?=[aeiou])/, '')
    // Between vowels y is a consonant (player); after a consonant it begins a vowel of its own (crying).
    .replace(/([aeiouw])y(?=[aeiou])/g, '$1j')
    .replace(/y(?=[aeiou])/g, 'yj');
  const groups = stem.match(/[aeiouy]+/g)?.length ?? 0;
  const apart = HIATUS.filter((pattern) => pattern.test(stem)).length;
  return Math.max(1, groups + apart + contraction);
}

function withoutSilentEnding(word: string): string {
  if (/[^td]ed$/.test(word) && !/[^aeiouylr]led$|[^aeiouyr]red$/.test(word)) return word.slice(0, -2);
  if (/[gq]ues?$/.test(word)) return word.replace(/ues?$/, '');
  if (/[^aeiouylr]les?$/.test(word)) return word;
  if (/[^aeiouyszxcg]es$/.test(word) && !/(ch|sh)es$/.test(word)) return word.slice(0, -2);
  if (/[^aeiouy]e$/.test(word)) return word.slice(0, -1);
  return word;
}
