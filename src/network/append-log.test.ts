import { appendFile, mkdir, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AppendLog } from './append-log.ts';

let path: string;
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'openward-log-')), 'log.ndjson');
});

describe('an append log', () => {
  it('has after a restart what was put and not deleted', async () => {
    const log = await AppendLog.open<number>(path);
    await Promise.all([log.put('a', 1), log.put('b', 2), log.put('a', 3)]);
    await log.delete('b');
    await log.close();
    const again = await AppendLog.open<number>(path);
    expect([...again.entries]).toEqual([['a', 3]]);
    await again.close();
  });

  it('loses nothing that was acknowledged, wherever a crash tears its last line', async () => {
    const log = await AppendLog.open<string>(path);
    for (const key of ['a', 'b', 'c']) await log.put(key, `value of ${key}`);
    await log.close();
    const whole = await readFile(path);
    const kept = whole.indexOf('["c"');
    for (let end = kept; end < whole.length; end++) {
      await writeFile(path, whole);
      await truncate(path, end);
      const torn = await AppendLog.open<string>(path);
      expect(torn.entries.get('b'), String(end)).toBe('value of b');
      await torn.put('d', 'after the crash');
      await torn.close();
      const again = await AppendLog.open<string>(path);
      expect(again.entries.get('d'), String(end)).toBe('after the crash');
      expect(again.entries.get('b'), String(end)).toBe('value of b');
      await again.close();
    }
  });

  it('says that it is behind until what could not be written is written', async () => {
    const log = await AppendLog.open<number>(path);
    await log.put('a', 1);
    const aside = `${path}.new`;
    const full = new Error('no room');
    const file = await open(path, 'a');
    const proto = Object.getPrototypeOf(file) as typeof file;
    await file.close();
    const spy = vi.spyOn(proto, 'datasync').mockRejectedValueOnce(full);
    await expect(log.put('b', 2)).rejects.toThrow(full);
    spy.mockRestore();
    await mkdir(aside); // the file cannot be written afresh either
    await expect(log.settled()).rejects.toThrow();
    await rm(aside, { recursive: true });
    await log.settled();
    const again = await AppendLog.open<number>(path);
    expect([...again.entries]).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    await again.close();
    await log.close();
  });

  it('skips a line that is not one of its own', async () => {
    const log = await AppendLog.open<number>(path);
    await log.put('a', 1);
    await log.close();
    await appendFile(path, 'nonsense\n["b",2]\n');
    const again = await AppendLog.open<number>(path);
    expect([...again.entries]).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    await again.close();
  });

  it('is written afresh when most of it is out of date, and stays whole', async () => {
    const log = await AppendLog.open<number>(path);
    for (let i = 0; i < 40; i++) await Promise.all(Array.from({ length: 50 }, (_, k) => log.put(`k${k}`, i)));
    await log.close();
    expect((await readFile(path, 'utf8')).split('\n').length).toBeLessThan(1100);
    const again = await AppendLog.open<number>(path);
    expect(again.entries.size).toBe(50);
    expect(new Set(again.entries.values())).toEqual(new Set([39]));
    await again.close();
  });
});
