/** Ends a run with its ten slowest files: `npm test` has a time to keep, and this is where it goes. */
const shown = 10;

export default class SlowestFiles {
  onRunComplete(_contexts, { testResults }) {
    if (testResults.length <= 1) {
      return;
    }
    const files = testResults
      .map(({ testFilePath, perfStats: { start, end } }) => ({
        file: testFilePath.slice(testFilePath.lastIndexOf('/test/') + 1),
        seconds: (end - start) / 1_000,
      }))
      .sort((a, b) => b.seconds - a.seconds)
      .slice(0, shown);
    const lines = files.map(({ file, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${file}`);
    process.stderr.write(`\nSlowest files:\n${lines.join('\n')}\n`);
  }
}
