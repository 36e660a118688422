import { describe, expect, it } from 'vitest';
import { decodeMessage } from './v2-charset.ts';

const message = (charset: string): string =>
  `MSH|^~\\&|PAS|RCB|||20261101||ADT^A01|1|P|2.4||||||${charset}\rPID|1||1||Noël^Zoë`;

describe('the character set of MSH-18', () => {
  it.each([
    ['UNICODE UTF-8', 'utf8'],
    ['UNICODE', 'utf8'],
    ['8859/1', 'latin1'],
    ['ISO-8859-1', 'latin1'],
    ['8859/1~UNICODE UTF-8', 'latin1'],
    ['', 'utf8'],
    ['', 'latin1'],
  ] as const)('%s, as %s', (charset, encoding) => {
    expect(decodeMessage(Buffer.from(message(charset), encoding))).toBe(message(charset));
  });

  it('reads the printable characters that senders of ISO-8859-1 really send', () => {
    const bytes = Buffer.concat([
      Buffer.from('MSH|^~\\&|||||||||||||||'),
      Buffer.from('|8859/1\rNTE|1||\x93so\x94 \x80', 'latin1'),
    ]);
    expect(decodeMessage(bytes)).toContain('“so” €');
  });

  it.each([
    ['UNICODE UTF-8', Buffer.from(message('UNICODE UTF-8'), 'latin1')],
    ['ASCII', Buffer.from(message('ASCII'), 'utf8')],
    ['KLINGON', Buffer.from(message('KLINGON').replaceAll('ë', 'e'))],
  ])('is refused where the bytes are not in it or it is not known: %s', (_name, bytes) => {
    expect(() => decodeMessage(bytes)).toThrow(expect.objectContaining({ code: 'structure' }));
    expect(() => decodeMessage(bytes)).not.toThrow(/No.l|Zo/);
  });

  it('is read whatever comes before the header and whatever the delimiters are', () => {
    const text = `\ufeff\r\n${message('8859/1').replaceAll('|', '#')}`;
    const latin = Buffer.concat([Buffer.from('\ufeff\r\n'), Buffer.from(text.slice(3), 'latin1')]);
    expect(decodeMessage(latin)).toContain('Noël');
  });
});
