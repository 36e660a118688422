/**
 * The R4 primitive types as JSON carries them: http://hl7.org/fhir/R4/datatypes.html#primitive and
 * json.html#primitive. Forms are the specification's regular expressions, made stricter where its text
 * is: a date must exist, a string holds no control characters.
 */
import { daysIn } from './date-range.ts';

export interface Primitive {
  /** What `typeof` says of its JSON. */
  readonly json: 'string' | 'number' | 'boolean';
  /** Whether a value of that JSON type is one of this primitive. */
  readonly accepts: (value: never) => boolean;
  /** What is expected, for people. */
  readonly form: string;
}

const STRING_LENGTH_MAX = 1_048_576;
const INTEGER_MAX = 2_147_483_647;

const DAY = /\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?/.source;
const FULL_DAY = /\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])/.source;
const CLOCK = /(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?/.source;
const ZONE = /(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))/.source;
const DATE = new RegExp(`^${DAY}$`);
const DATE_TIME = new RegExp(`^(?:${DAY}|${FULL_DAY}T${CLOCK}${ZONE})$`);
const INSTANT = new RegExp(`^${FULL_DAY}T${CLOCK}${ZONE}$`);
const TIME = new RegExp(`^${CLOCK}$`);
const CODE = /^\S+(?:\s\S+)*$/;
const NO_SPACE = /^\S+$/;
const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const OID = /^urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+$/;
const UUID = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether the year and day of a text of the right form exist: only days after the 28th can fail to. */
function isDay(text: string): boolean {
  if (text.startsWith('0000')) return false;
  if (text.length < 10 || text.charCodeAt(8) < 0x32) return true;
  const day = Number(text.slice(8, 10));
  return day <= 28 || day <= daysIn(Number(text.slice(0, 4)), Number(text.slice(5, 7)));
}

/** Not empty, at most 1 MB. */
function isString(value: string): boolean {
  return value.length > 0 && value.length <= STRING_LENGTH_MAX && isText(value);
}

/** Characters below 32 other than tab, line feed and carriage return. */
const CONTROL = /[^\P{Cc}\t\n\r\u007f-\u009f]/u;

/** No control characters, and no surrogate without its other half, which UTF-8 cannot hold. */
function isText(value: string): boolean {
  return !CONTROL.test(value) && value.isWellFormed();
}

/** Groups of four with padding at the end only; white space between them is allowed. */
function isBase64(value: string): boolean {
  let digits = 0;
  let padding = 0;
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c === 32 || (c >= 9 && c <= 13)) continue;
    if (c === 61) {
      padding++;
    } else {
      const digit =
        (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || (c >= 48 && c <= 57) || c === 43 || c === 47;
      if (!digit || padding > 0) return false;
      digits++;
    }
  }
  return digits > 0 && padding <= 2 && (digits + padding) % 4 === 0;
}

const isWhole = (value: number, min: number): boolean =>
  Number.isInteger(value) && value >= min && value <= INTEGER_MAX;

const text = (accepts: (value: string) => boolean, form: string): Primitive => ({
  json: 'string',
  accepts,
  form,
});
const numeric = (accepts: (value: number) => boolean, form: string): Primitive => ({
  json: 'number',
  accepts,
  form,
});

const uri = text((value) => NO_SPACE.test(value), 'a URI without white space');
const string = text(isString, 'text that is not empty, without control characters, at most 1 MB');

/** What a narrative must not hold. http://hl7.org/fhir/R4/narrative.html#xhtml (txt-1) */
const ACTIVE = new RegExp(
  [
    '<\\s*(?:script|iframe|frame|frameset|object|embed|applet|form|input|button|link|style|base|meta|svg)\\b',
    '<[^>]*\\son[a-z]+\\s*=',
    '<[^>]*=\\s*["\']?\\s*javascript:',
  ].join('|'),
  'i',
);

/** Every primitive type of R4, by its code. */
export const PRIMITIVES: Readonly<Record<string, Primitive>> = {
  boolean: { json: 'boolean', accepts: () => true, form: 'true or false' },
  integer: numeric((value) => isWhole(value, -INTEGER_MAX - 1), 'a whole number of 32 bits'),
  unsignedInt: numeric((value) => isWhole(value, 0), 'a whole number from 0 to 2147483647'),
  positiveInt: numeric((value) => isWhole(value, 1), 'a whole number from 1 to 2147483647'),
  decimal: numeric((value) => Number.isFinite(value), 'a decimal number'),
  string,
  markdown: string,
  xhtml: text(
    (value) => value.trimStart().startsWith('<div') && isText(value) && !ACTIVE.test(value),
    'an XHTML <div> without scripts, event handlers, frames, forms or objects',
  ),
  base64Binary: text(isBase64, 'base64'),
  code: text((value) => CODE.test(value), 'a code without leading, trailing or double spaces'),
  id: text((value) => ID.test(value), '1 to 64 letters, digits, "-" or "."'),
  uri,
  url: uri,
  canonical: uri,
  oid: text((value) => OID.test(value), 'urn:oid: followed by an OID'),
  uuid: text((value) => UUID.test(value), 'urn:uuid: followed by a lower-case UUID'),
  date: text((value) => DATE.test(value) && isDay(value), 'a date that exists: YYYY, YYYY-MM or YYYY-MM-DD'),
  dateTime: text(
    (value) => DATE_TIME.test(value) && isDay(value),
    'a date that exists: YYYY, YYYY-MM, YYYY-MM-DD, or with seconds and zone 2015-02-07T13:28:17+00:00',
  ),
  instant: text(
    (value) => INSTANT.test(value) && isDay(value),
    'a date and time with seconds and zone: 2015-02-07T13:28:17.239Z',
  ),
  time: text((value) => TIME.test(value), 'a time of day: 13:28:17'),
};
