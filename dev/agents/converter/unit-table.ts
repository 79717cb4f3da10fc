import { fraction } from './fraction';
import type { Fraction } from './fraction';

export const QUANTITIES = [
  'length',
  'area',
  'volume',
  'mass',
  'temperature',
  'speed',
  'duration',
  'data',
  'energy',
  'power',
  'pressure',
] as const;
export type Quantity = (typeof QUANTITIES)[number];

export interface Unit {
  quantity: Quantity;
  name: string;
  symbol: string;
  /** so many of the quantity's base unit are one of this */
  factor: Fraction;
  /** what is added before the factor applies: only scales of temperature have one */
  offset: Fraction;
  /** further ways to write it, beside name, symbol and plural */
  also: string[];
}

/** `name | symbol | factor | other ways to write it`; each factor is exact, by the unit's definition. */
const TABLE: Record<Exclude<Quantity, 'temperature'>, string> = {
  length: `
    nanometre | nm | 1e-9 | nanometer
    micrometre | µm | 1e-6 | micrometer, micron, um
    millimetre | mm | 1e-3 | millimeter
    centimetre | cm | 1e-2 | centimeter
    decimetre | dm | 1e-1 | decimeter
    metre | m | 1 | meter
    kilometre | km | 1000 | kilometer
    inch | in | 0.0254 | inches, "
    foot | ft | 0.3048 | feet, '
    yard | yd | 0.9144 |
    mile | mi | 1609.344 |
    nautical mile | nmi | 1852 | sea mile
    fathom | ftm | 1.8288 |
    furlong | fur | 201.168 |
    astronomical unit | au | 149597870700 |
    light-year | ly | 9460730472580800 | light year, lightyear`,
  area: `
    square millimetre | mm² | 1e-6 | mm2, square millimeter
    square centimetre | cm² | 1e-4 | cm2, square centimeter
    square metre | m² | 1 | m2, sqm, square meter
    square kilometre | km² | 1e6 | km2, square kilometer
    are | a | 100 |
    hectare | ha | 10000 |
    square inch | in² | 0.00064516 | in2, sq in, square inches
    square foot | ft² | 0.09290304 | ft2, sq ft, sqft, square feet
    square yard | yd² | 0.83612736 | yd2, sq yd
    acre | ac | 4046.8564224 |
    square mile | mi² | 2589988.110336 | mi2, sq mi`,
  volume: `
    millilitre | ml | 1e-6 | milliliter
    centilitre | cl | 1e-5 | centiliter
    decilitre | dl | 1e-4 | deciliter
    litre | l | 1e-3 | liter
    hectolitre | hl | 0.1 | hectoliter
    cubic millimetre | mm³ | 1e-9 | mm3, cubic millimeter
    cubic centimetre | cm³ | 1e-6 | cm3, ccm, cubic centimeter
    cubic metre | m³ | 1 | m3, cubic meter
    cubic inch | in³ | 0.000016387064 | in3, cu in, cubic inches
    cubic foot | ft³ | 0.028316846592 | ft3, cu ft, cubic feet
    US teaspoon | tsp | 0.00000492892159375 | teaspoon
    US tablespoon | tbsp | 0.00001478676478125 | tablespoon
    US fluid ounce | fl oz | 0.0000295735295625 | fluid ounce, floz
    US cup | cup | 0.0002365882365 |
    US pint | pt | 0.000473176473 | pint
    US quart | qt | 0.000946352946 | quart
    US gallon | gal | 0.003785411784 | gallon
    imperial fluid ounce | imp fl oz | 0.0000284130625 | uk fluid ounce
    imperial pint | imp pt | 0.00056826125 | uk pint
    imperial gallon | imp gal | 0.00454609 | uk gallon
    oil barrel | bbl | 0.158987294928 | barrel`,
  mass: `
    microgram | µg | 1e-9 | ug, mcg
    milligram | mg | 1e-6 |
    gram | g | 1e-3 | gramme
    kilogram | kg | 1 | kilo, kilogramme
    tonne | t | 1000 | metric ton, metric tonne
    carat | ct | 0.0002 |
    grain | gr | 0.00006479891 |
    ounce | oz | 0.028349523125 |
    troy ounce | oz t | 0.0311034768 | ozt
    pound | lb | 0.45359237 | lbs
    stone | st | 6.35029318 |
    short ton | ton | 907.18474 | us ton
    long ton | imp ton | 1016.0469088 | uk ton, imperial ton`,
  speed: `
    metre per second | m/s | 1 | meter per second, metres per second, meters per second, mps
    kilometre per hour | km/h | 1/3.6 | kilometer per hour, kilometres per hour, kilometers per hour, kph, kmh
    mile per hour | mph | 0.44704 | miles per hour, mi/h
    foot per second | ft/s | 0.3048 | feet per second, fps
    knot | kn | 1852/3600 | kt`,
  duration: `
    nanosecond | ns | 1e-9 |
    microsecond | µs | 1e-6 | us
    millisecond | ms | 1e-3 |
    second | s | 1 | sec
    minute | min | 60 |
    hour | h | 3600 | hr
    day | d | 86400 |
    week | wk | 604800 |
    Julian year | yr | 31557600 | year`,
  data: `
    bit | bit | 1 |
    kilobit | kbit | 1e3 | Kb
    megabit | Mbit | 1e6 | Mb
    gigabit | Gbit | 1e9 | Gb
    terabit | Tbit | 1e12 | Tb
    byte | B | 8 |
    kilobyte | kB | 8e3 | KB
    megabyte | MB | 8e6 |
    gigabyte | GB | 8e9 |
    terabyte | TB | 8e12 |
    petabyte | PB | 8e15 |
    kibibyte | KiB | 8192 |
    mebibyte | MiB | 8388608 |
    gibibyte | GiB | 8589934592 |
    tebibyte | TiB | 8796093022208 |
    pebibyte | PiB | 9007199254740992 |`,
  energy: `
    joule | J | 1 |
    kilojoule | kJ | 1e3 |
    megajoule | MJ | 1e6 |
    gigajoule | GJ | 1e9 |
    calorie | cal | 4.184 |
    kilocalorie | kcal | 4184 | food calorie
    watt-hour | Wh | 3600 | watt hour
    kilowatt-hour | kWh | 3.6e6 | kilowatt hour
    megawatt-hour | MWh | 3.6e9 | megawatt hour
    electronvolt | eV | 1.602176634e-19 | electron volt
    British thermal unit | BTU | 1055.05585262 |`,
  power: `
    milliwatt | mW | 1e-3 |
    watt | W | 1 |
    kilowatt | kW | 1e3 |
    megawatt | MW | 1e6 |
    gigawatt | GW | 1e9 |
    horsepower | hp | 745.69987158227022 | mechanical horsepower
    metric horsepower | PS | 735.49875 | pferdestärke`,
  pressure: `
    pascal | Pa | 1 |
    hectopascal | hPa | 100 |
    kilopascal | kPa | 1e3 |
    megapascal | MPa | 1e6 |
    millibar | mbar | 100 |
    bar | bar | 1e5 |
    atmosphere | atm | 101325 |
    torr | Torr | 101325/760 |
    pound per square inch | psi | 4.4482216152605/0.00064516 | pounds per square inch`,
};

