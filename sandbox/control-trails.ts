/**
 * The controls of what the account keeps about itself:
 *
 *   GET    trail-events                   every record of CloudTrail, oldest first
 *   POST   trail-events    { records }    as if they had happened elsewhere → the records as they are kept
 *   POST   trails          { bucket, prefix?, organization?, … } → { arn }
 *   POST   trail-delivery                 writes the log files of what is visible by now → { keys }
 *   POST   trail-behaviour { delaySeconds?, lookupsLimitedBy? }
 *   POST   athena-behaviour { queriesTakeSeconds }
 */
import * as z from 'zod';
import type { PlantedRecord } from './cloudtrail/service.ts';
import { parse } from './control-input.ts';
import { readJson } from './protocols.ts';
import type { Sandbox } from './sandbox.ts';
import type { RestRequest } from './service.ts';

export type TrailSandbox = Pick<Sandbox, 'athena' | 'cloudtrail'>;

const trail = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{2,127}$/)
    .optional(),
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
  prefix: z.string().min(1).max(200).optional(),
  organization: z
    .string()
    .regex(/^o-[a-z0-9]{10,32}$/)
    .optional(),
  kmsKeyArn: z.string().startsWith('arn:').optional(),
  readWriteType: z.enum(['All', 'ReadOnly', 'WriteOnly']).optional(),
  excludeManagementEventSources: z
    .array(z.enum(['kms.amazonaws.com', 'rdsdata.amazonaws.com']))
    .optional(),
  logging: z.boolean().optional(),
  delivers: z.enum(['onDemand', 'byItself']).optional(),
});

const members = z.record(z.string(), z.unknown());
const region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/);
const account = z.string().regex(/^\d{12}$/);

const record = z.strictObject({
  eventName: z.string().min(1),
  eventSource: z.string().endsWith('.amazonaws.com'),
  userIdentity: z.looseObject({ type: z.string().min(1) }),
  eventTime: z.iso.datetime().optional(),
  eventVersion: z.string().optional(),
  awsRegion: region.optional(),
  sourceIPAddress: z.string().optional(),
  userAgent: z.string().optional(),
  errorCode: z.string().optional(),
  errorMessage: z.string().optional(),
  requestParameters: members.nullable().optional(),
  responseElements: members.nullable().optional(),
  requestID: z.string().optional(),
  eventID: z.uuid().optional(),
  readOnly: z.boolean().optional(),
  resources: z
    .array(
      z.strictObject({
        ARN: z.string(),
        accountId: account.optional(),
        type: z.string().optional(),
      }),
    )
    .optional(),
  eventType: z.string().optional(),
  managementEvent: z.boolean().optional(),
  recipientAccountId: account.optional(),
  eventCategory: z.string().optional(),
});

const behaviour = z.strictObject({
  delaySeconds: z.number().nonnegative().optional(),
  lookupsLimitedBy: z.enum(['machine', 'off']).optional(),
});

/** @returns nothing for a path that is no control of these. @throws TypeError for a member that is wrong */
export async function controlTrails(
  { method, body }: RestRequest,
  path: string,
  { athena, cloudtrail }: TrailSandbox,
): Promise<{ status: number; body: unknown } | undefined> {
  const input = () => readJson(body);
  switch (`${method} ${path}`) {
    case 'GET trail-events':
      return { status: 200, body: cloudtrail.records() };
    case 'POST trail-events': {
      const { records } = parse(z.strictObject({ records: z.array(record).min(1) }), input());
      return { status: 201, body: cloudtrail.recordEvents(records as PlantedRecord[]) };
    }
    case 'POST trails':
      return { status: 201, body: cloudtrail.putTrail(parse(trail, input())) };
    case 'POST trail-delivery':
      return { status: 200, body: { keys: await cloudtrail.deliver() } };
    case 'POST trail-behaviour': {
      const { delaySeconds, lookupsLimitedBy } = parse(behaviour, input());
      if (delaySeconds !== undefined) cloudtrail.delay(delaySeconds);
      if (lookupsLimitedBy !== undefined) cloudtrail.throttle(lookupsLimitedBy);
      return { status: 200, body: {} };
    }
    case 'POST athena-behaviour': {
      const seconds = z.strictObject({ queriesTakeSeconds: z.number().nonnegative() });
      athena.queriesTake(parse(seconds, input()).queriesTakeSeconds);
      return { status: 200, body: {} };
    }
    default:
      return undefined;
  }
}
