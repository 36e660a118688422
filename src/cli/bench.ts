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
    .option('--peer <url>', 'another FHIR R4 server, for "peer": the same work against both')
    .option('--peer-token <token>', 'bearer token for that server')
    .action(async (names: readonly string[], { peer, peerToken }: PeerOptions) => {
      const runner = fileURLToPath(new URL('../../bench/run.ts', import.meta.url));
      if (!existsSync(runner)) {
        throw new Failure(
          'not-supported',
          'The benchmarks are in a checkout of the project only: run "npm run bench" there.',
        );
      }
      const peerArgs = [
        ...(peer === undefined ? [] : ['--peer', peer]),
        ...(peerToken === undefined ? [] : ['--peer-token', peerToken]),
      ];
      const child = spawn(process.execPath, [runner, ...wanted(names, peer), ...peerArgs], {
        stdio: 'inherit',
      });
      const [code] = (await once(child, 'exit')) as [number | null];
      process.exitCode = code ?? 1;
    });
}

interface PeerOptions {
  readonly peer?: string;
  readonly peerToken?: string;
}

/** `--peer` alone asks for that benchmark and no other. */
function wanted(names: readonly string[], peer: string | undefined): readonly string[] {
  return names.length === 0 && peer !== undefined ? ['peer'] : names;
}
