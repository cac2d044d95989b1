/** The `quarterturn` command. */
import { main } from '../cli/main.ts';
import { keepRunning, playDemo } from '../demo/main.ts';
import config from '../rotation.config.ts';

process.exitCode = await main(process.argv.slice(2), {
  demo: (chapter) => playDemo(config, chapter),
  sandbox: (options) => keepRunning(config, options),
});
