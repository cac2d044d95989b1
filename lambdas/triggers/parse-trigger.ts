/**
 * An event of a rule, parsed once at the door. The bus's policy decides who may put what; what it cannot know is
 * asked here again, because a policy is one edit away from letting anybody in:
 *
 * 1. the schedule's tick                          → what waits is tried again
 * 2. a finding of GuardDuty, in this account      → an exposure, if the configured map knows it
 * 3. the triggers' source, a known account, a configured type, a detail of exactly that shape
 * 4. anything else                                → refused
 */
import * as z from 'zod';
import { readAs } from '../../domain/events/read-as.ts';
import type {
  CredentialTriggerEvent,
  DeploymentTrigger,
  Exposure,
  Offboarding,
  TriggerType,
} from '../../domain/events/triggers.ts';
import { requestIdSchema, triggerDetails, triggerSource } from '../../domain/events/triggers.ts';
import { derivedToken } from '../../domain/policy/derived-token.ts';
import type { TriggerSettings } from './environment.ts';
import { TriggerRefusedError } from './errors.ts';

const envelopeSchema = z.object({
  id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  source: z.string().max(256),
  'detail-type': z.string().max(128),
  account: z.string().regex(/^\d{12}$/),
  detail: z.unknown(),
});

/** Who put it there, as EventBridge says. */
export interface Arrival {
  readonly by: CredentialTriggerEvent['by'];
  readonly eventId: string;
  /** GuardDuty sends a finding again whenever it is seen again: known, and no news. */
  readonly mayRepeat: boolean;
}

export type Trigger =
  | { readonly trigger: 'exposure'; readonly asked: Exposure }
  | { readonly trigger: 'offboarding'; readonly asked: Offboarding }
  | { readonly trigger: 'deployment'; readonly asked: DeploymentTrigger };

export type Parsed =
  | { readonly kind: 'tick' }
  /** A finding about nothing of this deployment. */
  | { readonly kind: 'unrelated'; readonly type: string }
  | ({ readonly kind: 'trigger'; readonly arrival: Arrival } & Trigger);

export const kindOf = {
  'credential-exposure': 'exposure',
  'credential-exposure-alert': 'exposure',
  'credential-offboarding': 'offboarding',
  'credential-deployment': 'deployment',
} as const satisfies Record<TriggerType, Trigger['trigger']>;

export interface Expected {
  readonly accounts: readonly string[];
  /** Of this function. */
  readonly account: string;
  readonly settings: TriggerSettings;
}

/** What can be said of an event that is refused, whatever else is wrong with it. */
export function arrivalOf(event: unknown): {
  by: CredentialTriggerEvent['by'];
  eventId?: string;
  trigger: CredentialTriggerEvent['trigger'];
  requestId?: string;
} {
  const found = readAs(envelopeSchema.partial(), event);
  if (!found.success) return { by: { source: 'unknown' }, trigger: 'unknown' };
  const { id, account, source, 'detail-type': type = '', detail } = found.data;
  const request = readAs(z.looseObject({ id: requestIdSchema }), detail);
  return {
    by: {
      source: source === triggerSource ? sourceOf(type) : 'unknown',
      ...(account && { account }),
      ...(id && { eventId: id }),
    },
    ...(id && { eventId: id }),
    trigger: Object.hasOwn(kindOf, type) ? kindOf[type as TriggerType] : 'unknown',
    ...(request.success && { requestId: request.data.id }),
  };
}

