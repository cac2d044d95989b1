/** The rows that need a server, apart from the test that starts them, so that a list can be held against them. */
export interface PostgresItem {
  item: number;
  title: string;
  code: `ERR_ROTATION_${string}`;
  step: 'setSecret' | 'testSecret';
  target:
    | 'withoutTls'
    | 'withoutTlsAndAbsent'
    | 'withoutTlsAndTrue'
    | 'authorityOfAnother'
    | 'noAuthority'
    | 'textAsAuthority'
    | 'addressInsteadOfName'
    | 'expired'
    | 'standby'
    | 'superuser'
    | 'createRole'
    | 'noRole';
}

const tls = 'ERR_ROTATION_TLS';
const wrong: readonly Omit<PostgresItem, 'step'>[] = [
  {
    item: 47,
    title: 'ssl absent, and a server without TLS: never in the clear',
    code: tls,
    target: 'withoutTlsAndAbsent',
  },
  { item: 47, title: 'ssl true, and a server without TLS', code: tls, target: 'withoutTlsAndTrue' },
  {
    item: 48,
    title: 'a certificate of another authority',
    code: tls,
    target: 'authorityOfAnother',
  },
  {
    item: 48,
    title: 'no authority at all: the ones of the system are not asked',
    code: tls,
    target: 'noAuthority',
  },
  { item: 48, title: 'a text where the authority should be', code: tls, target: 'textAsAuthority' },
  {
    item: 49,
    title: 'a certificate for another host name',
    code: tls,
    target: 'addressInsteadOfName',
  },
  { item: 50, title: 'a certificate that has expired', code: tls, target: 'expired' },
  { item: 51, title: 'a server without TLS', code: tls, target: 'withoutTls' },
];

export const postgresItems: readonly PostgresItem[] = [
  ...wrong.flatMap((row) => [
    { ...row, step: 'setSecret' as const, title: `${row.title}, at setSecret` },
    { ...row, step: 'testSecret' as const, title: `${row.title}, at testSecret` },
  ]),
  {
    item: 53,
    title: 'a superuser',
    code: 'ERR_ROTATION_ROLE_REFUSED',
    target: 'superuser',
    step: 'setSecret',
  },
  {
    item: 53,
    title: 'a role with CREATEROLE',
    code: 'ERR_ROTATION_ROLE_REFUSED',
    target: 'createRole',
    step: 'setSecret',
  },
  {
    item: 53,
    title: 'a role that does not exist',
    code: 'ERR_ROTATION_NO_SUCH_ROLE',
    target: 'noRole',
    step: 'setSecret',
  },
  {
    item: 59,
    title: 'a reader endpoint',
    code: 'ERR_ROTATION_READ_ONLY_SERVER',
    target: 'standby',
    step: 'setSecret',
  },
];
