#!/usr/bin/env node
/** The command line of the package: `npx express-omnimessage`. */
import { run } from './run.ts';

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  log: (text) => process.stderr.write(text),
  cwd: process.cwd(),
});
