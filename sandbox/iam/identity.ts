/** Roles and users, and the policies they hold. */
import { type Caller, ServiceException } from '../service.ts';
import type { PolicyDocument } from './policy.ts';

export interface Identity {
  arn: string;
  name: string;
  inline: Map<string, PolicyDocument>;
  attached: Set<string>;
}

/** As the simulation names it: `SourcePolicyId`, `SourcePolicyType`. */
export interface NamedPolicy {
  id: string;
  type: 'role' | 'user' | 'user-managed' | 'aws-managed' | 'resource';
  document: PolicyDocument;
}

export interface Role extends Identity {
  trust: PolicyDocument;
}

/** Role or user name of `arn:aws:iam::…:role/path/name`, `arn:aws:sts::…:assumed-role/name/session`. */
export function nameIn(arn: string): string {
  const [type = '', ...rest] = arn.split(':').slice(5).join(':').split('/');
  return (type === 'assumed-role' ? rest[0] : rest.at(-1)) ?? arn;
}

/** Whose principal it is; a service works for the account it is asked in, and who has not signed is of none. */
export const accountIn = ({ arn, kind }: Caller, own: string): string =>
  kind === 'service' ? own : (arn.split(':')[4] ?? '');

/** A role or user by its ARN. @throws ServiceException InvalidInput for a session, a group or anything else */
export function entityIn(arn: string): { type: 'role' | 'user'; name: string } {
  const [, type, name] = /^arn:aws:iam::\d{12}:(role|user)\/(?:[^/]+\/)*([^/]+)$/.exec(arn) ?? [];
  if (type === undefined || name === undefined) {
    throw new ServiceException(
      'InvalidInput',
      `Invalid Entity Arn: ${arn} does not clearly define entity type and name.`,
    );
  }
  return { type: type as 'role' | 'user', name };
}
