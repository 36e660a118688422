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
import { ANN, BOB, CAT, fillPageNetwork, PAGE_NETWORK } from '../../test/page-people.ts';
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

describe.each(SCREENS)('on %s', (screenName, screen) => {
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
  it('copies, refusals and silence keep their places', async () => {
    await network.node('RX1').kill();
    const page = await newPage(DESK);
    const narrow = await newPage(NARROW);
    await until('the hospital is a copy', async () => {
      await open(page, ANN, 'gp');
      return (await page.locator('.ow-source--copy').count()) === 1;
    });
    await look(page, 'trouble-clinician-copy-desk');
    await open(narrow, ANN, 'gp');
    await look(narrow, 'trouble-clinician-copy-narrow');
    await open(page, ANN, 'patient');
    await look(page, 'trouble-patient-copy-desk');
    await page.getByRole('link', { name: 'Allergies', exact: true }).click();
    await look(page, 'trouble-patient-allergies-desk');
    await network.node('RX1').restart();
  });
});
