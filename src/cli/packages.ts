/**
 * `openward packages`: FHIR packages of a node, which the operator fetches and whose licences are the operator's to
 * accept. Adding and removing changes the node's folder; a node that runs takes it up when it is started again.
 */
import type { Command } from 'commander';
import { systemClock } from '../base/clock.ts';
import { timeOrderedIds } from '../base/ids.ts';
import { openLog } from '../base/log.ts';
import { packageDefinitions } from '../fhir/package-definitions.ts';
import { addGivenPackage, type GivenPackage } from '../packages/add-package.ts';
import { openPackages } from '../packages/open-packages.ts';
import { countsOf, folderOf, type PackageIndex } from '../packages/package-index.ts';
import { listPackages, packagesFolder, removePackage } from '../packages/package-shelf.ts';
import { addNodeChoice, chosenNode, type NodeChoice } from './node-config-file.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';
import { tableOf } from './text-table.ts';

interface Flags extends NodeChoice, Readonly<Record<string, unknown>> {
  readonly name?: string;
  readonly packageVersion?: string;
  readonly examples?: boolean;
  readonly json?: boolean;
}

const AGAIN = 'A node that runs takes this up when it is started again.';

export function packagesCommand(program: Command): void {
  const packages = program
    .command('packages')
    .description('FHIR packages of a node: profiles, value sets, code systems.');
  const add = packages
    .command('add')
    .description('Load a package. Nothing of it is loaded where anything in it is wrong.')
    .argument('<package>', 'an npm-style .tgz, a folder, or the address of a .tgz')
    .option('--name <name>', 'what to call it, where it has no package.json')
    .option('--package-version <version>', 'its version, where it has no package.json')
    .option('--examples', 'keep its example instances, too')
    .option('--json', 'print one line of JSON');
  addNodeChoice(addSettingOptions(add)).action(runAdd);
  const list = packages.command('list').description('Say what is loaded.').option('--json', 'print JSON');
  addNodeChoice(list).action(runList);
  const remove = packages
    .command('remove')
    .description('Remove a package that was loaded.')
    .argument('<package>', 'its name, with #version where several are loaded');
  addNodeChoice(remove).action(runRemove);
}

async function runAdd(from: string, flags: Flags): Promise<void> {
  const config = await chosenNode(flags);
  const limits = settingsFrom(flags, config.settings);
  const clock = systemClock;
  const parts = { folder: packagesFolder(config), limits, clock, ids: timeOrderedIds(clock) };
  const { index, wasThere } = await addGivenPackage(parts, given(from, flags));
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify({ ...summary(index), wasThere })}\n`);
    return;
  }
  process.stdout.write(
    `${folderOf(index)}: ${counted(index)}${wasThere ? ' were loaded already' : ' loaded'}.\n`,
  );
  const { examples, examplesKept, leftAside } = index;
  if (examples > 0) {
    process.stderr.write(
      `${examples} examples ${examplesKept ? 'kept' : 'not kept (--examples keeps them)'}.\n`,
    );
  }
  if (leftAside > 0) process.stderr.write(`${leftAside} files left aside, being no definitions.\n`);
  if (index.definitions.some(({ type }) => type === 'SearchParameter')) {
    process.stderr.write(
      'Its search parameters are kept and not applied: searches are those of R4 itself.\n',
    );
  }
  for (const line of await shortcomings(index, packagesFolder(config))) process.stderr.write(`${line}\n`);
  process.stderr.write(
    `Its licence (${index.licence ?? 'it names none'}) is for you to accept. ${wasThere ? '' : AGAIN}\n`,
  );
}

/** What keeps the package, or some of it, from being of use as things are. */
async function shortcomings(index: PackageIndex, shelf: string): Promise<readonly string[]> {
  const loaded = await openPackages(shelf, openLog('warn'));
  const there = new Set(['hl7.fhir.r4.core', ...loaded.packages.map(({ name }) => name)]);
  const missing = Object.entries(index.needs).filter(([name]) => !there.has(name));
  const source = await packageDefinitions(loaded)();
  const problems = index.definitions.flatMap(({ type, url, version }) => {
    if (type !== 'StructureDefinition') return [];
    const problem = source.problemOf(version === undefined ? url : `${url}|${version}`);
    return problem === undefined ? [] : [problem];
  });
  const more = problems.length - PROBLEMS_TOLD;
  return [
    ...missing.map(([name, version]) => `It says that it needs ${name}#${version}, which is not loaded.`),
    ...problems.slice(0, PROBLEMS_TOLD),
    ...(more > 0 ? [`… and ${more} more of its profiles cannot be used.`] : []),
  ];
}

const PROBLEMS_TOLD = 10;

function given(from: string, { name, packageVersion: version, examples }: Flags): GivenPackage {
  const named = { ...(name === undefined ? {} : { name }), ...(version === undefined ? {} : { version }) };
  return { from, named, keepExamples: examples === true };
}

async function runList(flags: Flags): Promise<void> {
  const config = await chosenNode(flags);
  const loaded = await listPackages(packagesFolder(config));
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify(loaded.map(summary))}\n`);
    return;
  }
  if (loaded.length === 0) {
    process.stderr.write('No package is loaded.\n');
    return;
  }
  const rows = loaded.map((index) => [
    folderOf(index),
    counted(index),
    index.added,
    index.hash.slice(0, 12),
    index.from,
  ]);
  process.stdout.write(`${tableOf(['package', 'definitions', 'added', 'SHA-256', 'from'], rows)}\n`);
}

async function runRemove(named: string, flags: Flags): Promise<void> {
  const config = await chosenNode(flags);
  const removed = await removePackage(packagesFolder(config), named);
  process.stdout.write(`${removed} removed.\n`);
  process.stderr.write(`${AGAIN}\n`);
}

function counted(index: PackageIndex): string {
  return countsOf(index)
    .map(([type, count]) => `${count} ${type}`)
    .join(', ');
}

function summary(index: PackageIndex): object {
  const { definitions: _, ...said } = index;
  return { ...said, definitions: Object.fromEntries(countsOf(index)) };
}
