/** The walk over bytes against JSON.parse: what it accepts is one whole resource, and what is one is accepted. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { r4Examples } from '../../test/r4-examples.ts';
import { isResourceBytes } from './resource-bytes.ts';

const DEPTH = 64;
const bytesOf = (rest: string): Buffer => Buffer.from(`{"resourceType":"Basic","id":"b1"${rest}`);
const accepts = (rest: string, depth = DEPTH): boolean =>
  isResourceBytes(bytesOf(rest), 'Basic', 'b1', depth);

function parses(bytes: Buffer): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}

describe('a whole resource', () => {
  it('is accepted: every R4 example, as the store writes it', () => {
    const examples = r4Examples();
    expect(examples.length).toBeGreaterThan(500);
    for (const { resource } of examples) {
      const { resourceType, id = 'none', ...rest } = resource as { resourceType: string; id?: string };
      const bytes = Buffer.from(JSON.stringify({ resourceType, id, ...rest }));
      expect(isResourceBytes(bytes, resourceType, id, DEPTH), `${resourceType}/${id}`).toBe(true);
    }
  });

  it('is accepted whatever its values are', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{3,8}$/), fc.jsonValue()), (rest) => {
        const text = JSON.stringify(rest, null, rest.pretty === undefined ? 0 : 2).slice(1);
        return accepts(text === '}' ? text : `,${text}`);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe('anything else', () => {
  it.each([
    ['ends early and forges what follows', '},{"resourceType":"Basic","id":"b2"}'],
    ['says its id again', ',"id":"b2"}'],
    ['says its type again, hidden', ',"resource\\u0054ype":"Patient"}'],
    ['says its id again after space', ' ,\n "id" : "b2" }'],
    ['is cut off', ',"code":{"text":"x"}'],
    ['has something behind it', '} '],
    ['lacks a comma', '"code":1}'],
    ['ends with a comma', ',"code":1,}'],
    ['has a number with a leading zero', ',"code":01}'],
    ['has a number without digits', ',"code":-}'],
    ['has a word that is none', ',"code":truth}'],
    ['has a raw line break in a string', ',"code":"a\nb"}'],
    ['has an escape that is none', ',"code":"\\x41"}'],
    ['has half an escape', ',"code":"\\u00g1"}'],
    ['has a string without end', ',"code":"}'],
    ['mixes brackets', ',"code":[1}]}'],
  ])('is refused: %s', (_what, rest) => {
    expect(accepts(rest)).toBe(false);
  });

  it('is refused: bytes that are not UTF-8, another type or id, nesting beyond the limit', () => {
    const bad = Buffer.concat([bytesOf(',"code":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    expect(isResourceBytes(bad, 'Basic', 'b1', DEPTH)).toBe(false);
    expect(isResourceBytes(bytesOf('}'), 'Basic', 'b2', DEPTH)).toBe(false);
    expect(isResourceBytes(bytesOf('}'), 'Patient', 'b1', DEPTH)).toBe(false);
    expect(accepts(`,"x":${'['.repeat(9)}${']'.repeat(9)}}`, 10)).toBe(true);
    expect(accepts(`,"x":${'['.repeat(10)}${']'.repeat(10)}}`, 10)).toBe(false);
    expect(accepts(`,"x":${'['.repeat(100_000)}`)).toBe(false);
  });

  it('is never accepted where JSON.parse refuses: a byte changed, inserted or left out anywhere', () => {
    const whole = bytesOf(',"code":{"text":"a\\u00e9\\n\\"b"},"n":[-1.50e+3,true,null,0],"s":"é"}');
    expect(isResourceBytes(whole, 'Basic', 'b1', DEPTH)).toBe(true);
    fc.assert(
      fc.property(
        fc.nat(whole.length - 1),
        fc.oneof(fc.constantFrom(...Buffer.from('{}[]",:\\ 0-.eu\n')), fc.nat(255)),
        fc.constantFrom('change', 'insert', 'remove'),
        (at, byte, how) => {
          const rest = whole.subarray(how === 'insert' ? at : at + 1);
          const middle = how === 'remove' ? Buffer.alloc(0) : Buffer.from([byte]);
          const bytes = Buffer.concat([whole.subarray(0, at), middle, rest]);
          return !isResourceBytes(bytes, 'Basic', 'b1', DEPTH) || parses(bytes);
        },
      ),
      { seed: 2, numRuns: 20_000 },
    );
  });
});
