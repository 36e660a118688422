/** Laws of the XML reader and writer: every element of every type, any text, any decimal, any damage. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filledResources } from '../../test/filled-resources.ts';
import { Failure } from '../base/failure.ts';
import { effectiveSettings } from '../base/settings.ts';
import { resourceTypes } from './definitions.ts';
import { writeJson } from './exact-decimals.ts';
import { parseJson } from './parse-json.ts';
import { parseXml } from './parse-xml.ts';
import { writeXml } from './write-xml.ts';

const settings = effectiveSettings([], {});
const SEED = 20_261_124;

describe('JSON → XML → JSON', () => {
  it('loses no element of any resource type', { timeout: 120_000 }, async () => {
    let seen = 0;
    for (const type of resourceTypes) {
      for (const resource of filledResources(type)) {
        const xml = writeXml(resource, seen % 2 === 0 ? undefined : 0);
        expect(await parseXml(Buffer.from(xml), settings), type).toEqual(resource);
        seen += 1;
      }
    }
    expect(seen).toBeGreaterThan(1_000);
  });

  it('keeps any text and any decimal', async () => {
    // what XML has no place for becomes U+FFFD, which is tried elsewhere
    const text = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((one) => !/\p{Cc}|[\ufffe\uffff]/u.test(one));
    const lines = fc.array(text, { minLength: 1 }).map((all) => all.join('\r\n\t'));
    const decimal = fc
      .tuple(
        fc.boolean(),
        fc.nat(),
        fc.stringMatching(/^[0-9]{0,12}$/),
        fc.option(fc.integer({ min: -20, max: 20 })),
      )
      .map(
        ([minus, whole, places, exponent]) =>
          `${minus ? '-' : ''}${whole}${places && `.${places}`}${exponent === null ? '' : `e${exponent}`}`,
      );
    await fc.assert(
      fc.asyncProperty(lines, decimal, fc.boolean(), async (value, number, pretty) => {
        const json = `{"resourceType":"Basic","id":${JSON.stringify(value)},"extension":[{"valueDecimal":${number}}]}`;
        const xml = writeXml(parseJson(Buffer.from(json), settings), pretty ? 0 : undefined);
        expect(writeJson(await parseXml(Buffer.from(xml), settings))).toBe(json);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});

describe('XML that was damaged', () => {
  it('is read or refused with a Failure, and with nothing else', { timeout: 60_000 }, async () => {
    const whole = Buffer.from(
      writeXml(
        {
          resourceType: 'Patient',
          text: {
            status: 'generated',
            div: '<div xmlns="http://www.w3.org/1999/xhtml"><p a="b">x &amp; y</p></div>',
          },
          contained: [{ resourceType: 'Basic', id: 'b' }],
          name: [{ family: 'Zoë', given: ['a', 'b'], _given: [null, { id: 'x' }] }],
          multipleBirthInteger: 2,
        } as never,
        0,
      ),
    );
    const piece = fc.constantFrom(
      '<',
      '>',
      '/',
      '"',
      '&',
      "'",
      '<!--',
      ']]>',
      '<![CDATA[',
      '<?x?>',
      '\0',
      '\ud800',
      'xmlns=""',
      '<f:a/>',
      '&#0;',
      '&x;',
      '</',
      'é',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length), fc.nat(20), piece), { minLength: 1, maxLength: 4 }),
        async (cuts) => {
          let bytes = whole;
          for (const [at, length, put] of cuts) {
            bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(put), bytes.subarray(at + length)]);
          }
          try {
            const value = await parseXml(bytes, settings);
            expect(await parseXml(Buffer.from(writeXml(value, undefined)), settings)).toEqual(value);
          } catch (error) {
            expect(error).toBeInstanceOf(Failure);
          }
        },
      ),
      { seed: SEED, numRuns: 3_000 },
    );
  });
});
