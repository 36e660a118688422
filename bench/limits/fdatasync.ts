/** Limit of durable writes: 4 kB overwritten and fdatasynced in a loop for SECONDS. `node fdatasync.ts FOLDER SECONDS`; prints syncs per second. */
import { closeSync, fdatasyncSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const path = join(process.argv[2] ?? '.', 'fdatasync.limit');
const seconds = Number(process.argv[3] ?? 3);
const file = openSync(path, 'w');
const page = Buffer.alloc(4096, 1);
for (let i = 0; i < 256; i++) writeSync(file, page, 0, page.length, i * page.length);
fsyncSync(file);
const start = performance.now();
let count = 0;
while (performance.now() - start < seconds * 1000) {
  writeSync(file, page, 0, page.length, (count % 256) * page.length);
  fdatasyncSync(file);
  count++;
}
process.stdout.write(`${count / ((performance.now() - start) / 1000)}\n`);
closeSync(file);
rmSync(path);
