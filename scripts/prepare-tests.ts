/**
 * `npm test` begins here: whatever the tests need and this machine lacks is installed. Chromium comes
 * from the distribution's packages (a download of its own would be one more thing to trust).
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

if (!BROWSERS.some((path) => existsSync(path))) {
  const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (!mayInstall) {
    process.stderr.write(
      'The page tests need Chromium: install it ("sudo apt-get install chromium") and run again.\n',
    );
    process.exit(1);
  }
  process.stderr.write('Installing chromium for the page tests …\n');
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', 'chromium', 'fonts-dejavu-core'],
  ]) {
    const { status, stderr } = spawnSync('apt-get', args, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) {
      process.stderr.write(`apt-get ${args[0]} failed:\n${stderr.slice(-2000)}\n`);
      process.exit(1);
    }
  }
}
