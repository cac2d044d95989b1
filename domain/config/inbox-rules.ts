/** Rules about the inboxes of user-managed secrets that span fields. */
import { duplicates } from './duplicates.ts';
import { type ProbeConfig, valuePlaceholder } from './inbox-schema.ts';
import { outgoingUrlProblem } from './outgoing-url.ts';
import type { RotationConfig } from './rotation-config.ts';
import { hasInbox } from './secret-schemas.ts';

/** The variables of a function end at 4 KB (Lambda quotas); some are the rest's. */
const probeCharacters = 3_000;

export function inboxProblems(config: RotationConfig): string[] {
  return Object.entries(config.secrets).flatMap(([key, secret]) => {
    if (!hasInbox(secret)) return [];
    const path = `secrets.${key}.inbox`;
    const { owners, probe } = secret.inbox;
    return [
      ...duplicates(owners, (arn) => arn, `${path}.owners`, 'owner'),
      ...accountProblems(config, path, owners),
      ...probeProblems(probe, `${path}.probe`, config.environment),
    ];
  });
}

/** An owner's rights stand in a policy of this account. */
function accountProblems(
  { account }: RotationConfig,
  path: string,
  owners: readonly string[],
): string[] {
  return owners.flatMap((arn, index) => {
    const found = arn.split(':')[4];
    return !arn.startsWith('arn:') || account === undefined || found === account
      ? []
      : [
          `${path}.owners.${index}: found an owner of account ${found}; expected one of ${account}: whoever puts a value uses the key of this account`,
        ];
  });
}

function probeProblems(probe: ProbeConfig, path: string, environment: string): string[] {
  const { method, body, headers } = probe;
  const holders = Object.values(headers).flatMap((text) => text.split(valuePlaceholder).slice(1));
  const url = urlProblem(probe.url, environment);
  return [
    ...(url === undefined ? [] : [`${path}.url: found a URL that is refused; expected ${url}`]),
    ...(holders.length === 1
      ? []
      : [
          `${path}.headers: found ${valuePlaceholder} ${holders.length} times; expected it once, in one header`,
        ]),
    ...duplicates(Object.keys(headers), (name) => name.toLowerCase(), `${path}.headers`, 'name'),
    ...(body !== undefined && method !== 'POST'
      ? [`${path}.body: found one beside method "${method}"; expected method "POST", or no body`]
      : []),
    ...(body !== undefined && JSON.stringify(body).includes(valuePlaceholder)
      ? [
          `${path}.body: found ${valuePlaceholder}; expected the value in a header, which no log of requests holds`,
        ]
      : []),
    ...(JSON.stringify({ ...probe, ca: undefined }).length > probeCharacters
      ? [`${path}: found more than ${probeCharacters} characters; expected a shorter request`]
      : []),
  ];
}

function urlProblem(text: string, environment: string): string | undefined {
  return (
    outgoingUrlProblem(text, environment) ??
    (/\{\{|%7b%7b/i.test(text)
      ? `${valuePlaceholder} in a header: URLs are logged on the way`
      : undefined)
  );
}
