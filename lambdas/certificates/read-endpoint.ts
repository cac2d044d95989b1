/** What a server shows, on every address of its name: the soonest end of them all. */
import { X509Certificate } from 'node:crypto';
import type { ManifestCertificate } from '../../domain/config/certificate-manifest.ts';
import type { Shown } from '../../doors/shown-certificates.ts';
import { readChain } from './chain.ts';
import type { SourceDoors } from './doors.ts';
import type { Reading } from './reading.ts';

type FromEndpoint = Extract<ManifestCertificate, { from: 'endpoint' }>;

export async function readEndpoint(
  { shown }: Pick<SourceDoors, 'shown'>,
  { host, port, servername, startTls }: FromEndpoint,
  now: Date,
): Promise<Reading> {
  const ask = () => shown.read({ host, port, servername, ...(startTls && { startTls }) });
  const asked = await ask();
  // One lost packet is nobody's business.
  const answers = asked.some((answer) => 'problem' in answer) ? await ask() : asked;
  const readings = answers.map((answer) => readAnswer(answer, now, servername));
  const read = readings.filter(({ notAfter }) => notAfter !== undefined);
  const [first] = read.toSorted((a, b) => Number(a.notAfter) - Number(b.notAfter));
  const problems = readings.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  const shared = new Set(problems).size === 1 && problems.length === readings.length;
  const problem = shared
    ? problems[0]
    : problems.length > 0
      ? `at ${problems.length} of its ${readings.length} addresses: ${[...new Set(problems)].join('; ')}`
      : undefined;
  const different = new Set(read.map(({ identity }) => identity)).size;
  const remarks = [
    ...(first?.remark === undefined ? [] : [first.remark]),
    ...(different > 1 ? [`its addresses show ${different} certificates that end first`] : []),
  ];
  return {
    ...(first ?? {}),
    problem: problem ?? (readings.length === 0 ? 'its name has no IPv4 address' : undefined),
    remark: remarks.length === 0 ? undefined : remarks.join('; '),
  };
}

function readAnswer(answer: Shown, now: Date, servername: string): Reading {
  if ('problem' in answer) {
    return { problem: words[answer.problem] ?? `the handshake failed with ${answer.problem}` };
  }
  try {
    const chain = answer.chain.map((der) => new X509Certificate(der));
    return chain.length === 0
      ? { problem: 'the server shows no certificate' }
      : readChain(chain, now, servername);
  } catch {
    return { problem: 'a certificate the server shows cannot be parsed' };
  }
}

const words: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name could not be resolved just now',
  ECONNREFUSED: 'the server refused the connection',
  ECONNRESET: 'the server broke the handshake off',
  CLOSED: 'the server broke the handshake off',
  TIMEOUT: 'the server did not answer in time',
  NO_TLS_OFFERED: 'the server offers no TLS',
  PRIVATE_ADDRESS: 'its name leads to a private address, which this function does not ask',
};
