/**
 * What keeps everybody but the rotation from writing a secret, beside function and rule (drift.ts): its resource
 * policy, its key, and the tags by which people and Security Hub find it.
 */
import type { DiagnosisFinding } from './diagnosis-facts.ts';

export interface ProtectionFacts {
  /** The resource policy as JSON; null: there is none; undefined: the caller may not look. */
  readonly policy: string | null | undefined;
  /** Absent: the AWS managed key, aws/secretsmanager. */
  readonly kmsKeyId?: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** Those the deployment gives it. */
  readonly expectedTags: Readonly<Record<string, string>>;
  /** Before an adopted secret is armed its owners go on writing it. */
  readonly isProtected: boolean;
}

/** What only a rotation may do (lib/managed-secret.ts). */
const denied = [
  'secretsmanager:DeleteSecret',
  'secretsmanager:PutSecretValue',
  'secretsmanager:UpdateSecret',
  'secretsmanager:UpdateSecretVersionStage',
] as const;

export function protectionFindings(facts: ProtectionFacts): DiagnosisFinding[] {
  const findings: DiagnosisFinding[] = [];
  if (facts.isProtected && facts.policy !== undefined) {
    const open = denied.filter((action) => !deniesEverybody(facts.policy ?? '', action));
    if (open.length > 0) {
      findings.push({
        code: 'policyChanged',
        level: 'blocks',
        message: `Its resource policy does not keep others from ${open.join(', ')}; expected the policy of the deployment, which leaves that to its rotation. Find out who changed it (CloudTrail, PutResourcePolicy), then deploy the stack again.`,
      });
    }
  }
  if (facts.kmsKeyId === undefined) {
    findings.push({
      code: 'keyOfAws',
      level: 'warns',
      message:
        'It is encrypted with the AWS managed key aws/secretsmanager, whose policy nobody can narrow; expected a customer managed key.',
    });
  }
  const differing = Object.entries(facts.expectedTags)
    .filter(([key, value]) => facts.tags[key] !== value)
    .map(([key, value]) => `${key}=${value}`);
  if (differing.length > 0) {
    findings.push({
      code: 'tagsChanged',
      level: 'warns',
      message: `It lacks the tags ${differing.join(', ')} of the deployment. Nothing is decided by them; people find it by them.`,
    });
  }
  return findings;
}

interface Statement {
  Effect?: unknown;
  Principal?: unknown;
  Action?: unknown;
}

/** A Deny for `*`; whom its condition spares is the deployment's to know. */
function deniesEverybody(policy: string, action: string): boolean {
  let statements: unknown;
  try {
    statements = (JSON.parse(policy) as { Statement?: unknown }).Statement;
  } catch {
    return false;
  }
  return (Array.isArray(statements) ? statements : [statements]).some((statement: Statement) => {
    const { Effect, Principal, Action } = statement ?? {};
    const isEverybody = Principal === '*' || (Principal as { AWS?: unknown } | null)?.AWS === '*';
    const actions = Array.isArray(Action) ? Action : [Action];
    return Effect === 'Deny' && isEverybody && actions.includes(action);
  });
}
