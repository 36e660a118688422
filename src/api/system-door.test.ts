/** Alive, ready, metrics, SMART configuration and OpenAPI: open to all, silent about persons. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest } from '../../test/fhir-door-under-test.ts';
import { routes } from './routes.ts';

let door: DoorUnderTest;
beforeAll(async () => {
  door = await openDoorUnderTest();
});
afterAll(() => door.close());

describe('the system door', () => {
  it('says that the node lives and serves, without a token', async () => {
    for (const path of ['/livez', '/readyz']) {
      const answer = await door.send('GET', path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('x-request-id')).toBeTruthy();
    }
  });

  it('counts what the FHIR door answered, and names no person', async () => {
    await door.send('GET', '/fhir/Patient/very-private-id', { as: 'system' });
    await door.send('GET', '/fhir/Patient/very-private-id');
    const metrics = await door.send('GET', '/metrics');
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    expect(metrics.text).toContain('openward_requests_total{interaction="read",status="404"} 1');
    expect(metrics.text).toContain('openward_requests_total{interaction="none",status="401"} 1');
    expect(metrics.text).toMatch(/openward_request_duration_seconds_count\{interaction="read"\} 1/);
    expect(metrics.text).not.toContain('very-private-id');
  });

  it('describes in OpenAPI every row of the route table, and no other', async () => {
    const description = (await door.send('GET', '/openapi.json')).json();
    const described = Object.entries(description.paths as Record<string, object>).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const rows = routes.interactions.flatMap((one) => one.routes).length;
    const operations = routes.operations.reduce(
      (sum, one) => sum + one.methods.length * one.levels.length,
      0,
    );
    expect(described).toHaveLength(rows + operations);
    expect(described).toContain('GET /fhir/{type}/{id}');
    expect(described).toContain('POST /fhir/Patient/$shared-record');
    expect(description.paths['/fhir/metadata'].get.security).toEqual([{}]);
  });

  it('tells SMART clients who issues tokens, and promises no launch that is not built', async () => {
    const smart = (await door.send('GET', '/.well-known/smart-configuration')).json();
    expect(smart).toMatchObject({ issuer: 'https://openward.org/node/TST01', capabilities: [] });
    expect(smart.authorization_endpoint).toBeUndefined();
  });
});
