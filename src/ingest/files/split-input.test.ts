/** What kind an input is, and how it falls into units, whatever chunks it comes in. */
import { describe, expect, it } from 'vitest';
import { inputKind, type Piece, splitInput } from './split-input.ts';

const LIMITS = { importInputBytesMax: 1_000, importChunkBytes: 60 };

async function pieces(name: string, text: string, chunk: number, limits = LIMITS): Promise<Piece[]> {
  const bytes = Buffer.from(text, 'latin1');
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let i = 0; i < bytes.length; i += chunk) yield bytes.subarray(i, i + chunk);
  }
  const found: Piece[] = [];
  for await (const piece of splitInput(inputKind(bytes, name), chunks(), limits)) found.push(piece);
  return found;
}

const unitTexts = (found: readonly Piece[]): (string | undefined)[] =>
  found.map((piece) => piece.unit?.bytes.toString('latin1').replaceAll('\u001c\r', '$'));

describe('the kind of an input', () => {
  it.each([
    ['{"resourceType":"Bundle"}', 'a.json', 'json'],
    ['\u00ef\u00bb\u00bf  {\n "resourceType": "Patient"\n}\n', 'a.json', 'json'],
    ['{"resourceType":"Patient"}\n', 'a.json', 'json'],
    ['{"resourceType":"Patient"}\n', 'a.ndjson.gz', 'ndjson'],
    ['{"resourceType":"Patient"}\n{"resourceType":"Patient"}\n', 'a.txt', 'ndjson'],
    ['MSH|^~\\&|A', 'a', 'hl7v2'],
    ['\u000bMSH|^~\\&|A', 'a', 'hl7v2'],
    ['\r\nFHS|^~\\&|A', 'a', 'hl7v2'],
    ['BHS|^~\\&|A', 'a', 'hl7v2'],
    ['MSHELL', 'a', 'unknown'],
    ['<Bundle/>', 'a.json', 'unknown'],
    ['', 'a.json', 'unknown'],
  ])('of %j named %s is %s', (text, name, kind) => {
    expect(inputKind(Buffer.from(text, 'latin1'), name)).toBe(kind);
  });
});

describe.each([1, 7, 10_000])('in chunks of %i bytes', (chunk) => {
  it('lines share a unit up to a size and keep their numbers', async () => {
    const line = (n: number): string => `{"resourceType":"Basic","n":${n}}`;
    const found = await pieces('a.ndjson', [1, 2, 3, 4].map(line).join('\n'), chunk);
    expect(unitTexts(found)).toEqual([`${line(1)}\n`, `${line(2)}\n`, `${line(3)}\n`, `${line(4)}\n`]);
    expect(found.map((one) => one.first)).toEqual([1, 2, 3, 4]);
    const together = await pieces('a.ndjson', `${line(1)}\n\n${line(2)}\n`, chunk, {
      ...LIMITS,
      importChunkBytes: 100,
    });
    expect(unitTexts(together)).toEqual([`${line(1)}\n\n${line(2)}\n`]);
  });

  it('a Bundle on a line is a unit of its own, and a line that is too large is rejected alone', async () => {
    const bundle = '{"resourceType":"Bundle","type":"batch"}';
    const large = `{"x":"${'y'.repeat(2_000)}"}`;
    const found = await pieces('a.ndjson', `{"a":1}\n${bundle}\n${large}\n{"b":2}\n`, chunk);
    expect(unitTexts(found)).toEqual(['{"a":1}\n', `${bundle}\n`, undefined, '{"b":2}\n']);
    expect(found.map((one) => one.unit?.kind ?? one.reject?.code)).toEqual([
      'ndjson',
      'json',
      'too-long',
      'ndjson',
    ]);
    expect(found.map((one) => one.first)).toEqual([1, 2, 3, 4]);
  });

  const message = (n: number): string => `MSH|^~\\&|A|B|C|D|1||ADT^A01|${n}|P|2.4\rPID|1||${n}`;
  it.each([
    ['separated by LF', `${message(1)}\n${message(2)}\n`],
    ['with CR at each end', `${message(1)}\r${message(2)}\r`],
    ['in MLLP frames', `\u000b${message(1)}\r\u001c\r\u000b${message(2)}\r\u001c\r`],
    ['in a batch file', `FHS|^~\\&|A\rBHS|^~\\&|A\r${message(1)}\r${message(2)}\rBTS|2\rFTS|1\r`],
    [
      'in a batch file of CRLF',
      `FHS|^~\\&|A\r\nBHS|^~\\&|A\r\n${message(1)}\r\n${message(2)}\r\nBTS|2\r\nFTS|1\r\n`,
    ],
  ])('messages %s', async (_how, text) => {
    expect(unitTexts(await pieces('a.hl7', text, chunk))).toEqual([`${message(1)}$`, `${message(2)}$`]);
  });

  it('segments that end with LF stay one message', async () => {
    const text = 'MSH|^~\\&|A\nEVN|A01\nPID|1\n';
    expect(unitTexts(await pieces('a.hl7', text, chunk))).toEqual([`${text.trim()}$`]);
  });
});
