/** The `quarterturn` command. */
import { main } from '../cli/main.ts';
import { keepRunning, playDemo } from '../demo/main.ts';
import config from '../rotation.config.ts';

const exitCode = await main(process.argv.slice(2), {
  demo: (chapter) => playDemo(config, chapter),
  sandbox: (options) => keepRunning(config, options),
});

if (exitCode > 128) {
  // Everything that was open is closed; the interrupted work itself may still wait for something.
  process.exit(exitCode);
}
process.exitCode = exitCode;
