/** PutEvents. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
import { type AccessCheck, type Operation, ServiceException } from '../service.ts';
import type { Bus, RecordedEvent } from './rule.ts';

interface Entry {
  Time?: number | string;
  Source?: string;
  Resources?: string[];
  DetailType?: string;
  Detail?: string;
  EventBusName?: string;
}

interface Desk {
  bus(name: string): Bus;
  put(bus: Bus, event: Omit<RecordedEvent, 'id' | 'time' | 'bus'>, at?: Date): string;
}

/** 256 KB a request, the limit every Region accepts. */
const maximumBytes = 256 * 1024;

export function putEventsOperation(desk: Desk): Operation {
  return {
    authorize: (input) => entries(input).map((entry) => accessCheck(entry, desk)),
    run: async (input) => {
      const results = entries(input).map((entry) => putOne(entry, desk));
      return {
        FailedEntryCount: results.filter((result) => result.ErrorCode !== undefined).length,
        Entries: results,
      };
    },
  };
}

function accessCheck(entry: Entry, desk: Desk): AccessCheck {
  const bus = desk.bus(entry.EventBusName ?? 'default');
  return {
    action: 'events:PutEvents',
    resource: bus.arn,
    context: {
      ...(entry.Source === undefined ? {} : { 'events:source': entry.Source }),
      ...(entry.DetailType === undefined ? {} : { 'events:detail-type': entry.DetailType }),
    },
    ...(bus.policy === undefined ? {} : { resourcePolicy: bus.policy }),
  };
}

function putOne(
  entry: Entry,
  desk: Desk,
): { EventId?: string; ErrorCode?: string; ErrorMessage?: string } {
  for (const member of ['Source', 'DetailType', 'Detail'] as const) {
    if (entry[member] === undefined || entry[member] === '') {
      return failed(
        'InvalidArgument',
        `Parameter ${member} is not valid. Reason: ${member} is a required argument.`,
      );
    }
  }
  const { Source = '', DetailType = '', Detail = '' } = entry;
  // Sources of AWS services are theirs alone: a customer's event can never pass for one.
  if (/^aws\./i.test(Source)) {
    return failed('NotAuthorizedForSource', 'Not authorized for the source.');
  }
  let detail: unknown;
  try {
    detail = JSON.parse(Detail);
  } catch {
    return failed('MalformedDetail', 'Detail is malformed.');
  }
  if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) {
    return failed('MalformedDetail', 'Detail is malformed.');
  }
  const bus = desk.bus(entry.EventBusName ?? 'default');
  const at = entry.Time === undefined ? undefined : instant(entry.Time);
  const event = {
    source: Source,
    'detail-type': DetailType,
    resources: entry.Resources ?? [],
    detail,
  };
  return { EventId: desk.put(bus, event, at) };
}

function entries(input: Record<string, unknown>): Entry[] {
  const found = input.Entries;
  if (!Array.isArray(found) || found.length < 1 || found.length > 10) {
    throw new ServiceException(
      'ValidationException',
      "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and 10",
    );
  }
  const bytes = (found as Entry[]).reduce((sum, entry) => sum + size(entry), 0);
  if (bytes > maximumBytes) {
    throw new ServiceException(
      'ValidationException',
      'Total size of the entries in the request is over the limit.',
    );
  }
  return found as Entry[];
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html (entry size) */
function size(entry: Entry): number {
  const texts = [entry.Source, entry.DetailType, entry.Detail, ...(entry.Resources ?? [])];
  const base = entry.Time === undefined ? 0 : 14;
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), base);
}

/** JSON 1.1 carries timestamps as epoch seconds. */
function instant(time: number | string): Date {
  return typeof time === 'number' ? new Date(time * 1000) : new Date(time);
}

function failed(ErrorCode: string, ErrorMessage: string) {
  return { ErrorCode, ErrorMessage };
}
