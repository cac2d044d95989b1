/** The `quarterturn` command. On-call has no configuration: it is read for what needs it, and only then. */
import { main } from '../cli/main.ts';

const exitCode = await main(process.argv.slice(2), {
  async demo(chapter) {
    const [{ playDemo }, { default: config }] = await withConfiguration();
    return playDemo(config, chapter);
  },
  async sandbox(options) {
    const [{ keepRunning }, { default: config }] = await withConfiguration();
    return keepRunning(config, options);
  },
});

if (exitCode > 128) {
  // Everything that was open is closed; the interrupted work itself may still wait for something.
  process.exit(exitCode);
}
process.exitCode = exitCode;

function withConfiguration() {
  return Promise.all([import('../demo/main.ts'), import('../rotation.config.ts')]);
}
