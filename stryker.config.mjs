/** What every run of `npm run mutation` has in common; what is mutated, test/mutation/main.ts names. */
export default {
  testRunner: 'in-process',
  plugins: [new URL('./test/mutation/runner/plugin.mjs', import.meta.url).href],
  coverageAnalysis: 'perTest',
  mutate: ['lambdas/**/*.ts', 'domain/**/*.ts'],
  ignorePatterns: ['/cdk.out', '/dist', '/.cache', '/reports', '/docs/*.png'],
  // Types are stripped, not checked: a mutant of another type is a mutant like any other.
  disableTypeChecks: false,
  tempDirName: '.cache/stryker',
  concurrency: 2,
  timeoutMS: 8_000,
  // Every suite once, instrumented.
  dryRunTimeoutMinutes: 60,
  reporters: ['json', 'html', 'progress-append-only'],
  jsonReporter: { fileName: 'reports/mutation/mutation.json' },
  htmlReporter: { fileName: 'reports/mutation/mutation.html' },
  incrementalFile: '.cache/mutation/incremental.json',
  thresholds: { high: 95, low: 85, break: 85 },
};
