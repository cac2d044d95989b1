/** Rules about triggers that span fields: every secret they name exists, and somebody may set each of them off. */
import { duplicates } from './duplicates.ts';
import { nearestName } from './nearest-name.ts';
import type { RotationConfig } from './rotation-config.ts';
import { show, showPath } from './show.ts';

export function triggerProblems(config: RotationConfig): string[] {
  const { triggers } = config;
  if (triggers === undefined) return [];
  const { exposure, offboarding, deployment, gitHub, guardDuty } = triggers;
  const named: [path: string, keys: readonly string[]][] = [
    ...Object.entries(offboarding?.people ?? {}).map(
      ([person, keys]): [string, readonly string[]] => [
        showPath(['triggers', 'offboarding', 'people', person]),
        keys,
      ],
    ),
    ...listed('triggers.gitHub.alerts', gitHub?.alerts),
    ...listed('triggers.guardDuty.findings', guardDuty?.findings),
  ];
  return [
    ...((exposure ?? offboarding ?? deployment ?? gitHub ?? guardDuty)
      ? []
      : [
          'triggers: found none; expected exposure, offboarding or deployment, or no triggers at all',
        ]),
    ...(exposure !== undefined &&
    exposure.from.length === 0 &&
    gitHub === undefined &&
    guardDuty === undefined
      ? [
          'triggers.exposure.from: found nobody; expected a role that may report an exposure, or gitHub or guardDuty beside it',
        ]
      : []),
    ...(['gitHub', 'guardDuty'] as const)
      .filter((word) => triggers[word] !== undefined && exposure === undefined)
      .map(
        (word) =>
          `triggers.${word}: found without triggers.exposure, which it leads to; expected exposure: {} beside it`,
      ),
    ...(['exposure', 'offboarding', 'deployment'] as const).flatMap((word) =>
      duplicates(triggers[word]?.from ?? [], (arn) => arn, `triggers.${word}.from`, 'principal'),
    ),
    ...duplicates(
      exposure?.unattended ?? [],
      (source) => source,
      'triggers.exposure.unattended',
      'source',
    ),
    ...named.flatMap(([path, keys]) => [
      ...keys.flatMap((key) => unknownSecret(config, path, key)),
      ...duplicates(keys, (key) => key, path, 'secret'),
    ]),
    ...(gitHub?.alerts ?? []).flatMap(({ repository, secretType }, index) =>
      repository === undefined && secretType === undefined
        ? [
            `triggers.gitHub.alerts.${index}: found neither repository nor secretType; expected one of them: an alert of any repository about anything says nothing of these secrets`,
          ]
        : [],
    ),
    ...(gitHub === undefined ? [] : webhookSecretProblems(config, gitHub.secret)),
  ];
}

const listed = (
  path: string,
  entries: readonly { readonly secrets: readonly string[] }[] = [],
): [string, readonly string[]][] =>
  entries.map(({ secrets }, index) => [`${path}.${index}.secrets`, secrets]);

function unknownSecret({ secrets }: RotationConfig, path: string, key: string): string[] {
  if (Object.hasOwn(secrets, key)) return [];
  return [
    `${path}: found ${show(key)}; expected a secret of this configuration${meant(key, secrets)}`,
  ];
}

function webhookSecretProblems({ secrets }: RotationConfig, key: string): string[] {
  const secret = Object.hasOwn(secrets, key) ? secrets[key] : undefined;
  if (secret?.kind === 'userManaged') return [];
  const userManaged = Object.fromEntries(
    Object.entries(secrets).filter(([, { kind }]) => kind === 'userManaged'),
  );
  return [
    `triggers.gitHub.secret: found ${show(key)}${secret === undefined ? '' : ` of kind "${secret.kind}"`}; expected the key of a userManaged secret, which holds the text entered at GitHub${meant(key, userManaged)}`,
  ];
}

function meant(key: string, secrets: RotationConfig['secrets']): string {
  const keys = Object.keys(secrets);
  const nearest = nearestName(key, keys);
  return nearest === undefined
    ? ` (${keys.join(', ') || 'there is none'})`
    : `; did you mean "${nearest}"?`;
}
