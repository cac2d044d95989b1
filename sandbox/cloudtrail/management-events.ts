/**
 * Which calls are management events, under which source CloudTrail files them, and whether they only read.
 * Work on data (items, objects, messages, invocations, metrics) is data events, which a trail of management
 * events does not hold.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
 */

/** Signing name → event source, where it is not `<signing name>.amazonaws.com`. */
const SOURCES: Readonly<Record<string, string>> = {
  'application-autoscaling': 'autoscaling.amazonaws.com',
};

const DATA: Readonly<Record<string, RegExp>> = {
  dynamodb:
    /^(Batch(Get|Write)Item|BatchExecuteStatement|Execute(Statement|Transaction)|(Get|Put|Update|Delete)Item|Query|Scan|Transact(Get|Write)Items)$/,
  // EventBridge does not file PutEvents (eventbridge/latest/userguide/eb-api-logging-cloudtrail.html).
  events: /^PutEvents$/,
  lambda: /^Invoke(Async|WithResponseStream)?$/,
  logs: /^(PutLogEvents|GetLogEvents|FilterLogEvents|StartLiveTail)$/,
  monitoring: /^(PutMetricData|GetMetricData|GetMetricStatistics|ListMetrics)$/,
  s3: /Object/,
  sns: /^Publish(Batch)?$/,
  sqs: /^(SendMessage|ReceiveMessage|DeleteMessage|ChangeMessageVisibility)(Batch)?$/,
};

/** Reads that do not begin as reads do. */
const ALSO_READS = /^(Decrypt|Encrypt|Re[Ee]ncrypt.*|Generate.*|Validate.*|Simulate.*)$/;

/** A request nobody signed, and the API of a cluster: none of AWS's. */
const WITHOUT = new Set(['-', 'kubernetes']);

export function isManagementEvent(service: string, operation: string): boolean {
  // What the sandbox does not know has no name: `GET /path`.
  return (
    !WITHOUT.has(service) &&
    /^[A-Z][A-Za-z0-9]+$/.test(operation) &&
    DATA[service]?.test(operation) !== true
  );
}

export const eventSourceOf = (service: string): string =>
  SOURCES[service] ?? `${service}.amazonaws.com`;

export const isReadOnly = (operation: string): boolean =>
  /^(Get|List|Describe|Lookup|BatchGet|Check|Search|Query|Select)/.test(operation) ||
  ALSO_READS.test(operation);
