/**
 * Names, addresses and telephone numbers (XPN, XAD, XTN) → HumanName, Address, ContactPoint. HL7 v2.5.1 §2.A.84,
 * §2.A.81, §2.A.89; tables 0200, 0190, 0201, 0202.
 */
import type { Address, ContactPoint, HumanName, Period } from 'fhir/r4.d.ts';
import { part, type Repetition } from '../v2-message.ts';
import { given, type Mapping, timed, timeFrom } from './mapping.ts';

const NAME_USES: Readonly<Record<string, NonNullable<HumanName['use']>>> = {
  L: 'official',
  CURRENT: 'official',
  D: 'usual',
  PREFERRED: 'usual',
  M: 'maiden',
  N: 'nickname',
  A: 'nickname',
  ALIAS: 'nickname',
  S: 'anonymous',
  PREVIOUS: 'old',
  TEMP: 'temp',
};

/** An XPN; undefined where it holds no name. Without a type the name has the use `untyped`. */
export function nameIn(
  mapping: Mapping,
  repetition: Repetition,
  field: string,
  untyped: NonNullable<HumanName['use']> = 'official',
): HumanName | undefined {
  const family = part(repetition, 1);
  const givens = [part(repetition, 2), part(repetition, 3)].filter((one) => one !== '');
  if (family === '' && givens.length === 0) return undefined;
  const type = part(repetition, 7).toUpperCase();
  const use = type === '' ? untyped : NAME_USES[type];
  const prefix = [part(repetition, 5)].filter((one) => one !== '');
  const suffix = [part(repetition, 4), part(repetition, 6)].filter((one) => one !== '');
  return {
    ...given('use', use),
    ...given('family', family),
    ...given('given', givens),
    ...given('prefix', prefix),
    ...given('suffix', suffix),
    ...given('period', periodIn(mapping, part(repetition, 12), part(repetition, 13), field)),
  };
}

function periodIn(mapping: Mapping, start: string, end: string, field: string): Period | undefined {
  if (start === '' && end === '') return undefined;
  const period = {
    ...timed('start', timeFrom(mapping, start, field)),
    ...timed('end', timeFrom(mapping, end, field)),
  };
  return Object.keys(period).length === 0 ? undefined : period;
}

interface AddressKind {
  readonly use?: NonNullable<Address['use']>;
  readonly type?: NonNullable<Address['type']>;
}

const ADDRESS_KINDS: Readonly<Record<string, AddressKind>> = {
  H: { use: 'home' },
  HOME: { use: 'home' },
  P: { use: 'home' },
  L: { use: 'home' },
  B: { use: 'work' },
  O: { use: 'work' },
  WORK: { use: 'work' },
  C: { use: 'temp' },
  TM: { use: 'temp' },
  TEMP: { use: 'temp' },
  BI: { use: 'billing' },
  M: { type: 'postal' },
  BA: { use: 'old' },
};
/** Places of birth and the like: not where a person can be found. */
const NOT_A_RESIDENCE = new Set(['BDL', 'BR', 'N', 'F', 'RH']);
const UNITED_KINGDOM = new Set(['', 'GB', 'GBR', 'UK', 'ENG', 'ENGLAND', 'UNITED KINGDOM']);

/** An XAD; undefined where it holds no address or one that is not a residence. */
export function addressIn(mapping: Mapping, repetition: Repetition, field: string): Address | undefined {
  const kind = part(repetition, 7).toUpperCase();
  if (NOT_A_RESIDENCE.has(kind)) return undefined;
  const line = [...streetLines(repetition), part(repetition, 2), part(repetition, 8)].filter(
    (one) => one !== '',
  );
  const region = part(repetition, 4);
  const country = part(repetition, 6);
  const inUk = UNITED_KINGDOM.has(country.toUpperCase());
  const address: Address = {
    ...given('line', line),
    ...given('city', part(repetition, 3)),
    ...given('district', part(repetition, 9) || (inUk ? region : '')),
    ...given('state', inUk ? '' : region),
    ...given('postalCode', part(repetition, 5)),
    ...given('country', country),
  };
  if (Object.keys(address).length === 0) return undefined;
  const period = periodIn(
    mapping,
    part(repetition, 13) || part(repetition, 12, 1),
    part(repetition, 14) || part(repetition, 12, 2),
    field,
  );
  return { ...ADDRESS_KINDS[kind], ...address, ...given('period', period) };
}

/** SAD: the street line, and dwelling number and street where they are apart and not said in it. */
function streetLines(repetition: Repetition): readonly string[] {
  const [whole, street, dwelling] = [1, 2, 3].map((n) => part(repetition, 1, n)) as [string, string, string];
  const apart = `${dwelling} ${street}`.trim();
  return whole !== '' && whole.includes(street) ? [whole] : [whole, apart];
}

const TELECOM_USES: Readonly<Record<string, NonNullable<ContactPoint['use']>>> = {
  PRN: 'home',
  ORN: 'home',
  VHN: 'home',
  HOME: 'home',
  WPN: 'work',
  WORK: 'work',
  BUSINESS: 'work',
  PRS: 'mobile',
  MOBILE: 'mobile',
  CELL: 'mobile',
};
const TELECOM_SYSTEMS: Readonly<Record<string, NonNullable<ContactPoint['system']>>> = {
  FX: 'fax',
  BP: 'pager',
  INTERNET: 'email',
  'X.400': 'email',
  MD: 'other',
};

/** An XTN; undefined where it holds neither number nor address. */
export function telecomIn(
  repetition: Repetition,
  untyped: NonNullable<ContactPoint['use']> | undefined,
): ContactPoint | undefined {
  const use = part(repetition, 2).toUpperCase();
  const equipment = part(repetition, 3).toUpperCase();
  const first = part(repetition, 1);
  const isEmail = TELECOM_SYSTEMS[equipment] === 'email' || use === 'NET' || first.includes('@');
  const email = part(repetition, 4) || (first.includes('@') ? first : '');
  const value =
    isEmail && email !== '' ? email : first || part(repetition, 12) || assembled(repetition) || email;
  if (value === '') return undefined;
  const system = value.includes('@') ? 'email' : (TELECOM_SYSTEMS[equipment] ?? 'phone');
  const usedAs = equipment === 'CP' ? 'mobile' : (TELECOM_USES[use] ?? untyped);
  return {
    system: system === 'email' && !value.includes('@') ? 'other' : system,
    value,
    ...given('use', usedAs),
  };
}

function assembled(repetition: Repetition): string {
  const country = part(repetition, 5);
  const number = [part(repetition, 6), part(repetition, 7)].filter((one) => one !== '').join(' ');
  const extension = part(repetition, 8);
  if (number === '') return '';
  const prefix = country === '' ? '' : `+${country.replace(/^\+/, '')} `;
  return `${prefix}${number}${extension === '' ? '' : ` ext. ${extension}`}`;
}
