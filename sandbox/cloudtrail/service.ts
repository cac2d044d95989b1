/**
 * CloudTrail for the sandbox: a journal of management events, LookupEvents over it, and trails that write its
 * log files into S3.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/
 */
import { randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { S3Service } from '../s3/service.ts';
import { type AccessCheck, type AwsService, type Caller, ServiceException } from '../service.ts';
import type { Journal } from './journal.ts';
import { lookupEvents } from './lookup-events.ts';
import { LookupRate } from './rate.ts';
import { type CloudTrailRecord, eventTimeOf } from './record.ts';
import { Trail, type TrailSettings } from './trail.ts';

export interface CloudTrailProps {
  account: string;
  region: string;
  clock: SandboxClock;
  journal: Journal;
  s3: S3Service;
}

/** What a test puts in; the rest is filled in. */
export type PlantedRecord = Pick<CloudTrailRecord, 'eventName' | 'eventSource' | 'userIdentity'> &
  Partial<CloudTrailRecord>;

type Input = Readonly<Record<string, unknown>>;

export class CloudTrailService implements AwsService {
  readonly signingName = 'cloudtrail';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'CloudTrail_20131101';
  readonly everyRegion = true;
  readonly operations: AwsService['operations'];
  readonly #props: CloudTrailProps;
  readonly #trails = new Map<string, Trail>();
  // Callers back off by the machine's clock, which runs on while a manual one stands still.
  readonly #rate = new LookupRate(() => performance.now());
  #delayMilliseconds = 0;
  #isDue = false;

  constructor(props: CloudTrailProps) {
    this.#props = props;
    const { journal, account, clock } = props;
    journal.onRecord(() => this.#schedule());
    this.operations = {
      LookupEvents: {
        authorize: () => [{ action: 'cloudtrail:LookupEvents', resource: '*' }],
        run: async (input, { request }) => {
          const region = request?.region ?? props.region;
          this.#rate.take(region);
          return lookupEvents(input, {
            account,
            region,
            now: clock.now(),
            delayMilliseconds: this.#delayMilliseconds,
            records: journal.records,
          });
        },
      },
      DescribeTrails: {
        authorize: () => [{ action: 'cloudtrail:DescribeTrails', resource: '*' }],
        run: async (input) => ({
          trailList: this.#named(input).map((trail) => this.#described(trail)),
        }),
      },
      GetTrailStatus: {
        authorize: (input) => this.#check('GetTrailStatus', this.#trail(input.Name)),
        run: async (input) => {
          const { isLogging, latestDelivery } = this.#trail(input.Name);
          return { IsLogging: isLogging, LatestDeliveryTime: latestDelivery };
        },
      },
      GetEventSelectors: {
        authorize: (input) => this.#check('GetEventSelectors', this.#trail(input.TrailName)),
        run: async (input) => {
          const { arn, settings } = this.#trail(input.TrailName);
          const selector = {
            ReadWriteType: settings.readWriteType ?? 'All',
            IncludeManagementEvents: true,
            DataResources: [],
            ExcludeManagementEventSources: settings.excludeManagementEventSources ?? [],
          };
          return { TrailARN: arn, EventSelectors: [selector] };
        },
      },
    };
  }

  /** Control: every record, oldest first. */
  records(): readonly CloudTrailRecord[] {
    return this.#props.journal.records;
  }

  /**
   * Control: a trail of all regions, in place of the one of that name. It holds what happened before, too, as if it
   * had always been there; its files are written past IAM, as what CloudTrail itself may is no business of the stack.
   */
  putTrail(settings: TrailSettings): { arn: string } {
    const trail = new Trail(settings, this.#props);
    try {
      const blockPublicPolicy = true;
      this.#props.s3.createBucket({ name: settings.bucket, versioned: false, blockPublicPolicy });
    } catch (error) {
      if (!(error instanceof ServiceException && error.code === 'BucketAlreadyExists')) {
        throw error;
      }
    }
    this.#trails.set(trail.settings.name, trail);
    this.#schedule();
    return { arn: trail.arn };
  }

  /** Control: writes the log files of everything visible by now. @returns their keys */
  async deliver(): Promise<readonly string[]> {
    const { journal, clock, s3 } = this.#props;
    const keys: string[] = [];
    for (const trail of this.#trails.values()) {
      const { bucket: Bucket, kmsKeyArn } = trail.settings;
      const headers = {
        'content-type': 'application/json',
        ...(kmsKeyArn !== undefined && {
          'x-amz-server-side-encryption': 'aws:kms',
          'x-amz-server-side-encryption-aws-kms-key-id': kmsKeyArn,
        }),
      };
      const files = trail.files(journal.records, (record) => this.#visibleAt(record), clock.now());
      for (const { key: Key, body: Body } of files) {
        await s3.operations.PutObject?.run({ Bucket, Key, Body, headers }, delivery);
        keys.push(Key);
      }
    }
    return keys;
  }

  /**
   * Control: events that happened elsewhere: in another account or region, from another address.
   * @returns the records as they are kept
   */
  recordEvents(planted: readonly PlantedRecord[]): readonly CloudTrailRecord[] {
    const { account, region, clock, journal } = this.#props;
    const records = planted.map(
      (record): CloudTrailRecord => ({
        eventVersion: '1.11',
        awsRegion: region,
        sourceIPAddress: '198.51.100.7',
        userAgent: 'aws-cli/2.15.0',
        requestParameters: null,
        responseElements: null,
        requestID: randomUUID(),
        eventID: randomUUID(),
        readOnly: true,
        eventType: 'AwsApiCall',
        managementEvent: true,
        recipientAccountId: account,
        eventCategory: 'Management',
        ...record,
        eventTime: eventTimeOf(new Date(record.eventTime ?? clock.now())),
      }),
    );
    journal.put(records);
    return records;
  }

  /** Control: how long after its time an event can be seen; AWS says about five minutes. @default 0 */
  delay(seconds: number): void {
    this.#delayMilliseconds = seconds * 1000;
  }

  /** Control: two lookups a second by the machine's clock, or no limit. @default 'machine' */
  throttle(by: 'machine' | 'off'): void {
    this.#rate.by(by === 'machine' ? () => performance.now() : undefined);
  }

  #visibleAt(record: CloudTrailRecord): number {
    return Date.parse(record.eventTime) + this.#delayMilliseconds;
  }

  #schedule(): void {
    const own = [...this.#trails.values()].some(({ settings }) => settings.delivers === 'byItself');
    if (!own || this.#isDue) {
      return;
    }
    this.#isDue = true;
    const { clock } = this.#props;
    const at = new Date(clock.now().getTime() + this.#delayMilliseconds + 1000);
    clock.at(at, 'CloudTrail delivers log files', async () => {
      this.#isDue = false;
      await this.deliver();
    });
  }

  #named({ trailNameList: names = [] }: Input): Trail[] {
    const all = [...this.#trails.values()];
    const wanted = names as readonly string[];
    return wanted.length === 0
      ? all
      : all.filter(({ arn, settings }) => wanted.includes(arn) || wanted.includes(settings.name));
  }

  #trail(name: unknown): Trail {
    const [trail] = this.#named({ trailNameList: [String(name)] });
    if (trail === undefined) {
      throw new ServiceException('TrailNotFoundException', `Unknown trail: ${String(name)}`);
    }
    return trail;
  }

  #check(operation: string, { arn }: Trail): AccessCheck[] {
    return [{ action: `cloudtrail:${operation}`, resource: arn }];
  }

  #described({ arn, settings }: Trail): Record<string, unknown> {
    return {
      Name: settings.name,
      S3BucketName: settings.bucket,
      S3KeyPrefix: settings.prefix,
      IncludeGlobalServiceEvents: true,
      IsMultiRegionTrail: true,
      HomeRegion: this.#props.region,
      TrailARN: arn,
      LogFileValidationEnabled: false,
      KmsKeyId: settings.kmsKeyArn,
      HasCustomEventSelectors: true,
      HasInsightSelectors: false,
      IsOrganizationTrail: settings.organization !== undefined,
    };
  }
}

/** Whose rights are not modelled: the same as the loader's. */
const delivery: Caller = {
  arn: 'cloudformation.amazonaws.com',
  kind: 'service',
  service: 'cloudformation.amazonaws.com',
};
