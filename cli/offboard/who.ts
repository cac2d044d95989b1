/** Who leaves: a role or user of IAM by ARN, or a person of the configuration. */
import { nearestName } from '../../domain/config/nearest-name.ts';
import type { OpenDeployment } from '../command.ts';
import { UsageError } from '../errors.ts';

export interface Leaver {
  /** As it was named. */
  readonly named: string;
  /** Of the role or user; absent: a person. */
  readonly arn?: string;
  /** Of a person: keys of what the configuration says that they could read. */
  readonly declared: readonly string[];
}

/** What can be said without a deployment. @throws UsageError */
export function assertNamed(names: readonly string[]): void {
  if (names.length === 0) {
    throw new UsageError(
      'Nobody was named; expected the ARN of a role or user, or a person of triggers.offboarding.people.',
    );
  }
  const [twice] = names.filter((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new UsageError(`"${twice}" was named twice; expected each once.`);
  }
}

/** @throws UsageError */
export function leaver(
  { manifest, caller }: Pick<OpenDeployment, 'manifest' | 'caller'>,
  named: string,
): Leaver {
  if (named.startsWith('arn:')) {
    return { named, arn: principalOf(named, caller.account), declared: [] };
  }
  const people = manifest.people ?? {};
  const declared = Object.hasOwn(people, named) ? people[named] : undefined;
  if (declared !== undefined) return { named, declared };
  const nearest = nearestName(named, Object.keys(people));
  throw new UsageError(
    `"${named.slice(0, 64)}" is nobody; expected the ARN of a role or user (arn:aws:iam::${caller.account}:role/…), or a person of triggers.offboarding.people${nearest === undefined ? '' : `: did you mean "${nearest}"?`}${nearest === undefined && Object.keys(people).length === 0 ? ', of whom this deployment names none' : ''}`,
  );
}

function principalOf(arn: string, account: string): string {
  const [, session] = /^arn:aws[a-z-]*:sts::\d{12}:assumed-role\/([^/]+)\//.exec(arn) ?? [];
  if (session !== undefined) {
    throw new UsageError(
      `"${arn}" is a session; expected its role, whose policies it has: aws iam get-role --role-name ${session} --query Role.Arn`,
    );
  }
  const [, of] = /^arn:aws[a-z-]*:iam::(\d{12}):(?:role|user)\/[\w+=,.@/-]{1,512}$/.exec(arn) ?? [];
  if (of === undefined) {
    throw new UsageError(
      `"${arn.slice(0, 128)}" is no role or user of IAM; expected arn:aws:iam::${account}:role/… or …:user/…`,
    );
  }
  if (of !== account) {
    throw new UsageError(
      `${arn} is of account ${of}, and the deployment of ${account}; expected one of ${account}: IAM simulates policies of its own account alone. Name the role here that it assumes.`,
    );
  }
  return arn;
}
