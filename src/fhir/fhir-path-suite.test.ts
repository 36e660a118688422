/**
 * HL7's FHIRPath cases for R4 (fhir-test-cases), through the door by which Openward evaluates FHIRPath. Those that
 * fail are listed by name with the reason; the list must be exact, so that a better library is noticed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SaxesParser } from 'saxes';
import { beforeAll, describe, expect, it } from 'vitest';
import { effectiveSettings } from '../base/settings.ts';
import { compileTyped, type PathNode } from './fhir-path.ts';
import { parseXml } from './parse-xml.ts';

const FOLDER = join(import.meta.dirname, '../../../shared/fixtures/suites/fhirpath-r4');
const present = existsSync(FOLDER);
if (!present)
  console.info('fhir-path-suite: ../shared/fixtures/suites/fhirpath-r4 is absent, so it is skipped');

/** Name of a case → why it fails. */
const FAILING: Readonly<Record<string, string>> = {
  testSimpleFail:
    'no element of that name is found, and nothing is refused: the library evaluates and does not check types beforehand',
  testSimpleWithWrongContext:
    'no element of that name is found, and nothing is refused: the library evaluates and does not check types beforehand',
  testPolymorphismB:
    'no element of that name is found, and nothing is refused: the library evaluates and does not check types beforehand',
  testPolymorphismAsB:
    'no element of that name is found, and nothing is refused: the library evaluates and does not check types beforehand',
  testPolymorphicsB:
    'no element of that name is found, and nothing is refused: the library evaluates and does not check types beforehand',
  testDollarOrderNotAllowed: 'children() has an order there, and skip() takes it',
  testCollectionBoolean1:
    'a criterion that is one value counts as true, and several are passed over: the library evaluates and does not check types beforehand',
  testIif6:
    'a criterion that is one value counts as true, and several are passed over: the library evaluates and does not check types beforehand',
  testIif10: 'iif() of several items is evaluated and not refused',
  testComment6: 'whole numbers divided give an Integer where they come out even',
  testQuantity4:
    'equivalence of quantities counts to the precision of the less precise one; the library compares the numbers',
  testSort8: 'a minus before a text is no descending order: the library has `desc`',
  testSort10: 'a minus before a text is no descending order: the library has `desc`',
  testEquality23: 'a moment without a zone is taken to be in the zone of this machine',
  testNEquality17: 'a moment without a zone is taken to be in the zone of this machine',
  testEquivalent21: 'equivalence of collections is compared in order, or `|` binds in another order',
  'testEquivalent23 (2)': 'equivalence of collections is compared in order, or `|` binds in another order',
  testNotEquivalent21: 'equivalence of collections is compared in order, or `|` binds in another order',
  testPlusDate19: '0.1 s is added, where the case drops it',
  testMinus5: 'a calendar month is a `month`: the unit of UCUM is refused',
  testType22: 'the name of a type that does not exist is refused and not false',
  LowBoundaryDecimal15: 'the bound is rounded away from zero to the places asked for',
  HighBoundaryDecimal15: 'the bound is rounded away from zero to the places asked for',
  HighBoundaryDecimal16: 'the bound is rounded away from zero to the places asked for',
  LowBoundaryQuantity: 'no bounds of quantities',
  HighBoundaryQuantity: 'no bounds of quantities',
  LowBoundaryDateTimeMillisecond1:
    'a bound of a moment without a zone has no zone either, and the case counts minutes of an hour as 00',
  HighBoundaryDateTimeMillisecond1:
    'a bound of a moment without a zone has no zone either, and the case counts minutes of an hour as 00',
  HighBoundaryDateTimeMillisecond3:
    'a bound of a moment without a zone has no zone either, and the case counts minutes of an hour as 00',
  PrecisionDecimal: 'a literal forgets the zeros it ends in',
  testFHIRPathAsFunction11: 'FHIR.code counts as a FHIR.string, which it derives from',
  testFHIRPathAsFunction16: 'FHIR.code counts as a FHIR.string, which it derives from',
  testContainedId: 'the id of a contained resource is told as System.String',
};

interface Case {
  readonly name: string;
  readonly inputFile: string | undefined;
  readonly predicate: boolean;
  readonly strict: boolean;
  expression: string;
  invalid: string | undefined;
  readonly outputs: { type: string | undefined; value: string }[];
}

