/** `npm run check`: types, format and lint, dead code, and the house rules (test/tidy.test.ts). Under 30 seconds. */
import { spawn } from 'node:child_process';

const steps: readonly (readonly string[])[] = [
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'],
  ['node_modules/@biomejs/biome/bin/biome', 'ci', '.'],
  ['node_modules/knip/bin/knip.js'],
  ['node_modules/vitest/vitest.mjs', 'run', 'test/tidy.test.ts', '--reporter=dot'],
];
const codes = await Promise.all(
  steps.map(
    (args) =>
      new Promise<number>((resolve) => {
        const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
        let out = '';
        child.stdout.on('data', (chunk) => (out += chunk));
        child.stderr.on('data', (chunk) => (out += chunk));
        child.on('close', (code) => {
          process.stdout.write(
            `${code === 0 ? 'ok  ' : 'FAIL'} ${args.slice(0, 2).join(' ')}\n${code === 0 ? '' : out}`,
          );
          resolve(code ?? 1);
        });
      }),
  ),
);
process.exit(codes.some((code) => code !== 0) ? 1 : 0);
