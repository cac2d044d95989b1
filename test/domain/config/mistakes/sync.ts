/** Copies of what does not rotate, to places that are none, with credentials that are none. */
import { kmsKeyArn, type Mistake, one } from './document.ts';

const ssm = { to: 'ssm', secret: 'jwt', parameter: '/shop/prod/jwt', kmsKeyArn };
const gitHub = {
  to: 'github',
  secret: 'jwt',
  field: 'JWT_SECRET',
  repository: 'shop/api',
  name: 'JWT_SECRET',
  token: 'vendor',
};
const webhook = {
  to: 'webhook',
  secret: 'jwt',
  url: 'https://hooks.example.com/s',
  signingSecret: 'vendor',
};
const having =
  (...targets: readonly object[]) =>
  (c: { sync?: unknown }) => {
    c.sync = targets;
  };

/** Accepted: each sort, and one secret in two places. */
export const soundTargets: readonly object[] = [
  ssm,
  { ...ssm, parameter: '/shop/prod/jwt-keyset', field: 'keyset', tier: 'Advanced' },
  { ...ssm, secret: 'db', parameter: '/shop/prod/db-password', field: 'password' },
  gitHub,
  { ...gitHub, environment: 'prod/eu' },
  webhook,
  { ...webhook, secret: 'pii' },
];

export const sync: readonly Mistake[] = [
  [
    'a copy of what does not rotate',
    having({ ...ssm, secret: 'admin' }),
    one(
      /^sync\.0\.secret: found "admin"; expected a secret that rotates, .*\(jwt, pii, db, legacy\)$/,
    ),
  ],
  [
    'a copy of a secret that is not there',
    having({ ...ssm, secret: 'cache' }),
    one(/^sync\.0\.secret: found "cache"; expected a secret that rotates/),
  ],
  [
    'a member that the value does not have',
    having({ ...ssm, field: 'JWT_KEY' }),
    one(/^sync\.0\.field: found "JWT_KEY"; expected a member .* \(JWT_SECRET, keyset\)/),
  ],
  [
    'a URL of a database that is not kept in step',
    having({ ...ssm, secret: 'db', field: 'DATABASE_URL' }),
    one(/^sync\.0\.field: found "DATABASE_URL"; expected a member/),
  ],
  [
    'two copies in one parameter',
    having(ssm, { ...ssm, secret: 'pii' }),
    one(/^sync\.1: found "\/shop\/prod\/jwt" again; expected every place once$/),
  ],
  [
    'two copies in one secret of GitHub, which knows no case',
    having(gitHub, { ...gitHub, secret: 'pii', field: 'ENCRYPTION_KEY', name: 'jwt_secret' }),
    one(/^sync\.1: found .* again; expected every place once$/),
  ],
  [
    'a parameter where deployments keep their manifests',
    having({ ...ssm, parameter: '/quarterturn/shop/prod/manifest' }),
    one(/^sync\.0\.parameter: found "\/quarterturn\/.*outside of \/quarterturn\//),
  ],
  [
    'a parameter of a name that AWS keeps',
    having({ ...ssm, parameter: '/aws/jwt' }),
    one(/^sync\.0\.parameter: found "\/aws\/jwt"; expected a name that begins neither/),
  ],
  [
    'a key of another region',
    having({ ...ssm, kmsKeyArn: kmsKeyArn.replace('eu-west-1', 'eu-west-2') }),
    one(/^sync\.0\.kmsKeyArn: found a key in "eu-west-2"; expected one in "eu-west-1"/),
  ],
  [
    'a token in a secret that rotates',
    having({ ...gitHub, token: 'pii' }),
    one(
      /^sync\.0\.token: found "pii"; expected the key of a userManaged secret \(admin, vendor\)$/,
    ),
  ],
  [
    'the credential that sets every role as a token',
    having({ ...gitHub, token: 'admin' }),
    one(/^sync\.0\.token: found "admin", the credential that sets every role; expected/),
  ],
  [
    'an API without TLS',
    having({ ...gitHub, api: 'http://github.example.com/api/v3' }),
    one(/^sync\.0\.api: found a URL that is refused; expected https/),
  ],
  [
    'an API in a private network',
    having({ ...gitHub, api: 'https://10.0.0.7/api/v3' }),
    one(/^sync\.0\.api: found a URL that is refused; expected a public host/),
  ],
  [
    'a repository that leads elsewhere',
    having({ ...gitHub, repository: 'shop/..' }),
    one(/^sync\.0\.repository: found .*expected owner and repository/),
  ],
  [
    'an environment that leads elsewhere',
    having({ ...gitHub, environment: '..' }),
    one(/^sync\.0\.environment: found .*expected the name of an environment/),
  ],
  [
    'a webhook with a password in its URL',
    having({ ...webhook, url: 'https://me:hunter2@hooks.example.com/' }),
    one(/^sync\.0\.url: found a URL that is refused; expected no user or password in it$/),
  ],
  [
    'what signs is not there',
    having({ ...webhook, signingSecret: 'hooks' }),
    one(/^sync\.0\.signingSecret: found "hooks"; expected the key of a userManaged secret/),
  ],
  [
    'more copies of one secret than there is time for',
    having(...Array.from({ length: 21 }, (_, n) => ({ ...ssm, parameter: `/shop/${n}` }))),
    one(/^sync: found 21 copies of "jwt"; expected 20 at most$/),
  ],
];
