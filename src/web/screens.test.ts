import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildStyles } from '../../scripts/build-styles.ts';
import {
  axeFindings,
  contextFor,
  DESK,
  NARROW,
  NO_SCRIPT,
  openBrowser,
  photograph,
  type Screen,
  sidewaysPixels,
} from '../../test/browser-under-test.ts';
import { type NetworkUnderTest, openNetworkUnderTest, until } from '../../test/network-under-test.ts';
import { ANN, BOB, CAT, fillPageNetwork, hear, PAGE_NETWORK } from '../../test/page-people.ts';
import {
  openPagesUnderTest,
  openSupervisorUnderTest,
  type PagesUnderTest,
} from '../../test/pages-under-test.ts';

const SCREENS: readonly (readonly [string, Screen])[] = [
  ['desk', DESK],
  ['no-script', NO_SCRIPT],
  ['narrow', NARROW],
];

let network: NetworkUnderTest;
let surgery: PagesUnderTest;
let exchange: PagesUnderTest;
let lonely: PagesUnderTest;
let browser: Browser;
let twin: Page;
let supervisor: Awaited<ReturnType<typeof openSupervisorUnderTest>>;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  await buildStyles();
  network = await openNetworkUnderTest(PAGE_NETWORK);
  await fillPageNetwork(network);
  const socket = join(network.folder, 'supervisor.sock');
  supervisor = await openSupervisorUnderTest(socket, {
    nodes: PAGE_NETWORK.map(({ ods, kind, name }) => ({
      ods,
      kind,
      name,
      url: `http://127.0.0.1:${network.node(ods).config.port}`,
      pid: 1,
      running: true,
      fault: ods === 'LA1' ? 'slow' : 'none',
    })),
    people: [
      {
        nhsNumber: ANN,
        name: 'Annabel Quillfeather',
        sources: ['GP1', 'RX1', 'LA1', 'PH1', 'MH1'],
        why: 'Something in every kind of organisation; the hospital has another birth date.',
      },
      {
        nhsNumber: BOB,
        name: 'Robert Marsh',
        sources: ['GP1', 'RX1'],
        why: 'Has died; the hospital does not know.',
      },
      { nhsNumber: CAT, name: 'Catherine Lone', sources: ['GP1'], why: '' },
    ],
  });
  exchange = await openPagesUnderTest(network.node('X01'), { demo: { supervisor: socket } });
  surgery = await openPagesUnderTest(network.node('GP1'), { demo: { supervisor: socket } });
  lonely = await openPagesUnderTest(network.node('X01'), {
    demo: { supervisor: join(network.folder, 'nobody.sock') },
  });
  browser = await openBrowser();
  twin = await newPage(DESK);
}, 120_000);

afterAll(async () => {
  for (const context of contexts) await context.close();
  await browser?.close();
  await lonely?.close();
  await surgery?.close();
  await exchange?.close();
  supervisor?.server.close();
  await network?.close();
  await rm(join(network?.folder ?? '', 'supervisor.sock'), { force: true });
});

async function newPage(screen: Screen): Promise<Page> {
  const context = await contextFor(browser, screen);
  contexts.push(context);
  return context.newPage();
}

/** Opens a record as a person would: types the number, chooses the view, sends the form. */
async function open(page: Page, nhsNumber: string, as: string): Promise<void> {
  await page.goto(`${surgery.url}/`);
  await page.getByLabel('NHS number', { exact: true }).fill(nhsNumber);
  await page.locator(`input[type=radio][value=${as}]`).check();
  await page.getByRole('button', { name: 'Open the record', exact: true }).click();
  await page.locator('main h1').waitFor();
}

/**
 * Nothing wrong by axe, nothing beside the window, nothing of an identity that is not ours; and a picture.
 */
async function look(page: Page, name: string): Promise<void> {
  await photograph(page, name);
  const html = await page.content();
  expect(html).not.toMatch(/Frutiger|assets\.nhs\.uk|nhsuk-header__logo|© NHS England/);
  expect(await sidewaysPixels(page), `${name}: sideways`).toBe(0);
  expect(await axeFindings(page, twin), name).toEqual([]);
}

const CLINICIAN = [
  '',
  'timeline',
  'problems',
  'medicines',
  'allergies',
  'results',
  'vaccinations',
  'documents',
];
const PATIENT = [
  '',
  'allergies',
  'medicines',
  'conditions',
  'results',
  'vaccinations',
  'letters',
  'visits',
  'everything',
];

