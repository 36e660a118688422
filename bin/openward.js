#!/usr/bin/env node
// Plain JavaScript that any Node can read, so that one too old gets a sentence and not a syntax error.
import module from 'node:module';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `openward needs Node 24 or newer; this is ${process.version}.\n` +
      'In a checkout, "npm ci" brings it: then use "npm run demo" or "npx openward".\n',
  );
  process.exit(1);
}
// a node of the demo that was killed is to answer again soon: a third of its start is compiling
module.enableCompileCache();
await import('../dist/cli.js');
