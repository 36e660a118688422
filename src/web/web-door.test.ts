import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildStyles, FORBIDDEN_IDENTITY } from '../../scripts/build-styles.ts';
import { type NetworkUnderTest, openNetworkUnderTest } from '../../test/network-under-test.ts';
import { ANN, BOB, CAT, fillPageNetwork, PAGE_NETWORK } from '../../test/page-people.ts';
import {
  openPagesUnderTest,
  openSupervisorUnderTest,
  type PagesUnderTest,
} from '../../test/pages-under-test.ts';
import type { PersonToTry } from '../base/demo-control.ts';
import type { Log } from '../base/log.ts';
import { loadAssets } from './assets.ts';

let network: NetworkUnderTest;
let surgery: PagesUnderTest;
let exchange: PagesUnderTest;
let inUse: PagesUnderTest;
let supervisor: Awaited<ReturnType<typeof openSupervisorUnderTest>>;
const logged: string[] = [];
const log: Log = {
  debug: (fields, text) => void logged.push(JSON.stringify([fields, text])),
  info: (fields, text) => void logged.push(JSON.stringify([fields, text])),
  warn: (fields, text) => void logged.push(JSON.stringify([fields, text])),
  error: (fields, text) => void logged.push(JSON.stringify([fields, text])),
  child: () => log,
};

beforeAll(async () => {
  await buildStyles();
  network = await openNetworkUnderTest(PAGE_NETWORK);
  await fillPageNetwork(network);
  const socket = join(network.folder, 'supervisor.sock');
  supervisor = await openSupervisorUnderTest(socket, { nodes: [], people: [] });
  exchange = await openPagesUnderTest(network.node('X01'), { demo: { supervisor: socket } });
  surgery = await openPagesUnderTest(network.node('GP1'), { demo: { supervisor: socket }, log });
  inUse = await openPagesUnderTest(network.node('GP1'));
}, 60_000);

afterAll(async () => {
  await inUse?.close();
  await surgery?.close();
  await exchange?.close();
  supervisor?.server.close();
  await network?.close();
});

const OWN = { 'sec-fetch-site': 'same-origin' };

function post(
  pages: PagesUnderTest,
  path: string,
  form: Record<string, string>,
  headers: Record<string, string> = OWN,
): Promise<Response> {
  return fetch(`${pages.url}${path}`, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers,
    redirect: 'manual',
  });
}

/** Opens a record: its address and the cookie that goes with it. */
async function open(nhsNumber: string, as: string): Promise<{ address: string; cookie: string }> {
  const answer = await post(surgery, '/open', { nhsNumber, as });
  expect(answer.status).toBe(303);
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  return { address: `${surgery.url}${answer.headers.get('location')}`, cookie };
}

const get = (address: string, cookie = ''): Promise<Response> =>
  fetch(address, { headers: { cookie }, redirect: 'manual' });

