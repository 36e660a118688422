/** Value sets as lists of codes: what is in them, what is named whole, and what is refused because a list would be short. */
import { describe, expect, it } from 'vitest';
import { loadedOf } from '../../../test/packages-under-test.ts';
import { isDefinitionType } from '../loaded-definitions.ts';
import { codeMembership, type Find } from './code-membership.ts';
import { expandCodes } from './expand-codes.ts';

const S = 'urn:s';
const animals = {
  resourceType: 'CodeSystem',
  url: S,
  content: 'complete',
  concept: [
    {
      code: 'animal',
      concept: [
        { code: 'bird', property: [{ code: 'legs', valueInteger: 2 }], concept: [{ code: 'owl' }] },
        { code: 'cat', property: [{ code: 'legs', valueInteger: 4 }] },
      ],
    },
  ],
};

const set = (name: string, include: readonly object[], exclude?: readonly object[]) => ({
  resourceType: 'ValueSet',
  url: `urn:${name}`,
  compose: { include, ...(exclude === undefined ? {} : { exclude }) },
});
const below = (value: string) => ({ system: S, filter: [{ property: 'concept', op: 'is-a', value }] });

const SETS = [
  set('list', [{ system: S, concept: [{ code: 'owl' }, { code: 'unicorn' }] }]),
  set('whole', [{ system: S }, { system: 'urn:elsewhere' }]),
  set('birds', [below('bird')]),
  set('legs', [{ system: S, filter: [{ property: 'legs', op: '=', value: '4' }] }]),
  set('not-birds', [{ system: S }], [{ valueSet: ['urn:birds'] }]),
  set('both', [{ valueSet: ['urn:birds', 'urn:list'] }]),
  set('of-whole', [{ system: S, valueSet: ['urn:list'] }]),
  set('nothing', [{ system: S }], [{ system: S }]),
  set('round', [{ valueSet: ['urn:round'] }]),
  set('dangling', [{ valueSet: ['urn:nowhere'] }]),
  set('foreign', [
    { system: 'http://snomed.info/sct', filter: [{ property: 'concept', op: 'is-a', value: '1' }] },
  ]),
  set(
    'foreign-less',
    [{ system: 'http://snomed.info/sct' }],
    [{ system: 'http://snomed.info/sct', concept: [{ code: '1' }] }],
  ),
  set('odd', [{ system: S, filter: [{ property: 'concept', op: 'generalizes', value: 'owl' }] }]),
  { resourceType: 'ValueSet', url: 'urn:empty' },
  {
    resourceType: 'ValueSet',
    url: 'urn:expanded',
    expansion: { contains: [{ system: S, code: 'cat' }, { contains: [{ system: S, code: 'owl' }] }] },
  },
];

const loaded = loadedOf([animals, ...SETS]);
const find: Find = (type, url) => (isDefinitionType(type) ? loaded.find(type, url) : undefined);
const codes = expandCodes(find, { valueSetCodesMax: 100 });

async function listed(name: string): Promise<unknown> {
  const found = await codes.valueSet(`urn:${name}`);
  return [...(found?.codes.flatMap((one) => one.codes) ?? []), ...(found?.systems ?? [])].sort();
}

describe('the codes of a value set', () => {
  it.each([
    ['list', ['owl', 'unicorn']],
    ['whole', ['urn:elsewhere', S]],
    ['birds', ['bird', 'owl']],
    ['legs', ['cat']],
    ['not-birds', ['animal', 'cat']],
    ['both', ['owl']],
    ['of-whole', ['owl', 'unicorn']],
    ['nothing', []],
    ['expanded', ['cat', 'owl']],
  ])('%s', async (name, expected) => {
    expect(await listed(name)).toEqual(expected);
  });

  it.each([
    ['round', 'contains itself'],
    ['dangling', 'urn:nowhere'],
    ['foreign', 'http://snomed.info/sct'],
    ['foreign-less', 'http://snomed.info/sct'],
    ['odd', 'not known here'],
    ['empty', 'says nothing'],
  ])('%s cannot be listed, and it is said why', async (name, text) => {
    await expect(codes.valueSet(`urn:${name}`)).rejects.toThrow(text);
  });

  it('are too many beyond the limit, which is named; a value set that nobody has is undefined', async () => {
    await expect(expandCodes(find, { valueSetCodesMax: 1 }).valueSet('urn:list')).rejects.toThrow(
      'valueSetCodesMax',
    );
    expect(await codes.valueSet('urn:nobody')).toBeUndefined();
  });

  it('agree with the question of membership wherever both answer', async () => {
    const membership = codeMembership(find);
    for (const { url } of SETS) {
      const found = await codes.valueSet(url).catch(() => undefined);
      if (found === undefined) continue;
      for (const code of ['animal', 'bird', 'owl', 'cat', 'nobody']) {
        const answer = membership.membership(url, S, code);
        const isIn = found.codes.some((one) => one.system === S && one.codes.includes(code));
        // of a whole system, and of a list, codes that the system has not are not looked for
        if (answer !== 'unknown' && code !== 'nobody') {
          expect([url, code, isIn || found.systems.includes(S)]).toEqual([url, code, answer === 'in']);
        }
      }
    }
  });
});

describe('a hierarchy', () => {
  it('is told from a code downwards and upwards, and where it is not known', async () => {
    expect([...((await codes.hierarchy(S, 'bird', 'below')) ?? [])].sort()).toEqual(['bird', 'owl']);
    expect([...((await codes.hierarchy(S, 'owl', 'above')) ?? [])].sort()).toEqual(['animal', 'bird', 'owl']);
    expect(await codes.hierarchy(S, 'nobody', 'below')).toBeUndefined();
    expect(await codes.hierarchy('urn:nobody', 'owl', 'below')).toBeUndefined();
  });
});

describe('value sets made to take for ever', () => {
  it('are looked into once a question', async () => {
    const many = (name: string, other: string) =>
      set(
        name,
        Array.from({ length: 60 }, () => ({ valueSet: [`urn:${other}`] })),
      );
    const chain = Array.from({ length: 14 }, (_, i) => many(`m${i}`, `m${i + 1}`));
    const bomb = loadedOf([...chain, set('m14', [below('bird')]), animals, many('self', 'self')]);
    const findBomb: Find = (type, url) => (isDefinitionType(type) ? bomb.find(type, url) : undefined);
    expect(codeMembership(findBomb).membership('urn:m0', S, 'owl')).toBe('in');
    expect(codeMembership(findBomb).membership('urn:m0', S, 'cat')).toBe('out');
    expect(codeMembership(findBomb).membership('urn:self', S, 'cat')).toBe('unknown');
    const expanded = await expandCodes(findBomb, { valueSetCodesMax: 100 }).valueSet('urn:m0');
    expect(expanded?.codes).toEqual([{ system: S, codes: ['bird', 'owl'] }]);
  });
});
