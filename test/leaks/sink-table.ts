/**
 * Every place a value could come to rest in (reliability.md, 2e), where it is read, and by which test. A sink into
 * which nothing was written in a run fails that run: nothing was searched there.
 */

export type Sink =
  | { readonly readIn: 'process' | 'deployment'; readonly readFrom: string }
  /** Nothing may ever be written there, which is looked at instead. */
  | { readonly readIn: 'nowhere'; readonly proof: string };

export const sinkTable = {
  errors: {
    readIn: 'process',
    readFrom:
      'what a handler throws: message, stack, util.inspect with depth 10 and hidden members, and every cause behind it',
  },
  answers: { readIn: 'process', readFrom: 'what a handler returns' },
  console: {
    readIn: 'process',
    readFrom: 'standard output and standard error, lines as the deployed logger writes them',
  },
  'service events': { readIn: 'process', readFrom: 'events Secrets Manager publishes of a call' },
  'control table, written': {
    readIn: 'process',
    readFrom: 'every call of the door to the control table, evidence and intents included',
  },
  'requests to Secrets Manager': {
    readIn: 'process',
    readFrom: 'every request but the SecretString of PutSecretValue: tokens, labels, tags',
  },
  'function logs': {
    readIn: 'deployment',
    readFrom: 'CloudWatch Logs: standard output and standard error of every function process',
  },
  'function answers': { readIn: 'deployment', readFrom: 'payloads and errors of invocations' },
  metrics: {
    readIn: 'deployment',
    readFrom: 'log lines in the embedded metric format, with their dimensions',
  },
  'state machines': {
    readIn: 'deployment',
    readFrom: 'input, output, cause and history of every execution of every machine',
  },
  events: { readIn: 'deployment', readFrom: 'bodies of events on every bus of EventBridge' },
  messages: { readIn: 'deployment', readFrom: 'SNS: subjects, bodies, and what arrived by mail' },
  queues: { readIn: 'deployment', readFrom: 'SQS: names, and the messages in every queue' },
  objects: {
    readIn: 'deployment',
    readFrom: 'S3: every object of every bucket but the escrow, which holds the values encrypted',
  },
  'control table': { readIn: 'deployment', readFrom: 'DynamoDB: every item of every table' },
  parameters: {
    readIn: 'deployment',
    readFrom: 'SSM: every parameter, decrypted; there is no sync target in this deployment',
  },
  'secret descriptions': {
    readIn: 'deployment',
    readFrom: 'DescribeSecret and GetResourcePolicy of every secret: tags, labels, texts',
  },
  'request log': { readIn: 'deployment', readFrom: 'every request the sandbox was sent' },
  CloudTrail: { readIn: 'deployment', readFrom: 'records of the trail' },
  'stack outputs': { readIn: 'deployment', readFrom: 'outputs, and attributes of every resource' },
  'function environments': {
    readIn: 'deployment',
    readFrom: '/proc/<pid>/environ of every function process',
  },
  'process arguments': {
    readIn: 'deployment',
    readFrom: '/proc/<pid>/cmdline of every process of this machine, again and again (ps)',
  },
  'PostgreSQL log': { readIn: 'deployment', readFrom: 'server log with log_statement = all' },
  pg_stat_statements: { readIn: 'deployment', readFrom: 'the view, with track_utility on' },
  pg_stat_activity: {
    readIn: 'deployment',
    readFrom: 'query, application_name and state of every session, again and again',
  },
  'cdk.out': { readIn: 'deployment', readFrom: 'template, manifest and assets as synthesized' },
  dist: { readIn: 'deployment', readFrom: 'the bundles the assets were made from' },
  commands: {
    readIn: 'deployment',
    readFrom: 'output of every command about the deployment, in words and with --json',
  },
  reports: { readIn: 'deployment', readFrom: 'quarterturn report as Markdown, HTML, JSON and CSV' },
  'test artefacts': {
    readIn: 'deployment',
    readFrom: 'reports/ and docs/figures/ of the checkout, and what Jest cached since the start',
  },
  '/tmp of functions': {
    readIn: 'nowhere',
    proof: 'the folder each function process has as TMPDIR and HOME is empty when it ends',
  },
  'X-Ray': {
    readIn: 'nowhere',
    proof:
      'what Lambda and Step Functions trace by themselves are names, times and the error a machine’s history has, too; no bundle adds an annotation, metadata or a segment',
  },
  'core dumps, heap snapshots, diagnostic reports': {
    readIn: 'nowhere',
    proof: 'no flag of Node.js in a function’s arguments or environment, no call in its bundle',
  },
  'SDK logger': {
    readIn: 'nowhere',
    proof:
      'no client of a bundle is given a logger; one that is given one tells no value (seeded-leaks)',
  },
} as const satisfies Readonly<Record<string, Sink>>;

type ReadIn<Place> = {
  [Name in keyof typeof sinkTable]: (typeof sinkTable)[Name] extends { readIn: Place }
    ? Name
    : never;
}[keyof typeof sinkTable];

export type InProcessSink = ReadIn<'process'>;
export type DeployedSink = ReadIn<'deployment'>;

/** The sinks that are to be read there, in the order of the table. */
export function sinksRead<Place extends 'process' | 'deployment'>(place: Place): ReadIn<Place>[] {
  return Object.entries(sinkTable).flatMap(([name, { readIn }]) =>
    readIn === place ? [name as ReadIn<Place>] : [],
  );
}
