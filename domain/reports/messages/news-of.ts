/** Which news an event is, and whether the people who use the application may notice anything. */
import type { Announced } from '../../events/announced.ts';
import type { RotationAuditEvent } from '../../events/audit-event.ts';
import type { EmergencyEvent } from '../../events/emergency.ts';
import type { News } from '../../events/who-hears.ts';
import { isProvenDead } from '../../policy/proven-dead.ts';

/** What the deployment knows of the secret an event is about. */
export interface Background {
  readonly application: string;
  readonly environment: string;
  /** IANA name; times are told in it. */
  readonly timeZone: string;
  /** Its key in the configuration. */
  readonly key: string;
  /** Every rotation ends every session: its readers know one key. */
  readonly signsOut: boolean;
  /** Consumers are stopped while rows move to a new key. */
  readonly maintenance: boolean;
  /** A new password works at once on the server and later behind RDS Proxy. */
  readonly behindProxy: boolean;
  /** How long readers may go on using what they have read. */
  readonly readerCacheSeconds: number;
  /** Of something about several secrets: the kinds of those it changes, or has changed. */
  readonly kinds?: readonly string[];
}

/** @returns undefined when nobody needs to be told: the activation of a key is part of its rotation */
export function newsOf(event: Announced): News | undefined {
  switch (event.type) {
    case 'credential-rotation-planned':
      return 'planned';
    case 'credential-rotation-started':
      if (event.intent === 'activate') return undefined;
      if (event.intent === 'emergency') return 'started-emergency';
      // Nobody uses it yet; security hears when it is there.
      if (event.firstValue === true) return undefined;
      return event.backstopProbably === true ? 'started-backstop' : 'started';
    case 'credential-rotation-failed':
      return event.intent === 'emergency' ? 'failed-emergency' : 'failed';
    case 'credential-secret-rotation':
      if (event.outcome === 'stopped') {
        if (event.rolledBackBy !== undefined) return 'rolling-back';
        return event.intent === 'emergency' ? 'failed-emergency' : 'stopped';
      }
      if (event.intent === 'emergency') {
        return event.emergency === undefined && !isNotProven(event)
          ? 'emergency-over'
          : 'emergency-replaced';
      }
      if (event.basedOn === null || event.material.replaced === undefined) return 'first-value';
      return event.intent === 'rollback' ? 'rolled-back' : 'done';
    case 'credential-reencryption':
      return rowNews[event.outcome];
    case 'credential-overdue':
      return 'overdue';
    case 'credential-reminder':
      return 'reminder';
    case 'certificate-expiring':
      return 'certificate';
    case 'unmanaged-secret-write':
      return 'unmanaged-write';
    case 'credential-trigger':
      if (event.outcome === 'refused') return 'trigger-refused';
      if (event.trigger === 'exposure') return 'exposure';
      // The rotations themselves are told as rotations.
      return event.outcome === 'open' ? 'trigger-open' : undefined;
    case 'credential-emergency':
      return emergencyNews(event);
  }
}

/** Until what leaked is dead, and while somebody reads what took its place, the wide channels hear nothing. */
function emergencyNews({ phase, drill, deadAt, unknownReadersOfNew = 0 }: EmergencyEvent): News {
  if (phase === 'begun') return 'emergency-begun';
  if (drill) return 'emergency-drilled';
  if (phase === 'incomplete' || deadAt === undefined) return 'emergency-incomplete';
  return unknownReadersOfNew > 0 ? 'emergency-reopened' : 'emergency-closed';
}

/** At one place at least nothing shows that what was in use before is refused. */
export const isNotProven = ({ rotations, afterRotation }: RotationAuditEvent): boolean =>
  !isProvenDead([
    ...rotations.flatMap(({ evidence }) => evidence),
    ...(afterRotation.evidence ?? []),
  ]);

const rowNews = {
  verified: 'rows-moved',
  unproven: 'rows-unproven',
  stopped: 'rows-stopped',
} as const satisfies Record<string, News>;

export function usersMayNotice(event: Announced, { behindProxy }: Background): boolean {
  switch (event.type) {
    case 'credential-rotation-failed':
      return event.login !== undefined && event.login !== 'works';
    case 'credential-secret-rotation':
      return event.logsEveryoneOut === true || (event.kind === 'database' && behindProxy);
    case 'credential-reencryption':
      return event.mode === 'maintenance';
    default:
      return false;
  }
}
