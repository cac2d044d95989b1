/** When a certificate and those it is sent with end: X.509 alone, nothing of where they came from. */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { printable, type Reading } from './reading.ts';

/**
 * @param certificates in any order; those that did not issue the leaf, or its issuers, do not count
 * @param servername the name it must be for; absent: nobody asked for one
 */
export function readChain(
  certificates: readonly X509Certificate[],
  now: Date,
  servername?: string,
): Reading {
  const [leaf, ...issuers] = pathOf(certificates);
  if (leaf === undefined) return { problem: 'no certificate' };
  const path = [leaf, ...issuers];
  // Of a date that is damaged OpenSSL says so in words; as a date it would compare with nothing, and never end.
  if (path.some((one) => Number.isNaN(endOf(one).getTime() + Date.parse(one.validFrom)))) {
    return { problem: 'a certificate has a date that cannot be read' };
  }
  const first = path.reduce((soonest, one) => (endOf(one) < endOf(soonest) ? one : soonest));
  const notBefore = new Date(Math.max(...path.map((one) => Date.parse(one.validFrom))));
  const problems = [
    ...(now < notBefore ? [`is not valid before ${notBefore.toISOString()}`] : []),
    ...(servername === undefined || isFor(leaf, servername)
      ? []
      : [`is for other names than ${servername}: ${namesOf(leaf)}`]),
  ];
  return {
    notAfter: endOf(first),
    identity: first.fingerprint256.replaceAll(':', '').toLowerCase(),
    serial: first.serialNumber,
    ...(problems.length > 0 && { problem: `the certificate ${problems.join(', and ')}` }),
    ...(first !== leaf && {
      remark: `its issuer ${commonName(first)} ends first; the certificate itself ends ${endOf(leaf).toISOString()}`,
    }),
  };
}

/**
 * The leaf and its issuers, as far as they were sent. A self-signed issuer is a root: clients have their own copy, and
 * its dates in what is sent count for nothing.
 */
function pathOf(certificates: readonly X509Certificate[]): X509Certificate[] {
  const leaf =
    certificates.find(
      (one) => !certificates.some((other) => other !== one && issued(one, other)),
    ) ?? certificates[0];
  const path: X509Certificate[] = [];
  let next = leaf;
  while (next !== undefined && !path.includes(next)) {
    path.push(next);
    const last: X509Certificate = next;
    next = certificates.find(
      (one) => !path.includes(one) && !issued(one, one) && issued(one, last),
    );
  }
  return path;
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    // A key of a kind that OpenSSL does not know issues nothing here.
    return false;
  }
}

const endOf = (certificate: X509Certificate): Date => new Date(certificate.validTo);

/** A common name counts for nothing where clients look (RFC 9525, 6.4.4). */
const isFor = (certificate: X509Certificate, name: string): boolean =>
  (isIP(name) === 0
    ? certificate.checkHost(name, { subject: 'never' })
    : certificate.checkIP(name)) !== undefined;

function namesOf({ subjectAltName }: X509Certificate): string {
  const names = (subjectAltName ?? '').split(', ').filter((name) => name !== '');
  return names.length === 0
    ? 'none'
    : printable(`${names.slice(0, 3).join(', ')}${names.length > 3 ? ' and more' : ''}`);
}

const commonName = ({ subject }: X509Certificate): string =>
  printable(/^CN=(.*)$/m.exec(subject)?.[1] ?? subject.split('\n').at(-1) ?? 'without a name');
