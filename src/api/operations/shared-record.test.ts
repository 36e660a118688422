/**
 * Patient/$shared-record as HTTP sees it: parameters, refusals, headers. How a record is put together is
 * tested in network/; here a record of one source is given, so that what leaves can be compared byte by
 * byte.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DoorUnderTest,
  nhsNumber,
  openDoorUnderTest,
  scenarios,
} from '../../../test/fhir-door-under-test.ts';
import type { Asker } from '../../access/actor.ts';
import type { NhsNumber } from '../../base/brands.ts';
import { Failure } from '../../base/failure.ts';
import type { SharedRecord, SharedRecordQuery, SharedRecords } from '../../network/shared-record.ts';

const ANNA = nhsNumber(21);
const NOBODY = nhsNumber(22);
const SYSTEM = 'https://fhir.nhs.uk/Id/nhs-number';
const PIECES = [Buffer.from('{"resourceType":"Bundle",'), Buffer.from('"type":"searchset"}')];

const asked: { nhsNumber: NhsNumber; query: SharedRecordQuery; asker: Asker }[] = [];
const sharedRecords: SharedRecords = {
  async assemble(number, query, asker): Promise<SharedRecord> {
    asked.push({ nhsNumber: number, query, asker });
    if (number === NOBODY) throw new Failure('not-found', 'Nobody here has this number.');
    return {
      nhsNumber: number,
      nhsNumbers: [number],
      askedAt: 0 as never,
      sources: [],
      entries: [],
      notes: [],
      directoryExpired: false,
    };
  },
  bundle: () => PIECES,
  organisations: () => [],
};

let door: DoorUnderTest;
beforeAll(async () => {
  door = await openDoorUnderTest({ sharedRecords });
});
afterAll(() => door.close());

describe('$shared-record', () => {
  it('is asked for by address', async () => {
    const path = `/fhir/Patient/$shared-record?identifier=${SYSTEM}|${ANNA}&_type=Condition,Patient&_since=2026-01-01T00:00:00Z`;
    const answer = await door.send('GET', path, { as: 'gp', headers: { 'x-request-id': 'shared-1' } });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.text).toBe(Buffer.concat(PIECES).toString());
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8');
    expect(asked.at(-1)).toMatchObject({
      nhsNumber: ANNA,
      query: { types: ['Condition', 'Patient'], since: Date.UTC(2026, 0, 1) },
      asker: { actor: { role: 'gp' }, purpose: 'direct-care', requestId: 'shared-1' },
    });
  });

  it('comes in XML where XML is asked for', async () => {
    const path = `/fhir/Patient/$shared-record?identifier=${SYSTEM}|${ANNA}&_format=xml`;
    const answer = await door.send('GET', path, { as: 'gp' });
    expect(answer.text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Bundle xmlns="http://hl7.org/fhir"><type value="searchset"/></Bundle>',
    );
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('content-type')).toBe('application/fhir+xml; charset=utf-8');
  });

  it('is refused in XML, and not cut, where a source sent what XML cannot hold', async () => {
    const entry = '{"resource":{"resourceType":"Basic","nonsense":1}}';
    const twice = '{"resource":{"resourceType":"Basic","id":"a","id":"b"}}';
    for (const one of [entry, twice]) {
      const other = await openDoorUnderTest({
        sharedRecords: {
          ...sharedRecords,
          bundle: () => [Buffer.from(`{"resourceType":"Bundle","type":"searchset","entry":[${one}]}`)],
        },
      });
      try {
        const path = `/fhir/Patient/$shared-record?identifier=${SYSTEM}|${ANNA}`;
        const xml = await other.send('GET', `${path}&_format=xml`, { as: 'gp' });
        expect([xml.status, xml.text]).toEqual([406, expect.stringContaining('application/fhir+json')]);
        expect((await other.send('GET', path, { as: 'gp' })).status).toBe(200);
      } finally {
        await other.close();
      }
    }
  });

  it('is asked for by Parameters', async () => {
    const body = {
      resourceType: 'Parameters',
      parameter: [
        { name: 'identifier', valueIdentifier: { system: SYSTEM, value: ANNA } },
        { name: '_type', valueString: 'Patient' },
        { name: '_since', valueInstant: '2026-01-01T00:00:00+01:00' },
      ],
    };
    const answer = await door.send('POST', '/fhir/Patient/$shared-record', { as: 'gp', body });
    expect(answer.status, answer.text).toBe(200);
    expect(asked.at(-1)).toMatchObject({
      nhsNumber: ANNA,
      query: { types: ['Patient'], since: Date.UTC(2025, 11, 31, 23) },
    });
  });

  scenarios(
    () => door,
    [
      {
        name: 'no token',
        request: `GET /fhir/Patient/$shared-record?identifier=${SYSTEM}|${ANNA}`,
        status: 401,
        has: { 'www-authenticate': /^Bearer/ },
      },
      {
        name: 'an unknown number',
        request: `GET /fhir/Patient/$shared-record?identifier=${SYSTEM}|${NOBODY}`,
        as: 'gp',
        status: 404,
        lacks: [NOBODY, 'Bundle'],
      },
      {
        name: 'a wrong check digit',
        request: `GET /fhir/Patient/$shared-record?identifier=${SYSTEM}|9990000017`,
        as: 'gp',
        status: 400,
        contains: ['last digit'],
        lacks: ['9990000017'],
      },
      {
        name: 'too few digits',
        request: `GET /fhir/Patient/$shared-record?identifier=${SYSTEM}|999000`,
        as: 'gp',
        status: 400,
        contains: ['10 digits'],
      },
      {
        name: 'nobody named',
        request: 'GET /fhir/Patient/$shared-record',
        as: 'gp',
        status: 400,
        contains: ['identifier='],
      },
      {
        name: 'another kind of number',
        request: `GET /fhir/Patient/$shared-record?identifier=urn:mrn|${ANNA}`,
        as: 'gp',
        status: 400,
        contains: ['NHS number'],
      },
      {
        name: 'a number without its system',
        request: `GET /fhir/Patient/$shared-record?identifier=${ANNA}`,
        as: 'gp',
        status: 400,
      },
      {
        name: 'two people at once',
        request: `GET /fhir/Patient/$shared-record?identifier=${SYSTEM}|${ANNA}&identifier=${SYSTEM}|${NOBODY}`,
        as: 'gp',
        status: 400,
        contains: ['2 times'],
      },
      {
        name: 'a parameter it does not know',
        request: `GET /fhir/Patient/$shared-record?identifier=${SYSTEM}|${ANNA}&_count=5`,
        as: 'gp',
        status: 400,
        contains: ['_count'],
      },
      {
        name: 'Parameters that are none',
        request: 'POST /fhir/Patient/$shared-record',
        as: 'gp',
        body: { resourceType: 'Patient' },
        status: 400,
      },
      {
        name: 'another method',
        request: 'DELETE /fhir/Patient/$shared-record',
        as: 'gp',
        status: 405,
      },
    ],
  );

  it('is not built on a node without a network', async () => {
    const alone = await openDoorUnderTest();
    try {
      const answer = await alone.send('GET', `/fhir/Patient/$shared-record?identifier=${SYSTEM}|${ANNA}`, {
        as: 'gp',
      });
      expect(answer.status).toBe(501);
      expect(answer.json().issue[0].code).toBe('not-supported');
    } finally {
      await alone.close();
    }
  });
});
