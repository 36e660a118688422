/**
 * `openward import`: FHIR Bundles, NDJSON and HL7 v2 files into a node, running or stopped; started again it
 * goes on.
 */
import type { Command } from 'commander';
import { openForImport } from '../app.ts';
import { systemClock } from '../base/clock.ts';
import { openLog } from '../base/log.ts';
import type { NodeConfig } from '../base/node-config.ts';
import type { Settings } from '../base/settings.ts';
import { ImportClient } from '../ingest/import-client.ts';
import { type ImportSummary, importFiles } from '../ingest/import-files.ts';
import type { ImportTarget } from '../ingest/import-unit.ts';
import { EXIT, exitCodeOf, exitWith } from './exit-code.ts';
import { chosenNode, DEMO_DATA } from './node-config-file.ts';
import { Progress } from './progress.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';
import { demoToken } from './token.ts';

interface ImportFlags extends Readonly<Record<string, unknown>> {
  readonly node?: string;
  readonly config?: string;
  readonly data: string;
  readonly rejects?: string;
  readonly json?: boolean;
}

export function importCommand(program: Command): void {
  const command = program
    .command('import')
    .description('Bring FHIR Bundles, NDJSON and HL7 v2 files into a node, as its source system would.')
    .argument('<path...>', 'files and folders; gzip is unpacked')
    .option('--node <ods>', 'an organisation of the demo, by its ODS code; its node is running')
    .option('--config <file>', 'the configuration of a node that is stopped')
    .option('--data <dir>', 'the demo’s folder', DEMO_DATA)
    .option(
      '--rejects <file>',
      'where rejected input is written down; import-rejects-ODS.ndjson where left out',
    )
    .option('--json', 'print one line of JSON at the end');
  addSettingOptions(command).action(runImport);
}

async function runImport(paths: readonly string[], flags: ImportFlags): Promise<void> {
  const config = await chosenNode(flags);
  const settings = settingsFrom(flags, config.settings);
  const progress = new Progress('resources');
  const stop = new AbortController();
  const giveUp = new AbortController();
  const { target, close } = await targetOf(config, settings, flags, giveUp.signal);
  const onSignal = (): void => {
    if (stop.signal.aborted) {
      giveUp.abort();
      return;
    }
    const seconds = settings.importStopSeconds;
    progress.say(
      flags.config === undefined
        ? `Stopping: waiting at most ${seconds} s for what is under way; a second signal stops at once.`
        : 'Stopping after what is under way …',
    );
    stop.abort();
    setTimeout(() => giveUp.abort(), seconds * 1000).unref();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  let summary: ImportSummary;
  try {
    summary = await importFiles({
      paths,
      target,
      rejects: flags.rejects ?? `import-rejects-${config.ods}.ndjson`,
      settings,
      clock: systemClock,
      signal: stop.signal,
      progress: (resources, share) => progress.showShare(resources, share),
    });
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    await close();
  }
  report(summary, flags.json === true, progress);
}

/** Over HTTP to a node of the demo; straight into the store of one that is stopped. */
async function targetOf(
  config: NodeConfig,
  settings: Settings,
  flags: ImportFlags,
  giveUp: AbortSignal,
): Promise<{ target: ImportTarget; close(): Promise<void> }> {
  if (flags.config !== undefined) return openForImport(config, settings, openLog('error'));
  const target = new ImportClient({
    url: `http://${config.host}:${config.port}`,
    clock: systemClock,
    settings,
    giveUp,
    token: () => demoToken(config, 'system'),
  });
  return { target, close: async () => undefined };
}

function report(summary: ImportSummary, json: boolean, progress: Progress): void {
  const { stopped, ...figures } = summary;
  const seconds = Math.max(summary.seconds, 0.001);
  progress.say(
    `${counted(summary.resources, 'resource')} in ${counted(summary.commits, 'commit')}` +
      ` from ${counted(summary.files, 'file')}` +
      ` in ${seconds.toFixed(1)} s (${Math.round(summary.resources / seconds)} a second)` +
      also(summary.unchanged, 'there already', 'there already') +
      also(summary.before, 'part taken before', 'parts taken before') +
      also(summary.leftAside, 'file left aside, being no input', 'files left aside, being no input') +
      '.',
  );
  if (summary.rejects !== undefined) {
    progress.say(`${summary.rejected} rejected: see ${summary.rejects}.`);
  }
  if (json) {
    const said = { ...figures, ...(stopped === undefined ? {} : { stopped: stopped.message }) };
    process.stdout.write(`${JSON.stringify(said)}\n`);
  }
  if (stopped !== undefined) exitWith(exitCodeOf(stopped), stopped);
  else if (summary.rejected > 0) process.exitCode = isNothing(summary) ? EXIT.failed : EXIT.partial;
}

function counted(n: number, one: string): string {
  return `${n} ${one}${n === 1 ? '' : 's'}`;
}

function also(n: number, one: string, several: string): string {
  return n === 0 ? '' : `; ${n} ${n === 1 ? one : several}`;
}

/** Nothing at all was taken, now or before. */
function isNothing({ resources, unchanged, before }: ImportSummary): boolean {
  return resources + unchanged + before === 0;
}
