import { describe, expect, it } from 'vitest';
import { r4Examples } from '../../test/r4-examples.ts';
import { Failure, httpStatusOf } from '../base/failure.ts';
import { effectiveSettings } from '../base/settings.ts';
import { notIndexed, resourceTypes, searchParameter, searchParametersOf } from './definitions.ts';
import { nearNames } from './near-names.ts';
import { type ParsedSearch, parseSearch } from './parse-search.ts';
import type { ResourceType } from './resource.ts';
import type { FilterValue } from './search-query.ts';
import { searchValues } from './search-values.ts';

const settings = { ...effectiveSettings([], {}), searchClausesMax: 100 };

function parse(type: ResourceType, search: string, strict = true): ParsedSearch {
  const pairs = search.split('&').map(pairOf);
  return parseSearch(type, pairs, { strict, settings });
}

function pairOf(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** The alternatives of one parameter. */
function valuesOf(type: ResourceType, search: string): readonly FilterValue[] {
  const [filter] = parseSearch(type, [pairOf(search)], { strict: true, settings }).query.filters;
  return filter?.kind === 'parameter' ? filter.values : [];
}

function failureOf(run: () => unknown): Failure {
  try {
    run();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('filters', () => {
  it.each<[ResourceType, string, FilterValue[]]>([
    [
      'Patient',
      'identifier=https://fhir.nhs.uk/Id/nhs-number|9990000018',
      [{ kind: 'token', system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990000018' }],
    ],
    ['Patient', 'identifier=|x', [{ kind: 'token', system: '', value: 'x' }]],
    ['Patient', 'identifier=urn:s|', [{ kind: 'token', system: 'urn:s' }]],
    [
      'Patient',
      'identifier=a\\,b\\|c\\\\d,e',
      [
        { kind: 'token', value: 'a,b|c\\d' },
        { kind: 'token', value: 'e' },
      ],
    ],
    ['Patient', 'gender=male', [{ kind: 'token', value: 'male' }]],
    [
      'Patient',
      'gender=http://hl7.org/fhir/administrative-gender|male',
      [
        { kind: 'token', system: 'http://hl7.org/fhir/administrative-gender', value: 'male' },
        { kind: 'token', system: '', value: 'male' },
      ],
    ],
    ['Patient', 'gender=urn:other|male', [{ kind: 'token', system: 'urn:other', value: 'male' }]],
    ['Patient', 'active=true', [{ kind: 'token', value: 'true' }]],
    [
      'Patient',
      'active=http://terminology.hl7.org/CodeSystem/special-values|true',
      [{ kind: 'token', value: 'true' }],
    ],
    ['Patient', 'family=Müller', [{ kind: 'string', norm: 'muller' }]],
    ['Patient', 'organization=1', [{ kind: 'reference', type: 'Organization', id: '1' }]],
    ['Patient', 'general-practitioner=1', [{ kind: 'reference', id: '1' }]],
    [
      'Patient',
      'general-practitioner=Practitioner/1',
      [{ kind: 'reference', type: 'Practitioner', id: '1' }],
    ],
    ['Observation', 'patient=1', [{ kind: 'reference', type: 'Patient', id: '1' }]],
    [
      'Observation',
      'subject=https://x.org/fhir/Patient/1',
      [{ kind: 'reference-url', url: 'https://x.org/fhir/Patient/1' }],
    ],
    [
      'Patient',
      'birthdate=ge1987-06',
      [{ kind: 'date', prefix: 'ge', lo: Date.UTC(1987, 5, 1), hi: Date.UTC(1987, 6, 1) - 1 }],
    ],
    [
      'Observation',
      'date=2020-01-01T10:00:00 01:00',
      [{ kind: 'date', prefix: 'eq', lo: Date.UTC(2020, 0, 1, 9), hi: Date.UTC(2020, 0, 1, 9) + 999 }],
    ],
    ['ValueSet', 'url=http://x.org/a', [{ kind: 'uri', value: 'http://x.org/a' }]],
    [
      'RiskAssessment',
      'probability=gt0.8',
      [{ kind: 'number', prefix: 'gt', value: 0.8, lo: 0.75, hi: 0.85 }],
    ],
    [
      'Observation',
      'value-quantity=lt5.4|http://unitsofmeasure.org|mg',
      [
        {
          kind: 'quantity',
          prefix: 'lt',
          value: 5.4,
          lo: 5.35,
          hi: 5.45,
          system: 'http://unitsofmeasure.org',
          unit: 'mg',
        },
      ],
    ],
    [
      'Observation',
      'value-quantity=5.4||mg',
      [{ kind: 'quantity', prefix: 'eq', value: 5.4, lo: 5.35, hi: 5.45, unit: 'mg' }],
    ],
    [
      'Observation',
      'value-quantity=ap-100',
      [{ kind: 'quantity', prefix: 'ap', value: -100, lo: -100.5, hi: -99.5 }],
    ],
    ['Observation', '_tag=urn:s|x', [{ kind: 'token', system: 'urn:s', value: 'x' }]],
  ])('%s?%s', (type, search, values) => {
    expect(valuesOf(type, search)).toEqual(values);
  });

  it('keep parameters that are given twice apart: both must hold', () => {
    expect(
      parse('Patient', 'given=a&given=b,c').query.filters.map(
        (one) => one.kind === 'parameter' && one.values.length,
      ),
    ).toEqual([1, 2]);
  });

  it('take _id and _lastUpdated as the store keeps them', () => {
    expect(parse('Patient', '_id=a,b&_lastUpdated=gt2020').query.filters).toEqual([
      { kind: 'id', ids: ['a', 'b'] },
      { kind: 'last-updated', prefix: 'gt', lo: Date.UTC(2020, 0, 1), hi: Date.UTC(2021, 0, 1) - 1 },
    ]);
  });

  it('find every value of every R4 example as a URL would write it', () => {
    const escaped = (text: string): string => text.replace(/[\\|,$]/g, '\\$&');
    let tried = 0;
    for (const { name, resource } of r4Examples()) {
      for (const value of searchValues(resource)) {
        const type = resource.resourceType as ResourceType;
        if (value.kind === 'token' && value.value !== '') {
          const filter = valuesOf(type, `${value.code}=${escaped(value.system)}|${escaped(value.value)}`);
          expect(filter, `${name} ${value.code}`).toContainEqual({
            kind: 'token',
            system: value.system,
            value: value.value,
          });
        } else if (value.kind === 'reference') {
          const filter = valuesOf(type, `${value.code}=${value.type}/${value.id}`);
          expect(filter).toEqual([{ kind: 'reference', type: value.type, id: value.id }]);
        } else if (value.kind === 'string') {
          expect(valuesOf(type, `${value.code}=${escaped(value.exact)}`)).toEqual([
            { kind: 'string', norm: value.norm },
          ]);
        } else continue;
        tried++;
      }
    }
    expect(tried).toBeGreaterThan(5_000);
  });
});

describe('results', () => {
  it('have defaults', () => {
    const { query, warnings } = parseSearch('Patient', [], { strict: true, settings });
    expect(query).toEqual({
      type: 'Patient',
      filters: [],
      sort: [],
      count: 50,
      total: 'none',
      include: [],
      revinclude: [],
    });
    expect(warnings).toEqual([]);
  });

  it('are counted, totalled and sorted as asked', () => {
    const { query } = parse(
      'Patient',
      '_count=10&_total=accurate&_sort=-birthdate,_id,-_lastUpdated&_format=json&_pretty=true',
    );
    expect(query).toMatchObject({ count: 10, total: 'accurate' });
    expect(query.sort).toEqual([
      { by: { kind: 'parameter', parameter: searchParameter('Patient', 'birthdate') }, descending: true },
      { by: { kind: 'id' }, descending: false },
      { by: { kind: 'last-updated' }, descending: true },
    ]);
    expect(parse('Patient', '_count=0').query.count).toBe(0);
  });

  it('are capped at the page size, with a warning', () => {
    const { query, warnings } = parse('Patient', '_count=100000');
    expect(query.count).toBe(1000);
    expect(warnings).toMatchObject([{ severity: 'warning', code: 'too-costly' }]);
  });

  it('bring along what is included', () => {
    const { query } = parse(
      'Observation',
      '_include=Observation:subject&_include=Observation:performer:Practitioner&_revinclude=Provenance:target',
    );
    expect(query.include).toEqual([
      { source: 'Observation', parameter: searchParameter('Observation', 'subject') },
      {
        source: 'Observation',
        parameter: searchParameter('Observation', 'performer'),
        target: 'Practitioner',
      },
    ]);
    expect(query.revinclude).toEqual([
      { source: 'Provenance', parameter: searchParameter('Provenance', 'target') },
    ]);
  });
});

describe('refusals', () => {
  it.each<[ResourceType, string, string, string]>([
    ['Patient', 'name:exac=x', 'not-supported', ':exac'],
    ['Patient', 'name:exac=x', 'not-supported', ':missing, :exact, :contains'],
    ['Patient', 'birthdate:exact=2000', 'not-supported', ':exact'],
    ['Patient', 'gender:missing=yes', 'value', 'gender:missing'],
    ['Patient', 'identifier:of-type=|MR|1', 'value', 'identifier:of-type'],
    ['Patient', 'gender:in=x', 'value', 'gender:in'],
    ['ValueSet', 'url:below=urn:x', 'value', 'url:below'],
    ['Patient', 'general-practitioner:Observation=1', 'value', 'general-practitioner:Observation'],
    ['Patient', 'general-practitioner:below=1', 'not-supported', ':below'],
    ['Patient', '_id:not=x', 'not-supported', '_id:not'],
    ['Observation', 'code-value-quantity=a$b', 'value', 'code-value-quantity'],
    ['Observation', 'value-quantity=5|http://unitsofmeasure.org|mmHg', 'value', 'mm[Hg]'],
    ['Observation', 'value-quantity=5|http://unitsofmeasure.org|', 'value', 'value-quantity'],
    ['Observation', 'code-value-quantity=hb$5|http://unitsofmeasure.org|parsecs', 'value', 'UCUM'],
    ['Observation', 'date=gtge2020', 'value', 'date'],
    ['Observation', 'value-quantity=gtlt5', 'value', 'value-quantity'],
    ['Observation', 'code-value-quantity=a', 'value', 'token$quantity'],
    ['Observation', 'code-value-quantity=a$1$2', 'value', 'token$quantity'],
    ['Observation', 'code-value-quantity:missing=true', 'not-supported', 'none'],
    ['Location', 'near=1', 'value', 'near'],
    ['Location', 'near=91|2', 'value', 'near'],
    ['Location', 'near=1|2|5|kg', 'value', 'near'],
    ['Location', 'near=1|2|99999|km', 'value', 'near'],
    ['Location', 'near:missing=true', 'not-supported', 'near'],
    ['Patient', '_text=NOT x', 'value', '_text'],
    ['Patient', '_text=a OR NOT x', 'value', '_text'],
    ['Patient', '_text=(a', 'value', '_text'],
    ['Patient', '_text=a)', 'value', '_text'],
    ['Patient', '_text="a', 'value', '_text'],
    ['Patient', '_text=*', 'value', '_text'],
    ['Patient', '_text=a AND', 'value', '_text'],
    ['Patient', '_text:exact=a', 'not-supported', '_text'],
    ['Patient', '_filter=x', 'value', 'character 2'],
    ['Patient', '_filter=name eq', 'value', 'eq, '],
    ['Patient', '_filter=name eq ', 'value', 'a value'],
    ['Patient', '_filter=name is "x"', 'value', 'character 9'],
    ['Patient', '_filter=name eq "x', 'value', 'a value'],
    ['Patient', '_filter=name eq "\\x"', 'value', 'as JSON writes it'],
    ['Patient', '_filter=(name eq x', 'value', '")"'],
    ['Patient', '_filter=name eq x)', 'value', 'the end'],
    ['Patient', '_filter=name eq x and', 'value', 'the end'],
    ['Patient', '_filter=name eq x and ', 'value', 'a search parameter'],
    ['Patient', '_filter=nothing eq x', 'not-supported', 'nothing'],
    ['Patient', '_filter=name eq x or nothing eq x', 'not-supported', 'nothing'],
    ['Patient', '_filter=gender ne male', 'not-supported', 'not (… eq …)'],
    ['Patient', '_filter=gender co male', 'not-supported', 'co'],
    ['Patient', '_filter=birthdate ge soon', 'value', 'birthdate'],
    ['Patient', '_filter=birthdate pr perhaps', 'value', 'pr'],
    ['Patient', '_filter=birthdate eq ge2013', 'value', 'birthdate'],
    ['Patient', '_filter=_id gt a', 'not-supported', '_id'],
    ['Patient', '_filter=link[type eq seealso].other re Patient/1', 'not-supported', 'brackets'],
    ['Observation', '_filter=subject.nothing eq x', 'not-supported', 'nothing'],
    ['Observation', '_filter=subject:Patient.name gt x', 'not-supported', 'name'],
    ['Patient', '_list=$current-problems', 'not-supported', '_list'],
    ['Patient', '_contained=true', 'not-supported', '_contained'],
    ['Patient', '_summary=all', 'value', '_summary'],
    ['Patient', '_summary=true&_elements=id', 'value', '_summary'],
    ['Patient', '_containedType=container', 'not-supported', '_containedType'],
    ['Patient', '_elements=id&_elements=name', 'value', '_elements'],
    ['Patient', '_query=x', 'not-supported', '_query'],
    ['Patient', 'age=3', 'not-supported', 'age'],
    ['Patient', '_sort=near', 'not-supported', 'near'],
    ['Observation', '_sort=code-value-quantity', 'not-supported', 'code-value-quantity'],
    ['Patient', '_include=Patient:nothing', 'not-supported', 'nothing'],
    ['Patient', '_include=Patient:name', 'value', 'Patient.name'],
    ['Patient', '_include=Observation:subject', 'value', '_include'],
    ['Patient', '_include=Patient', 'value', '_include'],
    ['Patient', '_include=Patient:organization:Location', 'value', 'organization'],
    ['Patient', '_revinclude=Observation:device', 'value', 'device'],
    ['Patient', '_revinclude=Observation:subject:Group', 'value', '_revinclude'],
    ['Patient', '_include:exact=Patient:organization', 'not-supported', '_include:exact'],
    ['Questionnaire', '_include:iterate=QuestionnaireResponse:questionnaire', 'not-supported', 'canonical'],
    ['QuestionnaireResponse', 'questionnaire.title=x', 'not-supported', 'canonical'],
    ['Observation', 'subject:Nobody.name=x', 'value', 'subject:Nobody.name'],
    ['Observation', 'subject:Practitioner.name=x', 'value', 'never refers to Practitioner'],
    ['Observation', 'code.name=x', 'value', 'no reference'],
    ['Observation', 'subject.=x', 'value', 'subject.'],
    ['Observation', 'patient._count=3', 'value', '_count'],
    ['Observation', 'patient.birthdate=yesterday', 'value', 'birthdate'],
    ['Patient', '_has:Observation:patient=x', 'value', '_has:Type:reference:parameter'],
    ['Patient', '_has:Nobody:patient:code=x', 'value', '_has'],
    ['Patient', '_has:Observation:device:code=x', 'value', 'never refers to Patient'],
    ['Patient', 'birthdate=yesterday', 'value', 'birthdate'],
    ['Patient', 'birthdate=2013-02-30', 'value', 'birthdate'],
    ['Patient', 'birthdate=', 'value', 'birthdate'],
    ['Patient', 'name=', 'value', 'name'],
    ['Patient', 'name=a,,b', 'value', 'name'],
    ['Patient', 'identifier=|', 'value', 'identifier'],
    ['Patient', 'identifier=a|b|c', 'value', 'identifier'],
    ['Patient', 'active=yes', 'value', 'active'],
    ['Patient', 'organization=not an id', 'value', 'organization'],
    ['Patient', 'organization=Nothing/1', 'value', 'organization'],
    ['Observation', 'value-quantity=high', 'value', 'value-quantity'],
    ['Observation', 'value-quantity=1|mg', 'value', 'value-quantity'],
    ['RiskAssessment', 'probability=x', 'value', 'probability'],
    ['Patient', '_id=a b', 'value', '_id'],
    ['Patient', '_count=-1', 'value', '_count'],
    ['Patient', '_count=1&_count=2', 'value', '_count'],
    ['Patient', '_total=yes', 'value', '_total'],
    ['Patient', '_lastUpdated=now', 'value', '_lastUpdated'],
    ['Patient', '_lastUpdated=2020,2021', 'value', '_lastUpdated'],
  ])('%s?%s is %s and names %s', (type, search, code, named) => {
    for (const strict of [true, false]) {
      const failure = failureOf(() => parse(type, search, strict));
      expect([failure.code, httpStatusOf(failure)]).toEqual([code, 400]);
      expect(failure.message).toContain(named);
    }
  });

  it('of unknown parameters name what is near, and are warnings unless strict', () => {
    const failure = failureOf(() => parse('Patient', 'birthdat=1990'));
    expect([failure.code, httpStatusOf(failure)]).toEqual(['not-supported', 400]);
    expect(failure.message).toContain('"birthdat"');
    expect(failure.message).toContain('birthdate');
    const { query, warnings } = parse('Patient', 'birthdat=1990&gender=male', false);
    expect(query.filters).toHaveLength(1);
    expect(warnings).toMatchObject([{ severity: 'warning', code: 'not-supported' }]);
    expect(warnings[0]?.text).toContain('"birthdat"');
  });

  it('of what a chain leads to name it, and are warnings unless strict', () => {
    for (const search of ['subject.nothing=1', 'patient.nothing=1', '_has:Provenance:nothing:target=1']) {
      const type = search.startsWith('_has') ? 'Patient' : 'Observation';
      expect(failureOf(() => parse(type, search)).message).toContain('nothing');
      const { query, warnings } = parse(type, search, false);
      expect([query.filters, warnings.length]).toEqual([[], 1]);
    }
  });

  it('keep to the limit of clauses in an expression, brackets among them', () => {
    const depth = settings.searchClausesMax - 2;
    const nested = (levels: number): string =>
      `_filter=${'not('.repeat(levels)}name eq x${')'.repeat(levels)}`;
    expect(parse('Patient', nested(depth)).query.filters).toHaveLength(1);
    for (const text of [nested(100_000), `_filter=${'('.repeat(100_000)}`]) {
      expect(failureOf(() => parse('Patient', text)).message).toContain('searchClausesMax');
    }
  });

  it('keep to the limits of chains', () => {
    const chain = (links: number): string => `patient.organization.${'partof.'.repeat(links - 2)}name=x`;
    expect(parse('Observation', chain(settings.searchChainMax)).query.filters).toHaveLength(1);
    const deep = failureOf(() => parse('Observation', chain(settings.searchChainMax + 1)));
    expect([deep.code, deep.message]).toEqual(['too-costly', expect.stringContaining('searchChainMax')]);
    const deeper = failureOf(() => parse('Patient', `${'_has:Patient:link:'.repeat(50_000)}name=x`));
    expect(deeper.message).toContain('searchChainMax');
    const wide = failureOf(() => parse('Observation', 'focus.focus.focus.code=x'));
    expect([wide.code, wide.message]).toEqual(['too-costly', expect.stringContaining('searchPathsMax')]);
  });

  it('keep to the limit of clauses', () => {
    const hundred = Array.from({ length: 99 }, (_, i) => `x${i}`).join(',');
    expect(parse('Patient', `name=${hundred},y`).query.filters).toHaveLength(1);
    for (const search of [`name=${hundred},y,z`, Array(101).fill('name=x').join('&'), `_id=${hundred},y,z`]) {
      expect(failureOf(() => parse('Patient', search)).code).toBe('too-costly');
    }
  });

  it('of full text keep to a limit of words and brackets', () => {
    for (const text of ['(a '.repeat(60), 'a '.repeat(101), `${'('.repeat(1_000_000)}a`])
      expect(failureOf(() => parse('Patient', `_content=${text}`)).code).toBe('too-costly');
  });

  it('never repeat a value, nor a name that is none', () => {
    const secret = '9990000018';
    const searches = [
      `identifier=a|b|${secret}`,
      `birthdate=${secret}x`,
      `organization=${secret} x`,
      `_id=${secret} x`,
      `_count=${secret}${secret}`,
      `_sort=${secret}`,
      `_include=Patient:${secret}`,
      `_total=${secret}`,
      `${secret}=x`,
      `active=${secret}`,
      `_text=(${secret}`,
      `name:${secret}=x`,
      `gender:in=${secret}`,
    ];
    for (const search of searches)
      expect(failureOf(() => parse('Patient', search)).message).not.toContain(secret);
  });

  it('cover every parameter that has no index', () => {
    const refused = new Set<string>();
    for (const type of resourceTypes) {
      for (const { code } of searchParametersOf(type).values()) {
        const reason = [type, 'DomainResource', 'Resource']
          .map((on) => notIndexed[`${on}.${code}`])
          .find(Boolean);
        if (reason === undefined || ['_id', '_lastUpdated', '_text', '_content'].includes(code)) continue;
        expect(failureOf(() => parse(type, `${code}=1`)).message).toContain(code);
        refused.add(code);
      }
    }
    expect(refused.size).toBeGreaterThan(3);
  });
});

describe('nearNames', () => {
  it.each([
    ['birthdat', 'birthdate'],
    ['famly', 'family'],
    ['postalcode', 'address-postalcode'],
    ['NAME', 'name'],
  ])('of %s has %s', (given, near) => {
    expect(nearNames(given, searchParametersOf('Patient').keys())).toContain(near);
  });

  it('has none for what is far', () => {
    expect(nearNames('zzzzzzzz', searchParametersOf('Patient').keys())).toEqual([]);
  });
});
