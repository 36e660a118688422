/** `openward config check`: the effective settings, and whether a node's configuration is right. */
import type { Command } from 'commander';
import { SETTINGS, type SettingName } from '../base/settings.ts';
import { readNodeConfig } from './node-config-file.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';

const MASK = '********';

export function configCommand(program: Command): void {
  const config = program.command('config').description('Look at the configuration.');
  const check = config
    .command('check')
    .description('Print the effective settings, secrets masked; flag > environment > file > default.')
    .option('--config <file>', 'a node’s configuration: checked, and its settings taken into account')
    .option('--json', 'print JSON');
  addSettingOptions(check).action(async (options: Record<string, unknown>) => {
    const node = options.config === undefined ? undefined : await readNodeConfig(String(options.config));
    const settings = settingsFrom(options, node?.settings);
    const shown = Object.fromEntries(
      (Object.keys(SETTINGS) as SettingName[]).map((name) => [
        name,
        'secret' in SETTINGS[name] ? MASK : settings[name],
      ]),
    );
    const masked =
      node === undefined
        ? {}
        : { node: { ...node, ...(node.locatorKey === undefined ? {} : { locatorKey: MASK }) } };
    if (options.json === true) {
      process.stdout.write(`${JSON.stringify({ settings: shown, ...masked })}\n`);
      return;
    }
    for (const [name, value] of Object.entries(shown)) process.stdout.write(`${name} = ${value}\n`);
    if (node !== undefined) process.stdout.write(`${node.ods} ${node.name}: the configuration is right.\n`);
  });
}
