/** JSON Patch: the official cases, and what must not be possible. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { effectiveSettings } from '../base/settings.ts';
import { writeJson } from './exact-decimals.ts';
import { applyJsonPatch } from './json-patch.ts';
import { parseJson } from './parse-json.ts';

const settings = effectiveSettings([], {});
const CASES = join(
  import.meta.dirname,
  '../../../shared/fixtures/suites/patch-graphql-r4/patch/json-patch-tests.json',
);
const parsed = (text: string): unknown => parseJson(Buffer.from(text), settings);
const failure = (document: unknown, patch: unknown): { code: string; message: string } => {
  try {
    applyJsonPatch(document, patch, settings);
  } catch (thrown) {
    return thrown as { code: string; message: string };
  }
  return { code: 'none', message: '' };
};

describe.runIf(existsSync(CASES))('official cases', () => {
  const cases: { comment: string; doc: unknown; patch: unknown; expected?: unknown; error?: string }[] =
    existsSync(CASES) ? JSON.parse(readFileSync(CASES, 'utf8')) : [];

  it('are all there', () => {
    expect(cases).toHaveLength(16);
  });

  for (const { comment, doc, patch, expected, error } of cases) {
    it(`${comment}: ${error ?? 'applied'}`, () => {
      if (error === undefined) expect(applyJsonPatch(doc, patch, settings)).toEqual(expected);
      else expect(failure(doc, patch).code).toMatch(/^(invalid|processing)$/);
    });
  }
});
if (!existsSync(CASES)) console.warn('the official JSON Patch cases are absent: not run');

describe('a JSON Patch', () => {
  it('leaves what it is applied to as it was', () => {
    const document = { a: [{ b: 1 }] };
    applyJsonPatch(document, [{ op: 'replace', path: '/a/0/b', value: 2 }], settings);
    expect(document).toEqual({ a: [{ b: 1 }] });
  });

  it('keeps decimals as they are written in either', () => {
    const document = parsed('{"valueQuantity":{"value":5.40},"note":1.0}');
    const patch = parsed(
      '[{"op":"replace","path":"/valueQuantity/value","value":5.4},{"op":"add","path":"/x","value":7.10},' +
        '{"op":"copy","from":"/note","path":"/y"},{"op":"add","path":"/z","value":{"value":0.50}}]',
    );
    expect(writeJson(applyJsonPatch(document, patch, settings))).toBe(
      '{"valueQuantity":{"value":5.4},"note":1.0,"x":7.10,"y":1.0,"z":{"value":0.50}}',
    );
  });

  it('names the operation that goes wrong', () => {
    const document = { a: [1], b: { c: 1 }, s: 'text' };
    for (const [patch, code, text] of [
      [{}, 'invalid', 'array'],
      [[{ op: 'add', path: '/x', value: 1 }, { op: 'frobnicate' }], 'invalid', 'Operation 1'],
      [[{ op: 'add', path: '/x' }], 'invalid', '"value"'],
      [[{ op: 'add', path: 'x', value: 1 }], 'invalid', 'JSON Pointer'],
      [[{ op: 'add', path: '/~2', value: 1 }], 'invalid', 'JSON Pointer'],
      [[{ op: 'remove', path: '/b/d' }], 'processing', '(remove at "/b/d")'],
      [[{ op: 'replace', path: '/a/1', value: 1 }], 'processing', 'nowhere'],
      [[{ op: 'add', path: '/a/7', value: 1 }], 'processing', 'nowhere'],
      [[{ op: 'add', path: '/a/length', value: 0 }], 'processing', 'nowhere'],
      [[{ op: 'add', path: '/toString/reached', value: 1 }], 'processing', 'nowhere'],
      [[{ op: 'add', path: '/a/map/reached', value: 1 }], 'processing', 'nowhere'],
      [[{ op: 'replace', path: '/a/push/name', value: 1 }], 'processing', 'nowhere'],
      [[{ op: 'test', path: '/hasOwnProperty/name', value: 'hasOwnProperty' }], 'processing', 'nowhere'],
      [[{ op: 'copy', from: '/toString', path: '/x' }], 'processing', 'nowhere'],
      [[{ op: 'add', path: '/s/x', value: 1 }], 'processing', 'nowhere'],
      [[{ op: 'remove', path: '/s/0' }], 'processing', 'nowhere'],
      [[{ op: 'test', path: '/s/length', value: 4 }], 'processing', 'nowhere'],
      [[{ op: 'test', path: '/b/c', value: 2 }], 'processing', 'another value'],
      [[{ op: 'move', from: '/b', path: '/b/c' }], 'invalid', 'into itself'],
      [[{ op: 'add', path: '/__proto__/x', value: 1 }], 'invalid', 'no element'],
      [[{ op: 'add', path: '/constructor/prototype/x', value: 1 }], 'invalid', 'no element'],
      [[{ op: 'add', path: `/${'x'.repeat(2000)}`, value: 1 }], 'invalid', 'patchPathCharactersMax'],
      [Array(1001).fill({ op: 'test', path: '/a/0', value: 1 }), 'too-costly', 'patchOperationsMax'],
    ] as const) {
      const thrown = failure(document, patch);
      expect(thrown.code, JSON.stringify(patch).slice(0, 200)).toBe(code);
      expect(thrown.message).toContain(text);
    }
    expect(({} as { x?: number }).x).toBeUndefined();
    for (const shared of [Object.prototype.toString, Array.prototype.map]) {
      expect(Object.keys(shared)).toEqual([]);
    }
  });

  it('that doubles what it copies ends at the limit', () => {
    const doubling = Array.from({ length: 40 }, (_, n) => ({ op: 'copy', from: '/a', path: `/a/x${n}` }));
    expect(failure({ a: { b: 'y'.repeat(100) } }, doubling).code).toBe('too-costly');
    const wide = Array.from({ length: 60 }, () => ({ op: 'copy', from: '/a', path: '/a/-' }));
    expect(failure({ a: ['x'.repeat(1000)] }, wide).code).toBe('too-costly');
  });
});
