/** `openward bench [NAME]`: the benchmarks of a checkout; they are no part of the published package. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { Failure } from '../base/failure.ts';

export function benchCommand(program: Command): void {
  program
    .command('bench')
    .description('Run the benchmarks; each figure is printed beside the limit measured in the same run.')
    .argument('[name...]', 'which: read, create, search, import, mllp …; all where left out')
    .action(async (names: readonly string[]) => {
      const runner = fileURLToPath(new URL('../../bench/run.ts', import.meta.url));
      if (!existsSync(runner)) {
        throw new Failure(
          'not-supported',
          'The benchmarks are in a checkout of the project only: run "npm run bench" there.',
        );
      }
      const child = spawn(process.execPath, [runner, ...names], { stdio: 'inherit' });
      const [code] = (await once(child, 'exit')) as [number | null];
      process.exitCode = code ?? 1;
    });
}