/** Every case, in the order of the file; a name that comes again has its ordinal behind it. */
function casesOf(xml: string): readonly Case[] {
  const cases: Case[] = [];
  const names = new Map<string, number>();
  const parser = new SaxesParser({ xmlns: false });
  let text = '';
  parser.on('text', (piece) => {
    text += piece;
  });
  parser.on('cdata', (piece) => {
    text += piece;
  });
  parser.on('opentag', ({ name, attributes }) => {
    text = '';
    const current = cases.at(-1);
    if (name === 'test') {
      const given = attributes.name ?? 'unnamed';
      const times = (names.get(given) ?? 0) + 1;
      names.set(given, times);
      cases.push({
        name: times === 1 ? given : `${given} (${times})`,
        inputFile: attributes.inputfile,
        predicate: attributes.predicate === 'true',
        strict: attributes.mode === 'strict',
        expression: '',
        invalid: undefined,
        outputs: [],
      });
    } else if (name === 'expression' && current !== undefined) current.invalid = attributes.invalid;
    else if (name === 'output') current?.outputs.push({ type: attributes.type, value: '' });
  });
  parser.on('closetag', ({ name }) => {
    const current = cases.at(-1);
    if (current === undefined) return;
    if (name === 'expression') current.expression = text;
    const output = current.outputs.at(-1);
    if (name === 'output' && output !== undefined) output.value = text;
  });
  parser.write(xml).close();
  return cases;
}

const inputs = new Map<string, unknown>();

async function inputOf(file: string | undefined): Promise<unknown> {
  if (file === undefined || file === '') return {};
  const bytes = readFileSync(join(FOLDER, file));
  return file.endsWith('.json')
    ? JSON.parse(bytes.toString('utf8'))
    : parseXml(bytes, effectiveSettings([], {}));
}

/** What is wrong with a case, for whoever looks into it; undefined where it passes. */
function faultOf(one: Case): string | undefined {
  let found: readonly PathNode[];
  try {
    const resource = inputs.get(one.inputFile ?? '');
    found = compileTyped(one.expression)(resource, { resource, rootResource: resource });
  } catch (error) {
    return one.invalid === undefined ? `throws: ${(error as Error).message}` : undefined;
  }
  if (one.invalid !== undefined) return `is not refused (${one.invalid})`;
  const given = one.predicate ? [truthOf(found)] : found.map(asOutput);
  const wanted = one.outputs.map(({ type, value }) => ({ type: type ?? 'any', value: value.trim() }));
  const same =
    given.length === wanted.length &&
    wanted.every(({ type, value }, i) => {
      const other = given[i];
      return other !== undefined && fits(other.type, type) && isEqual(other, value);
    });
  return same ? undefined : `gives ${JSON.stringify(given)}, not ${JSON.stringify(wanted)}`;
}

interface Output {
  readonly type: string;
  readonly value: string;
}

/** A predicate is true where something is there that is not false. */
function truthOf(found: readonly PathNode[]): Output {
  const [first] = found;
  const value = found.length === 1 && typeof first?.value === 'boolean' ? first.value : found.length > 0;
  return { type: 'boolean', value: String(value) };
}

function asOutput({ value, type }: PathNode): Output {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return { type: type.replace(/^(FHIR|System)\./, ''), value: text };
}

function fits(type: string, wanted: string): boolean {
  return wanted === 'any' || type.toLowerCase() === wanted.toLowerCase();
}

/** As FHIRPath's own `=` says: decimals by value, moments by the instant. */
function isEqual({ type, value }: Output, wanted: string): boolean {
  const text = wanted.replace(/^@T?/, '');
  if (value === text) return true;
  if (type === 'Decimal') return Number(value) === Number(text);
  return type === 'DateTime' && Date.parse(value) === Date.parse(text);
}

describe.skipIf(!present)('HL7 FHIRPath cases', () => {
  let cases: readonly Case[] = [];
  beforeAll(async () => {
    cases = casesOf(readFileSync(join(FOLDER, 'tests-fhir-r4.xml'), 'utf8'));
    for (const file of new Set(cases.map((one) => one.inputFile ?? '')))
      inputs.set(file, await inputOf(file));
  });

  it('pass, but for those that are listed', () => {
    expect(cases.length).toBe(935);
    const failing = cases.filter((one) => faultOf(one) !== undefined).map(({ name }) => name);
    expect(failing.sort()).toEqual(Object.keys(FAILING).sort());
  });
});
