/**
 * A delivery of GitHub's webhook, through a function URL anybody can reach. Its signature decides, before its body is
 * parsed; an alert that matches becomes an exposure on the bus of triggers, where it is recognised when it comes
 * again, limited, and told. This function can put that one event there, read the one secret, and nothing else.
 *
 * 1. not a POST, too large, no signature          → refused without reading the secret
 * 2. the signature does not fit                   → 401
 * 3. another event than secret_scanning_alert, or an alert that is neither new nor found in public → 202, nothing
 * 4. no entry of the map matches                  → 202, nothing
 * 5. otherwise                                    → 202, an exposure of the secrets of every entry that matches
 */
import * as z from 'zod';
import { uninitialisedMarker } from '../../domain/config/names.ts';
import { readAs } from '../../domain/events/read-as.ts';
import { type Exposure, exposureSchema, triggerSource } from '../../domain/events/triggers.ts';
import type { EventBusDoor } from '../../doors/event-bus.ts';
import type { Log } from '../../doors/log.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import type { AlertMap } from './environment.ts';
import { deliveryId, isSigned } from './signature.ts';

export interface GitHubDoors {
  secretsManager: Pick<SecretsManagerDoor, 'getCurrentValue'>;
  /** Of triggers. */
  eventBus: EventBusDoor;
  log: Log;
}

/** What Lambda sends a function URL (Lambda guide, "Request and response payloads", format 2.0). */
const requestSchema = z.object({
  headers: z.record(z.string(), z.string()),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
  requestContext: z.object({ http: z.object({ method: z.string() }) }),
});

export interface Answer {
  statusCode: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** Alerts have a few kilobytes; GitHub itself sends up to 25 MB. */
const mostBytes = 1_048_576;

/** The alert's own secret is never looked at. */
const alertSchema = z.object({
  action: z.string().max(64),
  alert: z.object({
    number: z.int(),
    secret_type: z.string().max(256).default(''),
    html_url: z.string().max(512).optional(),
  }),
  repository: z.object({ full_name: z.string().max(256) }),
});

/** Somebody can read it now who could not before; the other actions say what became of an alert. */
const exposing: readonly string[] = ['created', 'publicly_leaked'];

export async function receive(
  doors: GitHubDoors,
  { secretArn, alerts }: { secretArn: string; alerts: AlertMap },
  event: unknown,
): Promise<Answer> {
  const request = readAs(requestSchema, event);
  if (!request.success || request.data.requestContext.http.method !== 'POST') {
    return answer(doors, 405, 'Only deliveries are taken here.');
  }
  const { headers, body: text, isBase64Encoded } = request.data;
  const body = Buffer.from(text, isBase64Encoded ? 'base64' : 'utf8');
  if (body.length > mostBytes) return answer(doors, 413, 'A delivery has at most 1 MB.');
  const signature = headers['x-hub-signature-256'];
  // Nobody makes us read a secret, or pay for it, without as much as the form of a signature.
  if (signature === undefined || signature.length > 80) return answer(doors, 401, unsigned);
  const secret = await doors.secretsManager.getCurrentValue(secretArn);
  if (secret === undefined || secret.replaceAll(/\s/g, '') === uninitialisedMarker) {
    doors.log.error('webhook', { status: 503, reason: 'the webhook secret has no value yet' });
    return answer(doors, 503, 'Not ready.');
  }
  if (!isSigned(body, signature, secret)) return answer(doors, 401, unsigned);

  const kind = headers['x-github-event'] ?? '';
  if (kind !== 'secret_scanning_alert') return answer(doors, 202, 'Nothing to do.');
  const alert = readAs(alertSchema, json(body));
  if (!alert.success) return answer(doors, 400, 'This is no secret_scanning_alert.');
  const exposure = exposureOf(alert.data, body, alerts);
  if (exposure === undefined) return answer(doors, 202, 'Nothing to do.');
  await doors.eventBus.put({
    source: triggerSource,
    detailType: 'credential-exposure-alert',
    detail: exposure,
    resources: [],
  });
  doors.log.info('exposure', { requestId: exposure.id, secrets: exposure.secrets });
  return answer(doors, 202, 'Taken.');
}

const unsigned = 'The signature does not fit.';

function exposureOf(
  { action, alert, repository }: z.infer<typeof alertSchema>,
  body: Buffer,
  alerts: AlertMap,
): Exposure | undefined {
  if (!exposing.includes(action)) return undefined;
  const name = repository.full_name.toLowerCase();
  const secrets = alerts
    .filter((entry) => entry.repository === undefined || entry.repository.toLowerCase() === name)
    .filter(({ secretType }) => secretType === undefined || secretType === alert.secret_type)
    .flatMap((entry) => entry.secrets);
  if (secrets.length === 0) return undefined;
  return exposureSchema.parse({
    version: 1,
    id: deliveryId(body),
    secrets: [...new Set(secrets)].slice(0, 50),
    reason:
      `GitHub alert ${alert.number} of ${repository.full_name} (${alert.secret_type}, ${action})`.slice(
        0,
        512,
      ),
    reportedBy: 'GitHub secret scanning',
  } satisfies Exposure);
}

function json(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Says no more than the sender needs: anybody may ask. */
function answer({ log }: Pick<GitHubDoors, 'log'>, statusCode: number, text: string): Answer {
  log.info('webhook', { status: statusCode });
  return { statusCode, headers: { 'content-type': 'text/plain' }, body: `${text}\n` };
}
