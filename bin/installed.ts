#!/usr/bin/env node
/** The `quarterturn` command of the installed package: without the demo, and its sandbox takes any assembly. */
import { main } from '../cli/main.ts';

const exitCode = await main(process.argv.slice(2), {});

if (exitCode > 128) {
  // Everything that was open is closed; the interrupted work itself may still wait for something.
  process.exit(exitCode);
}
process.exitCode = exitCode;