/** @throws TriggerRefusedError */
export function parseTrigger(event: unknown, expected: Expected): Parsed {
  const parsed = readAs(envelopeSchema, event);
  if (!parsed.success) {
    throw invalid('The event', parsed.error);
  }
  const { id, source, account, 'detail-type': type, detail } = parsed.data;
  if (source === 'aws.events' && type === 'Scheduled Event' && account === expected.account) {
    return { kind: 'tick' };
  }
  if (source === 'aws.guardduty' && type === 'GuardDuty Finding' && account === expected.account) {
    return ofFinding(detail, id, account, expected.settings);
  }
  if (source !== triggerSource || !expected.accounts.includes(account)) {
    throw new TriggerRefusedError(
      'ERR_ROTATION_TRIGGER_FORGED',
      `The event comes from source "${printable(source)}" of account ${account}; expected "${triggerSource}" of ${expected.accounts.join(', ')}. Nothing was rotated: look who may put events on the bus, and whether a rule or a permission was added.`,
    );
  }
  if (!Object.hasOwn(kindOf, type)) {
    throw new TriggerRefusedError(
      'ERR_ROTATION_TRIGGER_INVALID',
      `The event's detail-type is "${printable(type)}"; expected ${Object.keys(kindOf).join(', ')}. Nothing was rotated.`,
    );
  }
  const { trigger } = { trigger: kindOf[type as TriggerType] };
  assertConfigured(trigger, expected.settings);
  const asked = readAs(triggerDetails[type as TriggerType], detail);
  if (!asked.success) {
    throw invalid(`The detail of ${type}`, asked.error);
  }
  const reportedBy = 'reportedBy' in asked.data ? asked.data.reportedBy : undefined;
  const arrival: Arrival = {
    by: {
      source: sourceOf(type),
      account,
      eventId: id,
      ...(reportedBy !== undefined && { reportedBy }),
    },
    eventId: id,
    mayRepeat: false,
  };
  return { kind: 'trigger', arrival, trigger, asked: asked.data } as Parsed;
}

/** The bus's policy lets the webhook alone put an alert. */
const sourceOf = (type: string): 'bus' | 'gitHub' =>
  type === ('credential-exposure-alert' satisfies TriggerType) ? 'gitHub' : 'bus';

function assertConfigured(trigger: Trigger['trigger'], settings: TriggerSettings): void {
  const configured = {
    exposure: settings.exposure !== undefined,
    offboarding: settings.people !== undefined,
    deployment: settings.deployment,
  };
  if (configured[trigger]) return;
  throw new TriggerRefusedError(
    'ERR_ROTATION_TRIGGER_NOT_CONFIGURED',
    `The event asks for ${trigger}, which this deployment does not take; expected triggers.${trigger} in the configuration. Nothing was rotated.`,
  );
}

/** GuardDuty user guide, "GuardDuty finding format": what is needed of it, and nothing is shown. */
const findingSchema = z.object({
  id: z.string().min(1).max(128),
  type: z.string().max(256),
  title: z.string().max(512).optional(),
  resource: z
    .object({ accessKeyDetails: z.object({ userName: z.string().max(256).optional() }).optional() })
    .optional(),
});

function ofFinding(
  detail: unknown,
  eventId: string,
  account: string,
  { findings }: TriggerSettings,
): Parsed {
  const parsed = readAs(findingSchema, detail);
  if (!parsed.success) throw invalid('The finding', parsed.error);
  const { id, type, resource } = parsed.data;
  const userName = resource?.accessKeyDetails?.userName;
  const secrets = findings
    .filter((entry) => type.startsWith(entry.type))
    .filter(({ principal }) => principal === undefined || principal === userName)
    .flatMap((entry) => entry.secrets);
  if (secrets.length === 0) return { kind: 'unrelated', type };
  return {
    kind: 'trigger',
    arrival: { by: { source: 'guardDuty', account, eventId }, eventId, mayRepeat: true },
    trigger: 'exposure',
    asked: {
      version: 1,
      id: derivedToken('guardDuty', id),
      secrets: [...new Set(secrets)],
      reason: `${type}${userName === undefined ? '' : ` about ${userName}`}`.slice(0, 512),
      reportedBy: 'GuardDuty',
    },
  };
}

/** Names the fields, never their content: a value may have been pasted into one. */
function invalid(what: string, error: z.ZodError): TriggerRefusedError {
  const fields = error.issues.map((issue) =>
    issue.code === 'unrecognized_keys' ? 'unknown fields' : issue.path.join('.') || 'its shape',
  );
  return new TriggerRefusedError(
    'ERR_ROTATION_TRIGGER_INVALID',
    `${what} does not fit in ${[...new Set(fields)].slice(0, 8).join(', ')}; expected it as docs/triggers.md describes it. Nothing was rotated: mend it and send it under a new id.`.slice(
      0,
      1024,
    ),
  );
}

const printable = (text: string): string => text.replaceAll(/[^\w.: /-]/g, '?').slice(0, 64);
