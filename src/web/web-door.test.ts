import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildStyles } from '../../scripts/build-styles.ts';
import { type NetworkUnderTest, openNetworkUnderTest } from '../../test/network-under-test.ts';
import { openPagesUnderTest, type PagesUnderTest } from '../../test/pages-under-test.ts';

let network: NetworkUnderTest;
let practice: PagesUnderTest;
let exchange: PagesUnderTest;

beforeAll(async () => {
  await buildStyles();
  network = await openNetworkUnderTest([
    { ods: 'X01', kind: 'exchange' },
    { ods: 'GP1', kind: 'gp' },
  ]);
  exchange = await openPagesUnderTest(network.node('X01'));
  practice = await openPagesUnderTest(network.node('GP1'), { demo: {} });
});

afterAll(async () => {
  await practice?.close();
  await exchange?.close();
  await network?.close();
});

describe('the pages of a node', () => {
  it('begin at /', async () => {
    for (const { url } of [practice, exchange]) {
      const answer = await fetch(`${url}/`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    }
  });
});