const ZERO = fraction('0');

/** Kelvin = (degrees + offset) × factor. */
const TEMPERATURES: Unit[] = [
  scale('kelvin', 'K', { offset: '0', factor: '1', also: [] }),
  scale('degree Celsius', '°C', { offset: '273.15', factor: '1', also: ['C', 'celsius', 'centigrade'] }),
  scale('degree Fahrenheit', '°F', { offset: '459.67', factor: '5/9', also: ['F', 'fahrenheit'] }),
  scale('degree Rankine', '°R', { offset: '0', factor: '5/9', also: ['rankine'] }),
];

function scale(
  name: string,
  symbol: string,
  { offset, factor, also }: { offset: string; factor: string; also: string[] },
): Unit {
  const [offsetBy, times] = [fraction(offset), fraction(factor)];
  const written = also.flatMap((word) => (word.length > 1 ? [word, `degrees ${word}`] : [word]));
  return { quantity: 'temperature', name, symbol, factor: times, offset: offsetBy, also: written };
}

function rowsOf(quantity: Quantity, table: string): Unit[] {
  return table
    .trim()
    .split('\n')
    .map((row) => {
      const [name = '', symbol = '', factor = '', also = ''] = row.split('|').map((cell) => cell.trim());
      const ways = also.split(',').map((way) => way.trim());
      return { quantity, name, symbol, factor: fraction(factor), offset: ZERO, also: ways };
    });
}

export const UNITS: readonly Unit[] = [
  ...Object.entries(TABLE).flatMap(([quantity, table]) => rowsOf(quantity as Quantity, table)),
  ...TEMPERATURES,
];
