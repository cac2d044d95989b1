/** `npm run mutation` (test/mutation/README.md). What is mutated is named on the command line, by `scripts/mutation.ts`. */
export default {
  testRunner: 'in-process',
  plugins: [new URL('./test/mutation/runner/plugin.ts', import.meta.url).href],
  testRunnerNodeArgs: ['--import', 'tsx'],
  coverageAnalysis: 'perTest',
  mutate: ['lambdas/**/*.ts', 'domain/**/*.ts'],
  ignorePatterns: ['cdk.out', 'dist', '.cache', 'reports', 'demo', 'docs/*.png'],
  disableTypeChecks: false,
  tempDirName: '.cache/stryker',
  concurrency: 1,
  timeoutMS: 10_000,
  reporters: ['json', 'html', 'progress-append-only'],
  jsonReporter: { fileName: 'reports/mutation/mutation.json' },
  htmlReporter: { fileName: 'reports/mutation/mutation.html' },
  incrementalFile: '.cache/mutation/incremental.json',
  thresholds: { high: 95, low: 85, break: 85 },
};