describe.each(SCREENS)('on %s', { timeout: 120_000 }, (screenName, screen) => {
  it('the start pages', async () => {
    const page = await newPage(screen);
    await page.goto(`${exchange.url}/`);
    await look(page, `front-door-${screenName}`);
    await page.goto(`${lonely.url}/`);
    await look(page, `front-door-silent-${screenName}`);
    await page.goto(`${surgery.url}/`);
    await look(page, `home-${screenName}`);
    await page.getByRole('button', { name: 'Open the record', exact: true }).click();
    expect(await page.title()).toMatch(/^Error: /);
    await look(page, `home-error-${screenName}`);
    await page.goto(`${surgery.url}/nowhere`);
    await look(page, `not-found-${screenName}`);
  });

  it('the clinician’s pages', async () => {
    const page = await newPage(screen);
    await open(page, '999 000-0018', 'gp');
    const address = page.url();
    for (const section of CLINICIAN) {
      await page.goto(section === '' ? address : `${address}/${section}`);
      await look(page, `clinician-${section === '' ? 'summary' : section}-${screenName}`);
    }
    await page.goto(address);
    // a note is no measurement, and is on the page all the same
    const table = (caption: string) => page.locator('.ow-table', { hasText: caption });
    expect(await table('Measurements').getByText('Consultation note').count()).toBe(0);
    expect(await table('Other recorded values').getByText('Consultation note').count()).toBe(1);
    await page.locator('.ow-banner summary').click();
    await look(page, `clinician-banner-open-${screenName}`);
    await open(page, BOB, 'gp');
    await look(page, `clinician-deceased-${screenName}`);
    await open(page, CAT, 'gp');
    await look(page, `clinician-empty-${screenName}`);
    await open(page, '9990000050', 'gp');
    await look(page, `clinician-nobody-${screenName}`);
  });

  it('the patient’s pages', async () => {
    const page = await newPage(screen);
    await open(page, ANN, 'patient');
    const address = page.url();
    for (const section of PATIENT) {
      await page.goto(section === '' ? address : `${address}/${section}`);
      await look(page, `patient-${section === '' ? 'overview' : section}-${screenName}`);
    }
  });
});

describe('with sources in trouble', () => {
  const HOSPITAL = 'Exampleton General Hospital';

  /** The hospital in this state, its pages looked at on a desk and on a narrow screen in both faces. */
  async function lookAt(status: 'copy' | 'unavailable', words: string): Promise<void> {
    const page = await newPage(DESK);
    await until(`the hospital is ${status}`, async () => {
      await open(page, ANN, 'gp');
      return (await page.locator(`.ow-source--${status}`, { hasText: HOSPITAL }).count()) === 1;
    });
    expect(await page.locator('.ow-strip__missing').textContent()).toContain(words);
    expect(await page.locator('.ow-allergies h2').textContent()).toBe('Allergies unavailable');
    for (const screen of [DESK, NARROW]) {
      const looker = screen === DESK ? page : await newPage(screen);
      await open(looker, ANN, 'gp');
      const address = looker.url();
      for (const section of screen === DESK ? ['', 'timeline'] : ['']) {
        await looker.goto(section === '' ? address : `${address}/${section}`);
        await look(
          looker,
          `trouble-${status}-clinician-${section === '' ? 'summary' : section}-${screen.width}`,
        );
      }
      await open(looker, ANN, 'patient');
      await look(looker, `trouble-${status}-patient-${screen.width}`);
      await looker.getByRole('link', { name: 'Allergies', exact: true }).click();
      await look(looker, `trouble-${status}-patient-allergies-${screen.width}`);
    }
  }

  it('killed: a copy keeps its place and its age, and never reads as live', async () => {
    await network.node('RX1').kill();
    await lookAt('copy', 'We could not get this from Exampleton General Hospital. Last copy ');
  }, 120_000);

  it('hung, and no copy that may be opened: it is missing and says so', async () => {
    // all but one of those who hold a share of its key are gone too, so its copy stays closed
    const OTHERS = ['X01', 'LA1', 'PH1', 'MH1', 'UC1'];
    for (const ods of OTHERS) await network.node(ods).kill();
    await network.node('RX1').replace((socket) => socket.on('error', () => undefined));
    await lookAt('unavailable', 'Everything it holds is missing');
    for (const ods of [...OTHERS, 'RX1']) {
      await network.node(ods).restart();
      if (ods !== 'X01') hear(network, ods);
    }
  }, 120_000);

  it('late with its news: what may be missing is named, since when', async () => {
    const page = await newPage(DESK);
    await until('the 111 service is behind', async () => {
      await open(page, BOB, 'gp');
      return (await page.locator('.ow-source--behind').count()) === 1;
    });
    expect(await page.locator('.ow-strip__missing').textContent()).toMatch(/news is late: .*allergies since/);
    expect(await page.locator('.ow-allergies h2').textContent()).toBe('Allergies unavailable');
    await look(page, 'trouble-behind-clinician');
    await open(page, BOB, 'patient');
    await look(page, 'trouble-behind-patient');
  }, 120_000);

  it('refusing: it says by what kind of rule, and gives no way round it', async () => {
    await network.node('RX1').put({
      resourceType: 'Consent',
      id: 'no',
      status: 'active',
      scope: { coding: [{ code: 'patient-privacy' }] },
      category: [{ text: 'Sharing' }],
      patient: { reference: 'Patient/ann' },
      policyRule: { text: 'No' },
      provision: { type: 'deny' },
    });
    const page = await newPage(DESK);
    await until('the hospital refuses', async () => {
      await open(page, ANN, 'gp');
      return (await page.locator('.ow-source--refused').count()) === 1;
    });
    expect(await page.locator('.ow-strip__missing').textContent()).toContain('said no to sharing');
    expect(await page.locator('main').textContent()).not.toContain('Chest pain');
    await look(page, 'trouble-refused-clinician');
    await network.node('RX1').remove('Consent', 'no');
  }, 120_000);
});
