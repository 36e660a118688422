/**
 * The command line: one file a command in cli/, data to stdout, talk to stderr, and exit codes that scripts
 * can rely on (0 ok, 1 failed, 2 usage, 3 partial, 4 not allowed, 5 unreachable).
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { benchCommand } from './cli/bench.ts';
import { configCommand } from './cli/config.ts';
import { demoCommand } from './cli/demo.ts';
import { exitCodeOf, exitWith } from './cli/exit-code.ts';
import { importCommand } from './cli/import.ts';
import { laterCommands } from './cli/later-commands.ts';
import { nodeCommand } from './cli/node.ts';
import { packagesCommand } from './cli/packages.ts';
import { recordCommand } from './cli/record.ts';
import { tokenCommand } from './cli/token.ts';
import { verifyCommand } from './cli/verify.ts';

/** Beside dist/ where it is built, beside src/ where it is not. */
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

const program = new Command('openward')
  .description(
    "One person's whole health record, from every system that holds part of it, with any one system dead.",
  )
  .version(version, '--version', 'print the version and nothing else')
  .option('--no-input', 'never ask anything (nothing here does)')
  .showHelpAfterError('Add --help to see what the command takes.')
  .showSuggestionAfterError()
  .enablePositionalOptions()
  .exitOverride();

for (const add of [
  demoCommand,
  nodeCommand,
  tokenCommand,
  recordCommand,
  verifyCommand,
  importCommand,
  packagesCommand,
  configCommand,
  benchCommand,
  laterCommands,
]) {
  add(program);
}

// who reads the output (`| head`) may have seen enough: that is no failure
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  await program.parseAsync();
} catch (error) {
  exitWith(exitCodeOf(error), error);
}
