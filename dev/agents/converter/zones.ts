import { IANAZone } from 'luxon';

/** Large cities that have no zone of their own name, with the zone they lie in. */
const CITIES: Record<string, string> = {
  ...inZone('Europe/Berlin', 'munich, hamburg, frankfurt, cologne, stuttgart, germany'),
  ...inZone('Europe/Zurich', 'geneva, basel, bern, switzerland'),
  ...inZone('Europe/Madrid', 'barcelona, valencia, seville, spain'),
  ...inZone('Europe/Rome', 'milan, naples, turin, florence, italy'),
  ...inZone('Europe/Paris', 'lyon, marseille, nice, france'),
  ...inZone(
    'Europe/London',
    'manchester, edinburgh, birmingham, glasgow, england, uk, united kingdom, britain',
  ),
  ...inZone('Europe/Amsterdam', 'rotterdam, the hague, netherlands'),
  ...inZone('Europe/Kyiv', 'kiev, ukraine'),
  ...inZone('Europe/Moscow', 'saint petersburg, st petersburg'),
  ...inZone('America/New_York', 'boston, washington, washington dc, philadelphia, miami, atlanta, nyc'),
  ...inZone('America/Chicago', 'houston, dallas, austin, san antonio, minneapolis, new orleans'),
  ...inZone('America/Los_Angeles', 'san francisco, seattle, san diego, portland, las vegas, la, california'),
  ...inZone('America/Toronto', 'montreal, ottawa, quebec'),
  ...inZone('America/Sao_Paulo', 'são paulo, rio de janeiro, rio, brasilia, brasília'),
  ...inZone(
    'Asia/Kolkata',
    'mumbai, delhi, new delhi, bangalore, bengaluru, chennai, hyderabad, india, calcutta',
  ),
  ...inZone('Asia/Shanghai', 'beijing, shenzhen, guangzhou, china'),
  ...inZone('Asia/Tokyo', 'osaka, kyoto, nagoya, japan'),
  ...inZone('Asia/Dubai', 'abu dhabi'),
  ...inZone('Asia/Ho_Chi_Minh', 'hanoi, saigon, vietnam'),
  ...inZone('Asia/Yangon', 'rangoon'),
  ...inZone('Asia/Kathmandu', 'nepal'),
  ...inZone('Australia/Sydney', 'canberra'),
  ...inZone('Africa/Johannesburg', 'cape town, pretoria, durban'),
  ...inZone('Pacific/Auckland', 'wellington, new zealand'),
  ...inZone('UTC', 'utc, gmt, zulu, z'),
};

/** Abbreviations of zones that change: what people mean is the place, summer or winter. */
const ABBREVIATIONS: Record<string, string> = {
  ...inZone('America/New_York', 'et, est, edt'),
  ...inZone('America/Chicago', 'ct, cdt'),
  ...inZone('America/Denver', 'mt, mst, mdt'),
  ...inZone('America/Los_Angeles', 'pt, pst, pdt'),
  ...inZone('Europe/Paris', 'cet, cest'),
  ...inZone('Europe/Athens', 'eet, eest'),
  ...inZone('Asia/Tokyo', 'jst'),
};

/** These stand for several zones, hours apart. */
const AMBIGUOUS: Record<string, string> = {
  ist: 'India, Israel or Ireland',
  cst: 'Chicago, China or Cuba',
  bst: 'London or Bangladesh',
  ast: 'Halifax or Riyadh',
};

function inZone(zone: string, names: string): Record<string, string> {
  return Object.fromEntries(names.split(', ').map((name) => [name, zone]));
}

/** By the last part of each zone's name: `Europe/Berlin` as `berlin`. */
const byLastPart = new Map(
  Intl.supportedValuesOf('timeZone').map((zone) => [plain(zone.split('/').at(-1) ?? zone), zone]),
);

export type Place = { zone: string } | { zone: null; reason: string };

/** The IANA zone that a person means by a zone, a city or a usual abbreviation. */
export function zoneOf(text: string): Place {
  const name = plain(text);
  const doubt = AMBIGUOUS[name];
  if (doubt !== undefined) return { zone: null, reason: `“${text}” may be ${doubt}: name the city` };
  const zone = CITIES[name] ?? ABBREVIATIONS[name] ?? byLastPart.get(name);
  if (zone !== undefined) return { zone };
  const written = text.trim();
  if (IANAZone.isValidZone(written)) return { zone: written };
  return {
    zone: null,
    reason: `“${text}” is no time zone or city that is known here; use an IANA name such as Europe/Berlin`,
  };
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/[._,\s]+/g, ' ')
    .replace(/ (?:time|timezone|time zone)$/, '')
    .trim();
}
