/** Every setting as a flag, from the one table: its name, its unit, its default and its sentence. */
import { type Command, Option } from 'commander';
import { effectiveSettings, flagName, SETTINGS, type Settings } from '../base/settings.ts';

/** Adds a flag for each setting, under a heading of its own in --help. */
export function addSettingOptions(command: Command): Command {
  for (const [name, spec] of Object.entries(SETTINGS)) {
    const option = new Option(`${flagName(name)} <${spec.unit}>`, `${spec.text} (default ${spec.default})`);
    command.addOption(option.helpGroup('Settings:'));
  }
  return command;
}

/** The effective settings: flags before the environment before the file. Throws Failure `value`. */
export function settingsFrom(
  options: Readonly<Record<string, unknown>>,
  file: Readonly<Record<string, unknown>> = {},
): Settings {
  const flags = Object.fromEntries(
    Object.keys(SETTINGS)
      .filter((name) => options[name] !== undefined)
      .map((name) => [name, options[name]]),
  );
  return effectiveSettings([flags, file]);
}
