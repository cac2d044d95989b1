/**
 * A trail: what of the journal it keeps, and the log files it writes of that.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
 */
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { CloudTrailRecord } from './record.ts';

export interface TrailSettings {
  /** @default 'management-events' */
  name?: string | undefined;
  /** Of the sandbox's S3; made when it is not there. */
  bucket: string;
  /** What stands before `AWSLogs/`. */
  prefix?: string | undefined;
  /** Of an organisation's trail: `AWSLogs/<organisation>/<account>/`. */
  organization?: string | undefined;
  /** Its files are encrypted with this key. @default S3's own */
  kmsKeyArn?: string | undefined;
  /** @default 'All' */
  readWriteType?: 'All' | 'ReadOnly' | 'WriteOnly' | undefined;
  /** e.g. `kms.amazonaws.com`: not kept. */
  excludeManagementEventSources?: readonly string[] | undefined;
  /** @default true */
  logging?: boolean | undefined;
  /** `byItself`: a second after the delay, by the sandbox's clock. @default 'onDemand' */
  delivers?: 'onDemand' | 'byItself' | undefined;
}

export interface LogFile {
  key: string;
  body: Buffer;
}

export class Trail {
  readonly settings: TrailSettings & { name: string };
  readonly arn: string;
  latestDelivery: Date | undefined;
  /** By event id: records can become visible in another order than they were written in. */
  readonly #delivered = new Set<string>();

  constructor(settings: TrailSettings, place: { account: string; region: string }) {
    this.settings = { ...settings, name: settings.name ?? 'management-events' };
    this.arn = `arn:aws:cloudtrail:${place.region}:${place.account}:trail/${this.settings.name}`;
  }

  get isLogging(): boolean {
    return this.settings.logging ?? true;
  }

  /** What became visible since the last time: one file a day, region and account. */
  files(
    records: readonly CloudTrailRecord[],
    visibleAt: (record: CloudTrailRecord) => number,
    now: Date,
  ): LogFile[] {
    const due = records.filter(
      (record) =>
        !this.#delivered.has(record.eventID) &&
        visibleAt(record) <= now.getTime() &&
        this.#keeps(record),
    );
    const files = new Map<string, CloudTrailRecord[]>();
    for (const record of due) {
      this.#delivered.add(record.eventID);
      // A file stands under the day of its delivery, and may hold records of the day before.
      const delivered = new Date(visibleAt(record)).toISOString();
      const day = delivered.slice(0, 10).replaceAll('-', '/');
      const { awsRegion: region, recipientAccountId: account } = record;
      const folder = `${this.#root()}${account}/CloudTrail/${region}/${day}`;
      const minute = delivered.slice(0, 16).replaceAll(/[-:]/g, '');
      const name = `${folder}/${account}_CloudTrail_${region}_${minute}Z`;
      const [same] = [...files.keys()].filter((other) => other.startsWith(`${folder}/`));
      const file = same ?? `${name}_${unique()}.json.gz`;
      files.set(file, [...(files.get(file) ?? []), record]);
    }
    if (files.size > 0) {
      this.latestDelivery = now;
    }
    return [...files].map(([key, Records]) => ({
      key,
      body: gzipSync(JSON.stringify({ Records })),
    }));
  }

  #keeps({ readOnly, eventSource, managementEvent }: CloudTrailRecord): boolean {
    const { readWriteType = 'All', excludeManagementEventSources = [] } = this.settings;
    return (
      this.isLogging &&
      managementEvent &&
      !excludeManagementEventSources.includes(eventSource) &&
      (readWriteType === 'All' || (readWriteType === 'ReadOnly') === readOnly)
    );
  }

  #root(): string {
    const { prefix, organization } = this.settings;
    return `${prefix === undefined ? '' : `${prefix}/`}AWSLogs/${organization === undefined ? '' : `${organization}/`}`;
  }
}

/** Sixteen letters and digits, as in the names of AWS's files. */
const unique = (): string =>
  [...randomBytes(16)].map((byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('');
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
