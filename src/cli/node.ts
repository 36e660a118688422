/**
 * `openward node --config FILE`: one organisation's node, for real use and, as a child of the supervisor, in
 * the demo.
 */
import type { Command } from 'commander';
import { openNode } from '../app.ts';
import { type LogLevel, openLog } from '../base/log.ts';
import { tuneCollector } from './collector.ts';
import { readNodeConfig } from './node-config-file.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';

export function nodeCommand(program: Command): void {
  const command = program
    .command('node')
    .description("Run one organisation's node. Stops on Ctrl-C or SIGTERM; kill -9 loses nothing.")
    .requiredOption('--config <file>', 'the node’s configuration (docs/guides/one-node.md)');
  addSettingOptions(command).action(async (options: Record<string, unknown>) => {
    tuneCollector();
    const config = await readNodeConfig(String(options.config));
    const settings = settingsFrom(options, config.settings);
    const log = openLog(settings.logLevel as LogLevel, { ods: config.ods });
    const node = await openNode(config, settings, log);
    let isClosing = false;
    const close = (): void => {
      if (isClosing) return;
      isClosing = true;
      node.close().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ error: String(error) }, 'the node did not close in good order');
          process.exit(1);
        },
      );
    };
    process.once('SIGTERM', close);
    process.once('SIGINT', close);
    if (process.send !== undefined) {
      process.once('disconnect', close); // the supervisor is gone
      process.send({ ready: true });
    }
  });
}