describe('every page', () => {
  it('of a demo answers under its own address only, whatever name leads to it', async () => {
    const status = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const call = request(`${surgery.url}/`, { headers: { host } }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        call.on('error', reject).end();
      });
    expect(await status('evil.example:8801')).toBe(421);
    expect(await status(new URL(surgery.url).host)).toBe(200);
  });

  it('keeps itself to itself', async () => {
    const { address, cookie } = await open(ANN, 'gp');
    for (const page of [`${surgery.url}/`, address, `${address}/timeline`, `${surgery.url}/nowhere`]) {
      const { headers } = await get(page, cookie);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|nonce|https?:|\*/);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-z]{26}$/);
    }
  });

  it('carries nothing inline, nothing from elsewhere, and nothing of an identity that is not ours', async () => {
    const { address, cookie } = await open(ANN, 'gp');
    for (const page of [`${surgery.url}/`, `${exchange.url}/`, address, `${address}/results`]) {
      const html = await (await get(page, cookie)).text();
      expect(html).not.toMatch(FORBIDDEN_IDENTITY);
      expect(html).not.toMatch(/<script(?![^>]*\ssrc="\/assets\/)[^>]*>|<style|\sstyle=|\son[a-z]+="/);
      expect(html).not.toMatch(/(?:src|action)="(?!\/)/);
      expect(html.startsWith('<!doctype html><html lang="en-GB">')).toBe(true);
      expect(html).toMatch(/<title>[^<]+ – Openward<\/title>/);
      expect(html).toContain('href="#maincontent"');
    }
    for (const [name, file] of (await loadAssets()).files)
      expect(file.plain.toString(), name).not.toMatch(FORBIDDEN_IDENTITY);
  });

  it('has a light style sheet and script, kept for good under names of their content', async () => {
    const { css, js, files } = await loadAssets();
    expect(files.get(css)?.packed.length).toBeLessThan(35_000);
    expect(files.get(js)?.packed.length).toBeLessThan(14_000);
    for (const name of [css, js]) {
      const answer = await fetch(`${surgery.url}/assets/${name}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    }
  });

  it('says in its title what it shows, and never whom', async () => {
    const { address, cookie } = await open(ANN, 'gp');
    const html = await (await get(`${address}/medicines`, cookie)).text();
    expect(html).toContain('<title>Medicines – Patient record – Openward</title>');
  });
});

describe('the number of a person', () => {
  it('is in no address, no log line and no cookie name, whatever goes wrong', async () => {
    const { address, cookie } = await open(ANN, 'gp');
    expect(address).not.toContain(ANN);
    const pages = [
      await get(address, cookie),
      await get(`${address}/timeline?source=GP1`, cookie),
      await get(`${address}/nowhere`, cookie),
    ];
    for (const page of pages) {
      const html = await page.text();
      expect(html.match(/(?:href|action)="[^"]*"/g)?.join(' ')).not.toMatch(/\d{10}|999 ?000/);
    }
    await post(surgery, '/open', { nhsNumber: '9990000050', as: 'gp' });
    expect(logged.join('\n')).not.toMatch(/999000\d{4}/);
  });

  it.each([
    ['', 'No NHS number was given'],
    ['999 000 001', 'this has 9'],
    ['999 000 0019', 'its last digit does not fit'],
    ['99900000l8', 'digits only'],
    ['QQ123456C', 'National Insurance'],
  ])(
    'typed as "%s" gets its own words, beside the box and at the top, and is not cleared',
    async (typed, words) => {
      const answer = await post(surgery, '/open', { nhsNumber: typed, as: 'gp' });
      const html = await answer.text();
      expect(answer.status).toBe(400);
      expect(html).toContain('<title>Error: ');
      expect(html.split(words).length - 1).toBe(2);
      if (typed !== '') expect(html).toContain(`value="${typed}"`);
    },
  );

  it.each(['9990000018', '999 000 0018', '999-000-0018', ' 999\u00a0000\u20110018 '])(
    'is taken as %s',
    async (typed) => {
      expect((await post(surgery, '/open', { nhsNumber: typed, as: 'gp' })).status).toBe(303);
    },
  );

  it('that nobody has here says what was tried, and nothing more', async () => {
    const { address, cookie } = await open('9990000050', 'gp');
    const answer = await get(address, cookie);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('We could not find this person');
  });

  it('given as markup stays text', async () => {
    const html = await (
      await post(surgery, '/open', { nhsNumber: '"><script>alert(1)</script>', as: '<b>' })
    ).text();
    expect(html).not.toContain('<script>alert');
  });
});

describe('a session', () => {
  it('is a cookie that no script reads, that goes to its own face only and is named for its organisation', async () => {
    const answer = await post(surgery, '/open', { nhsNumber: ANN, as: 'gp' });
    expect(answer.headers.get('set-cookie')).toMatch(
      /^openward-GP1-clinician=[\w.-]+; Path=\/clinician; HttpOnly; SameSite=Strict$/,
    );
  });

  it('opens no page that another session opened: a tab left open shows nobody else', async () => {
    const ann = await open(ANN, 'gp');
    const bob = await open(BOB, 'gp');
    const answer = await get(ann.address, bob.cookie);
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toMatch(/Quillfeather|Marsh/i);
  });

  it('of a patient opens nothing on the clinician’s face, nor the other way round', async () => {
    const patient = await open(ANN, 'patient');
    const gp = await open(ANN, 'gp');
    const asClinician = patient.cookie.replace('-patient=', '-clinician=');
    expect((await get(gp.address, asClinician)).status).toBe(403);
    expect((await get(patient.address.replace('/patient/', '/clinician/'), gp.cookie)).status).toBe(401);
  });

  it.each(['', 'openward-GP1-clinician=nonsense', 'openward-GP1-clinician='])(
    'that is none ("%s") gets a page that says so',
    async (cookie) => {
      const { address } = await open(ANN, 'gp');
      const answer = await get(address, cookie);
      expect(answer.status).toBe(401);
      expect(await answer.text()).toContain('You are not signed in');
    },
  );

  it('ends when its holder signs out', async () => {
    const answer = await post(surgery, '/clinician/sign-out', {});
    expect(answer.status).toBe(303);
    expect(answer.headers.get('set-cookie')).toMatch(/Max-Age=0/);
  });

  it('is given to no role that does not work here', async () => {
    expect((await post(surgery, '/open', { nhsNumber: ANN, as: 'system' })).status).toBe(400);
    expect((await post(surgery, '/open', { nhsNumber: ANN, as: 'lab' })).status).toBe(400);
  });

  it('in real use comes with OpenID Connect: 501 until then', async () => {
    for (const answer of [
      await post(inUse, '/open', { nhsNumber: ANN, as: 'gp' }),
      await get(`${inUse.url}/clinician/anything`),
      await get(`${inUse.url}/patient/anything/results`),
    ]) {
      expect(answer.status).toBe(501);
      expect(await answer.text()).toContain('OpenID Connect');
    }
    expect(await (await get(`${inUse.url}/`)).text()).not.toContain('action="/open"');
  });
});

describe('a form', () => {
  it.each<[string, Record<string, string>]>([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another port of this host', { 'sec-fetch-site': 'same-site' }],
    ['an older browser on another site', { origin: 'http://evil.example' }],
    ['nobody knows where', {}],
    ['an older browser that hides where', { origin: 'null' }],
  ])('from %s does nothing', async (_where, headers) => {
    expect((await post(surgery, '/open', { nhsNumber: ANN, as: 'gp' }, headers)).status).toBe(403);
    expect((await post(exchange, '/systems/stop', { ods: 'RX1' }, headers)).status).toBe(403);
    expect(supervisor.told).toEqual([]);
  });

  it('from an older browser on our own page is taken', async () => {
    expect((await post(surgery, '/open', { nhsNumber: ANN, as: 'gp' }, { origin: surgery.url })).status).toBe(
      303,
    );
  });

  it('sent to an address that takes none, or read where there is no page, is told so', async () => {
    const form = await post(surgery, '/', {});
    expect(form.status).toBe(405);
    expect(form.headers.get('allow')).toBe('GET, HEAD');
    const page = await get(`${surgery.url}/open`);
    expect(page.status).toBe(405);
    expect(page.headers.get('allow')).toBe('POST');
    expect(logged.at(-1)).toContain(page.headers.get('x-request-id'));
    expect((await get(`${surgery.url}/../../etc/passwd`)).status).toBe(404);
    expect((await get(`${surgery.url}/assets/manifest.json`)).status).toBe(404);
  });

  it('in another shape, or too large, gets a page', async () => {
    const json = await fetch(`${surgery.url}/open`, {
      method: 'POST',
      body: '{}',
      headers: { ...OWN, 'content-type': 'application/json' },
    });
    expect(json.status).toBe(415);
    expect(await json.text()).toContain('Error number');
    expect((await post(surgery, '/open', { nhsNumber: '9'.repeat(20_000), as: 'gp' })).status).toBe(413);
  });
});

describe('the front door', () => {
  it('stops, starts and breaks by the supervisor, and says what was done', async () => {
    const stop = await post(exchange, '/systems/stop', { ods: 'RX1' });
    expect(stop.status).toBe(303);
    const page = await get(`${exchange.url}${stop.headers.get('location')?.replace(/#.*/, '')}`);
    expect(await page.text()).toContain('Exampleton General Hospital was stopped at once');
    await post(exchange, '/systems/start', { ods: 'RX1' });
    await post(exchange, '/systems/fault', { ods: 'RX1', fault: 'slow' });
    expect(supervisor.told.splice(0)).toEqual([
      '/stop {"ods":"RX1"}',
      '/start {"ods":"RX1"}',
      '/fault {"ods":"RX1","fault":"slow"}',
    ]);
  });

  it('leads to a page with the number of the person filled in, and no number in any address', async () => {
    const person = (nhsNumber: string, name: string): PersonToTry => ({
      nhsNumber,
      name,
      sources: ['GP1'],
      why: '',
    });
    const socket = join(network.folder, 'people.sock');
    const people = [person(BOB, 'Bob Elm'), person(ANN, 'Ann Ash')];
    const { server } = await openSupervisorUnderTest(socket, { nodes: [], people });
    const demo = { supervisor: socket };
    const [front, place] = await Promise.all([
      openPagesUnderTest(network.node('X01'), { demo }),
      openPagesUnderTest(network.node('GP1'), { demo }),
    ]);
    try {
      const html = await (await get(`${front.url}/`)).text();
      const [, query] = html.match(/href="[^"]*\/(\?person=1)"/) ?? [];
      expect(html.match(/href="[^"]*"/g)?.join(' ')).not.toMatch(/\d{10}/);
      expect(await (await get(`${place.url}/${query}`)).text()).toContain(`value="${ANN}"`);
      const box = /id="nhs-number"[^>]* value=/;
      for (const other of ['', '?person=2', '?person=x', '?person=1&person=0'])
        expect(await (await get(`${place.url}/${other}`)).text(), other).not.toMatch(box);
    } finally {
      await Promise.all([front.close(), place.close()]);
      server.close();
    }
  });

  it('passes on no organisation and no fault that it does not know', async () => {
    expect((await post(exchange, '/systems/stop', { ods: 'NOPE' })).status).toBe(400);
    expect((await post(exchange, '/systems/fault', { ods: 'RX1', fault: 'fire' })).status).toBe(400);
    expect(supervisor.told).toEqual([]);
  });

  it('names every organisation, and says so where the supervisor is silent', async () => {
    const lonely = await openPagesUnderTest(network.node('X01'), {
      demo: { supervisor: '/nonexistent/socket' },
    });
    try {
      const html = await (await get(`${lonely.url}/`)).text();
      for (const { name, kind } of PAGE_NETWORK) if (kind !== 'exchange') expect(html).toContain(name);
      expect(html).toContain('The supervisor of the demonstration does not answer');
      const stop = await post(lonely, '/systems/stop', { ods: 'RX1' });
      expect(stop.status).toBe(502);
      expect(await stop.text()).toContain('nothing was changed');
    } finally {
      await lonely.close();
    }
  });

  it('has no switches outside the demo', async () => {
    const real = await openPagesUnderTest(network.node('X01'));
    try {
      expect((await post(real, '/systems/stop', { ods: 'RX1' })).status).toBe(404);
      expect(await (await get(`${real.url}/`)).text()).not.toContain('<form');
    } finally {
      await real.close();
    }
  });
});

describe('a record on its pages', () => {
  it('keeps to its dialect', async () => {
    const clinician = await open(ANN, 'gp');
    const patient = await open(ANN, 'patient');
    const his = await (await get(clinician.address, clinician.cookie)).text();
    const hers = await (await get(patient.address, patient.cookie)).text();
    expect(his).toContain('QUILLFEATHER, Annabel Rose (Ms)');
    expect(his).toContain('14-Jul-1958');
    expect(hers).toContain('Annabel Rose Quillfeather');
    expect(hers).toContain('14 July 1958');
    expect(hers).not.toMatch(/\d\d-[A-Z][a-z]{2}-\d{4}/);
  });

  it('says that some services are never shown, on every one', async () => {
    for (const as of ['gp', 'patient']) {
      const { address, cookie } = await open(CAT, as);
      for (const section of ['', '/allergies', '/medicines', '/results', '/vaccinations']) {
        expect(await (await get(address + section, cookie)).text()).toContain(
          'Some services are never shown here.',
        );
      }
    }
  });

  it('shows two prescriptions with nothing in common but their words as two, and a dispense under its own', async () => {
    const { address, cookie } = await open(ANN, 'gp');
    const html = await (await get(`${address}/medicines`, cookie)).text();
    expect(html.split('<strong>metformin</strong>').length - 1).toBe(2);
    expect(html).toMatch(/amlodipine.*ow-tied.*Dispensed.*28.*Station Road Pharmacy/s);
    expect(html).toContain('Dispensed, prescription not in this record');
  });

  it('shows where sources do not agree on who this is', async () => {
    const ann = await open(ANN, 'gp');
    const bob = await open(BOB, 'gp');
    expect(await (await get(ann.address, ann.cookie)).text()).toContain(
      'Exampleton General Hospital has another birth date',
    );
    const his = await (await get(bob.address, bob.cookie)).text();
    expect(his).toContain('ow-banner--deceased');
    expect(his).toContain('has not recorded that this person has died');
  });
});
