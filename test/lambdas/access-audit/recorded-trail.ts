/** Log files of a trail, and event history over the same records: newest first, in pages, by one attribute. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CloudTrailDoor, type LookupRequest, sightingOf } from '../../../doors/cloud-trail.ts';

export interface TrailRecord {
  eventName: string;
  eventSource: string;
  eventTime: string;
  awsRegion: string;
  resources?: { ARN: string }[];
}

const folder = join(import.meta.dirname, 'recorded');

/** As a trail leaves them: `<account>_CloudTrail_<region>_<time of delivery>_<id>.json`. */
export const logFiles = readdirSync(folder).map((name) => {
  const [, , region = '', time = ''] = name.split('_');
  return {
    name,
    region,
    day: `${time.slice(0, 4)}/${time.slice(4, 6)}/${time.slice(6, 8)}`,
    text: readFileSync(join(folder, name), 'utf8'),
  };
});

export const recordedEvents: readonly TrailRecord[] = logFiles.flatMap(
  ({ text }) => (JSON.parse(text) as { Records: TrailRecord[] }).Records,
);

export interface RecordedHistory extends CloudTrailDoor {
  readonly asked: LookupRequest[];
  /** Before the next answers: what stands here is answered or thrown instead, one at a time. */
  readonly instead: ('throttled' | 'ended' | Error)[];
}

export function recordedHistory(
  records: readonly TrailRecord[] = recordedEvents,
  size = 50,
): RecordedHistory {
  const asked: LookupRequest[] = [];
  const answers = new Map<string, readonly TrailRecord[]>();
  const instead: RecordedHistory['instead'] = [];
  return {
    asked,
    instead,
    async lookup(request) {
      asked.push(request);
      const failure = instead.shift();
      if (failure instanceof Error) throw failure;
      if (failure !== undefined) return failure;
      const { region, attribute, from, to, token = '0' } = request;
      const question = JSON.stringify([region, attribute, from, to]);
      const found =
        answers.get(question) ??
        records
          .filter(
            (record) =>
              record.awsRegion === region &&
              Date.parse(record.eventTime) >= from.getTime() &&
              Date.parse(record.eventTime) <= to.getTime() &&
              (attribute.key === 'EventName'
                ? record.eventName === attribute.value
                : record.resources?.some(({ ARN }) => ARN === attribute.value)),
          )
          .sort((one, other) => (one.eventTime > other.eventTime ? -1 : 1));
      answers.set(question, found);
      const start = Number(token);
      const page = found.slice(start, start + size);
      const oldest = page.at(-1);
      return {
        sightings: page.flatMap((record) => sightingOf(JSON.stringify(record)) ?? []),
        records: page.length,
        ...(oldest && { oldest: new Date(oldest.eventTime) }),
        ...(found.length > start + size && { token: String(start + size) }),
      };
    },
  };
}
