/** The option that a node sets is one that this Node knows: an unknown one would only be a line on stderr. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { COUNT_BUFFERS_AS_HEAP } from './collector.ts';

/** Fifty megabytes of buffers at a time, two gigabytes in all. */
const BUFFERS =
  'for (let i = 0, kept = []; i < 2000; i++) { kept.push(Buffer.alloc(1e6)); if (kept.length > 50) kept.shift(); }';

function collections(...options: string[]): number {
  const { stdout, stderr, status } = spawnSync(process.execPath, [...options, '--trace-gc', '-e', BUFFERS], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.split('Mark-Compact').length - 1;
}

it('has V8 collect everything far less often where records pass through in buffers', () => {
  expect(collections(COUNT_BUFFERS_AS_HEAP) * 4).toBeLessThan(collections());
});
