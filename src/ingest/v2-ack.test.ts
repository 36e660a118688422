import { describe, expect, it } from 'vitest';
import { ackFor, isWanted } from './v2-ack.ts';
import { type Header, headerOf, NO_HEADER } from './v2-header.ts';
import { parseMessage } from './v2-message.ts';

const AT = Date.parse('2026-11-01T12:00:00Z');
const header = (version = '2.4'): Header =>
  headerOf(
    parseMessage(`MSH|^~\\&|PAS^1.2^ISO|RCB|OPENWARD|NODE|20261101120000||ADT^A01^ADT_A01|ID 7|T|${version}`),
  );
const problem = { issue: 'required', text: 'PID-3 | holds ^ no number.' } as const;

describe('an answer', () => {
  it('AA turns sender and receiver round and repeats the control id', () => {
    const ack = ackFor(header(), { code: 'AA', id: 'A1', at: AT });
    expect(ack.text).toBe(
      'MSH|^~\\&|OPENWARD|NODE|PAS^1.2^ISO|RCB|20261101120000+0000||ACK^A01^ACK|A1|T|2.4\rMSA|AA|ID 7\r',
    );
  });

  it('AR says why, in the form of its version, with the text escaped', () => {
    const before = ackFor(header('2.3'), { code: 'AR', id: 'A1', at: AT, problem }).text;
    expect(before).toContain('MSA|AR|ID 7|PID-3 \\F\\ holds \\S\\ no number.\r');
    expect(before).toContain('ERR|^^^101&Required field missing&HL70357\r');
    const since = ackFor(header('2.5.1'), { code: 'AR', id: 'A1', at: AT, problem }).text;
    expect(since).toContain(
      'ERR|||101^Required field missing^HL70357|E||||PID-3 \\F\\ holds \\S\\ no number.\r',
    );
  });

  it('tells of warnings from 2.5 on, where they cannot be taken for errors', () => {
    const warnings = [{ field: 'PID-7', text: 'No time.' }];
    expect(ackFor(header(), { code: 'AA', id: 'A1', at: AT, warnings }).text).not.toContain('ERR');
    expect(ackFor(header('2.5'), { code: 'AA', id: 'A1', at: AT, warnings }).text).toContain(
      'ERR||PID^1^7|102^Data type error^HL70357|W||||No time.\r',
    );
  });

  it('is in the delimiters of the message', () => {
    const other = headerOf(parseMessage('MSH#*~!$#PAS#RCB###20261101##ADT*A01#9#P#2.4'));
    expect(ackFor(other, { code: 'AA', id: 'A1', at: AT }).text).toMatch(
      /^MSH#\*~!\$###PAS#RCB#.*#ACK\*A01\*ACK#A1#P#2\.4\rMSA#AA#9\r$/,
    );
  });

  it('is there for what has no header at all', () => {
    expect(ackFor(NO_HEADER, { code: 'AR', id: 'A1', at: AT, problem }).text).toMatch(/\rMSA\|AR\|\|PID-3/);
  });

  it('is a message that can be read, whatever it says', () => {
    const ack = ackFor(header('2.5'), { code: 'AR', id: 'A1', at: AT, problem });
    expect(parseMessage(ack.text).segments.map((one) => one.name)).toEqual(['MSH', 'MSA', 'ERR']);
  });
});

describe('whether it is wanted', () => {
  it.each([
    ['', '', 'AA', true],
    ['', '', 'AR', true],
    ['AL', 'NE', 'AA', true],
    ['NE', 'AL', 'AR', true],
    ['NE', 'NE', 'AA', false],
    ['ER', 'NE', 'AA', false],
    ['ER', 'NE', 'AE', true],
    ['SU', '', 'AA', true],
    ['SU', '', 'AR', false],
  ] as const)('MSH-15 %s, MSH-16 %s, %s: %s', (acceptAnswer, applicationAnswer, code, wanted) => {
    expect(isWanted({ ...NO_HEADER, acceptAnswer, applicationAnswer }, code)).toBe(wanted);
  });
});
