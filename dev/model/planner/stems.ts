// Small words say nothing about what is wanted.
const STOP = new Set(
  (
    'a an the this that these those it its is are was were be been am do does did can could would will shall should ' +
    'may might must i me my we us our you your he she they them their of in on at by for to from with and or but if ' +
    'then than so as not no yes any some all each every how what which who whom whose when where why please kindly ' +
    'thanks thank hi hello hey there here just also now again same too very more most much many get give show tell ' +
    'let want need like help make take have has had use using run about into onto over under out up down one ok'
  ).split(' '),
);

// Longest first; one is taken off only when a word is left.
const ENDINGS = (
  'izations isations abilities ization isation ability ibility ations ation ators ating ments ating ator ables ' +
  'ions ings ment ises izes able ably ion ing ies ers ors ise ize er or ed es ly s y e'
).split(' ');

// These words stand in nearly every offer, so that they separate nothing.
const COMMON = new Set(
  'text data table agent action tool user input output result answer service task work find information thing return given write'
    .split(' ')
    .map((word) => stem(word)),
);

// Groups of words that people use for each other; generic ones only, no group knows an agent.
const GROUPS = [
  'analyse analyze analysis examine inspect check evaluate assess review study',
  'table csv spreadsheet row column dataset tabular sheet',
  'convert conversion exchange transform',
  'summary summarise summarize shorten digest tldr gist brief condense',
  'count number amount quantity tally',
  'price cost quote fee',
  'find search lookup discover locate',
  'create generate produce build draft compose draw design',
  'picture image chart graph plot diagram svg drawing figure',
  'weather forecast temperature rain',
  'text document article essay paragraph passage prose writing',
  'fix correct repair proofread grammar spelling',
  'readable readability legible clarity grade easy hard difficult understandable',
  'keyword topic term tag phrase theme',
  'outlier anomaly unusual odd suspicious extreme standout stand stick',
  'statistic statistics stats average mean median deviation sum total',
  'explain describe clarify',
  'compare comparison difference diff versus',
  'translate translation language',
  'mood sentiment emotion feeling tone',
  'mail email message letter',
  'password secret passphrase',
  'distance far length route',
  'schedule calendar appointment date',
  'type kind category classify classification',
].map((group) => new Set(group.split(' ').map(stem)));

/** The words of a text as stems, small words left out. snake_case and camelCase names are taken apart. */
export function stems(text: string): string[] {
  return words(text).map(stem);
}

export function words(text: string): string[] {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 1 && !STOP.has(word));
}

export function stem(word: string): string {
  const plain = word.toLowerCase();
  const ending = ENDINGS.find((one) => plain.endsWith(one) && plain.length - one.length >= 3);
  return ending === undefined ? plain : plain.slice(0, -ending.length);
}

/** How near two stems are: 1 the same, less for a common beginning or words used for each other, else 0. */
export function nearness(a: string, b: string): number {
  if (a === b) return 1;
  const shared = commonPrefix(a, b);
  if (shared >= 5 && shared >= Math.max(a.length, b.length) - 3) return 0.8;
  return GROUPS.some((group) => group.has(a) && group.has(b)) ? 0.6 : 0;
}

export const weightOf = (one: string): number => (COMMON.has(one) ? 0.3 : 1);

function commonPrefix(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at += 1;
  return at;
}
