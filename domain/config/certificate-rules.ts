/** Rules about certificates that span fields: one source each, and one that can be read from outside of every VPC. */
import { hostAndPort } from './certificate-manifest.ts';
import { type CertificateConfig, endpointPattern } from './certificate-schema.ts';
import { duplicates } from './duplicates.ts';
import { hostProblem } from './host.ts';
import { nearestName } from './nearest-name.ts';
import { isPrivateHost } from './private-host.ts';
import type { RotationConfig } from './rotation-config.ts';
import type { ExistingSecret } from './secret-schemas.ts';
import { show } from './show.ts';

const sources = ['acm', 'secret', 'endpoint'] as const;

/** Which source each of the other fields belongs to. */
const belongs = { field: 'secret', servername: 'endpoint', startTls: 'endpoint' } as const;

export function certificateProblems(config: RotationConfig): string[] {
  const { certificates = [] } = config;
  return [
    ...duplicates(certificates, ({ name }) => name, 'certificates', 'name'),
    ...certificates.flatMap((certificate, index) => {
      const path = `certificates.${index}`;
      return [
        ...sourceProblems(certificate, path),
        ...acmProblems(certificate, path, config),
        ...secretProblems(certificate, path, config),
        ...endpointProblems(certificate, path, config.environment),
      ];
    }),
  ];
}

function sourceProblems(certificate: CertificateConfig, path: string): string[] {
  const found = sources.filter((source) => certificate[source] !== undefined);
  const [only] = found;
  return [
    ...(found.length === 1
      ? []
      : [
          `${path}: found ${found.length === 0 ? 'no source' : found.join(' and ')}; expected one of acm, secret and endpoint`,
        ]),
    ...(['field', 'servername', 'startTls'] as const)
      .filter((word) => certificate[word] !== undefined && !found.includes(belongs[word]))
      .map(
        (word) =>
          `${path}.${word}: found beside ${only ?? 'no source'}; expected ${belongs[word]} beside it, or no ${word}`,
      ),
  ];
}

/** DescribeCertificate reaches the caller's own account only: an ACM certificate has no resource policy. */
function acmProblems(
  { acm }: CertificateConfig,
  path: string,
  { account }: RotationConfig,
): string[] {
  const found = acm?.startsWith('arn:') ? acm.split(':')[4] : undefined;
  return found === undefined || account === undefined || found === account
    ? []
    : [
        `${path}.acm: found a certificate of account ${found}; expected one of ${account}: ACM describes the certificates of its own account only. Read what a server shows instead: endpoint`,
      ];
}

function secretProblems(
  { secret: key }: CertificateConfig,
  path: string,
  { secrets, region }: RotationConfig,
): string[] {
  if (typeof key !== 'string') return key === undefined ? [] : regionProblems(key, path, region);
  const userManaged = Object.keys(secrets).filter((one) => secrets[one]?.kind === 'userManaged');
  const admins = new Set(
    Object.values(secrets).flatMap((one) => (one.kind === 'database' ? [one.admin] : [])),
  );
  if (admins.has(key)) {
    return [
      `${path}.secret: found ${show(key)}, the credential that sets every role; expected a secret that holds a certificate`,
    ];
  }
  if (userManaged.includes(key)) return [];
  const nearest = nearestName(key, userManaged);
  return [
    `${path}.secret: found ${show(key)}; expected the key of a userManaged secret${nearest === undefined ? ` (${userManaged.join(', ') || 'there is none'})` : `; did you mean "${nearest}"?`}, or { secretArn, kmsKeyArn } of one that stands elsewhere`,
  ];
}

/** The function asks Secrets Manager of its own region. An ARN known at deployment only is a placeholder of it. */
function regionProblems({ secretArn }: ExistingSecret, path: string, region: string): string[] {
  const found = secretArn.split(':')[3];
  return found === region
    ? []
    : [
        `${path}.secret.secretArn: found a secret in "${found}"; expected one in "${region}", such as its replica there`,
      ];
}

function endpointProblems(
  { endpoint, servername }: CertificateConfig,
  path: string,
  environment: string,
): string[] {
  if (endpoint === undefined) return [];
  const { host, port } = hostAndPort(endpoint);
  if (!endpointPattern.test(endpoint) || port > 65_535) {
    return [
      `${path}.endpoint: found ${show(endpoint)}; expected host and port, such as "www.example.com:443"`,
    ];
  }
  const problem = hostProblem(host, environment) ?? privateProblem(host, environment);
  const name = servername === undefined ? undefined : hostProblem(servername, 'dev');
  return [
    ...(problem === undefined
      ? []
      : [`${path}.endpoint: found a host that is refused; expected ${problem}`]),
    ...(name === undefined
      ? []
      : [`${path}.servername: found a name that is refused; expected ${name}`]),
  ];
}

const privateProblem = (host: string, environment: string): string | undefined =>
  environment !== 'dev' && isPrivateHost(host)
    ? 'a public host: the function that reads it stands outside of every VPC, because one in a VPC reaches no event bus. Read the certificate of a private endpoint where it is kept: acm or secret'
    : undefined;
