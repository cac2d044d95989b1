/** Rules of a key whose rows follow it. Each answers with path, finding and remedy. */
import { duplicates } from './duplicates.ts';
import { isPrivateHost } from './private-host.ts';
import type { ReencryptionConfig } from './reencryption-schema.ts';
import type { RotationConfig } from './rotation-config.ts';
import type { DatabaseConfig, EncryptionConfig } from './secret-schemas.ts';
import { show } from './show.ts';

export function reencryptionProblems(
  secret: EncryptionConfig,
  path: string,
  config: RotationConfig,
): string[] {
  const { reencryption } = secret;
  return [
    ...readerProblems(secret, path),
    ...(reencryption === undefined
      ? []
      : [
          ...(secret.columns.length === 0
            ? [
                `${path}.reencryption: found one without columns; expected the columns whose rows follow the key, or no reencryption`,
              ]
            : []),
          ...loginProblems(secret, reencryption.login, `${path}.reencryption.login`, config),
          ...hookProblems(reencryption, `${path}.reencryption.consumersHook`, config.environment),
          ...duplicates(
            reencryption.stores,
            ({ name }) => name,
            `${path}.reencryption.stores`,
            'name',
          ),
        ]),
  ];
}

/** It is called from outside of every network, and stands in the manifest, where whoever may read that can read it. */
function hookProblems(
  { mode, consumersHook }: ReencryptionConfig,
  path: string,
  environment: string,
): string[] {
  if (consumersHook === undefined) {
    return [];
  }
  if (mode !== 'maintenance') {
    return [
      `${path}: found one with mode "${mode}"; expected mode "maintenance": online no consumer is stopped`,
    ];
  }
  const url = URL.canParse(consumersHook) ? new URL(consumersHook) : undefined;
  if (url?.protocol !== 'https:') {
    return [
      `${path}: found ${url === undefined ? 'no URL' : `a URL of ${url.protocol}`}; expected https://<host>/<path>`,
    ];
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return [
      `${path}: found a URL with credentials, query or fragment; expected none of them: it is written down in the manifest. Let the hook look the execution up that it is told`,
    ];
  }
  return environment !== 'dev' && isPrivateHost(url.hostname)
    ? [
        `${path}: found "${url.hostname}", a private host; expected one that is reached from outside of every network (only environment "dev" may name another)`,
      ]
    : [];
}

/** Online, rows of two keys stand side by side for hours: a reader of one key could not open the others. */
function readerProblems({ readers, reencryption }: EncryptionConfig, path: string): string[] {
  if (readers === 'keyset' || reencryption?.mode === 'maintenance') {
    return [];
  }
  return [
    `${path}.readers: found "scalar"${reencryption === undefined ? '' : ` with reencryption.mode "${reencryption.mode}"`}; expected "keyset", or reencryption.mode "maintenance". A reader that knows one key cannot open what an earlier key wrote: its consumers are stopped while every row is rewritten`,
  ];
}

/**
 * Whoever rewrites every row holds rights no application has, and an application's login changes with its
 * own rotation, in the middle of a job: neither is the other's.
 */
function loginProblems(
  secret: EncryptionConfig,
  key: string,
  path: string,
  { secrets, consumers }: RotationConfig,
): string[] {
  const login = Object.hasOwn(secrets, key) ? secrets[key] : undefined;
  if (login?.kind !== 'database') {
    const databases = Object.keys(secrets).filter((name) => secrets[name]?.kind === 'database');
    return [
      `${path}: found ${show(key)}; expected the key of a database secret of its own (${databases.filter((name) => name !== secret.database).join(', ') || 'there is none'})`,
    ];
  }
  const usedBy = Object.keys(secrets).find((name) => {
    const other = secrets[name];
    return other?.kind === 'encryption' && other.database === key;
  });
  if (usedBy !== undefined) {
    return [
      `${path}: found ${show(key)}, which is secrets.${usedBy}.database; expected a login of its own: the application's reads rows and rewrites none`,
    ];
  }
  return [
    ...placeProblems(secret, login, key, path, secrets),
    ...(login.connection === 'direct'
      ? []
      : [
          `${path}: found ${show(key)} with connection "${login.connection}"; expected "direct": transactions and locks of the job need a session of their own`,
        ]),
    ...(login.adopt === undefined
      ? []
      : [
          `${path}: found ${show(key)}, which is adopted; expected a new secret with a role of its own: no program logs in with it but this one`,
        ]),
    ...consumers.flatMap(({ name, reads }) =>
      reads.includes(key)
        ? [
            `${path}: found ${show(key)}, which consumer "${name}" reads; expected a login no application knows`,
          ]
        : [],
    ),
  ];
}

function placeProblems(
  { database: name }: EncryptionConfig,
  login: DatabaseConfig,
  key: string,
  path: string,
  secrets: RotationConfig['secrets'],
): string[] {
  const database = name === undefined ? undefined : secrets[name];
  if (database?.kind !== 'database') {
    return [];
  }
  const differ = [
    ...(database.host.toLowerCase() === login.host.toLowerCase() ? [] : ['host']),
    ...(['port', 'dbname'] as const).filter((part) => database[part] !== login[part]),
  ];
  return differ.length === 0
    ? []
    : [
        `${path}: found ${show(key)} with another ${differ.join(', ')} than "${name}"; expected the same database, where the rows are`,
      ];
}
