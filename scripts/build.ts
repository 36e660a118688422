/**
 * `npm run build`: definitions → src/fhir/generated, TypeScript → dist, styles and scripts of the pages → dist/web/assets.
 * A step whose inputs have not changed since it last ran is passed over.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
}

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `Openward needs Node 24 or newer; this is ${process.version}. The "node" package among the development\n` +
      'dependencies brings it: run "npm ci" without --ignore-scripts, and start through npm or npx.\n',
  );
  process.exit(1);
}
for (const step of ['scripts/compile-definitions.ts', 'scripts/build-styles.ts']) {
  if (existsSync(step)) run(process.execPath, [step]);
}
run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
