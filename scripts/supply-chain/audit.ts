/**
 * What the registry says about what is installed: advisories about runtime dependencies, and signatures of packages.
 * A registry that does not answer has found nothing wrong, and nothing right either: that is told apart, and no success.
 */
export interface Run {
  code: number | null;
  out: string;
  err: string;
}

/** Runs npm with these arguments where the lockfile lies. */
export type Npm = (args: readonly string[]) => Run;

export type Finding =
  | { is: 'clean'; about: string }
  | { is: 'bad'; about: string; found: readonly string[] }
  | { is: 'not checked'; about: string; because: string };

export const advisories = 'advisories of runtime dependencies, high and critical';
export const signatures = 'signatures of packages';

export function audit(npm: Npm): Finding[] {
  return [
    readAdvisories(npm(['audit', '--omit=dev', '--audit-level=high', '--json'])),
    readSignatures(npm(['audit', 'signatures', '--json'])),
  ];
}

/** 0: all was checked and is clean. 1: something is bad. 3: something was not checked. */
export const exitCodeOf = (findings: readonly Finding[]): 0 | 1 | 3 =>
  findings.some((it) => it.is === 'bad') ? 1 : findings.some((it) => it.is !== 'clean') ? 3 : 0;

export function told(finding: Finding): string {
  const { about } = finding;
  switch (finding.is) {
    case 'clean':
      return `ok           ${about}`;
    case 'bad':
      return [`FOUND        ${about}`, ...finding.found.map((it) => `               ${it}`)].join(
        '\n',
      );
    case 'not checked':
      return `NOT CHECKED  ${about}: ${finding.because}`;
  }
}

function readAdvisories(run: Run): Finding {
  const report = parsed(run) as {
    metadata?: { vulnerabilities?: unknown };
    vulnerabilities?: Record<string, { severity: string; range: string }>;
  };
  if (report.metadata?.vulnerabilities === undefined || report.vulnerabilities === undefined) {
    return notChecked(advisories, run, report);
  }
  const found = Object.entries(report.vulnerabilities)
    .filter(([, { severity }]) => severity === 'high' || severity === 'critical')
    .map(([name, { severity, range }]) => `${name} ${range}: ${severity}`);
  if (found.length === 0 && run.code !== 0) return notChecked(advisories, run, report);
  return found.length === 0
    ? { is: 'clean', about: advisories }
    : { is: 'bad', about: advisories, found };
}

/** `{ "invalid": [], "missing": [] }`: missing where the registry signs, and this package has no signature. */
function readSignatures(run: Run): Finding {
  const report = parsed(run) as Record<'invalid' | 'missing', unknown>;
  const { invalid, missing } = report;
  if (!Array.isArray(invalid) || !Array.isArray(missing))
    return notChecked(signatures, run, report);
  const list = (of: readonly { name: string; version: string }[], what: string) =>
    of.map(({ name, version }) => `${name}@${version}: ${what}`);
  const found = [...list(invalid, 'signature is invalid'), ...list(missing, 'has no signature')];
  if (found.length === 0 && run.code !== 0) return notChecked(signatures, run, report);
  return found.length === 0
    ? { is: 'clean', about: signatures }
    : { is: 'bad', about: signatures, found };
}

function notChecked(about: string, run: Run, report: object): Finding {
  const { error, message } = report as { error?: { code?: string }; message?: string };
  const code = error?.code ?? /npm error code (\S+)/.exec(run.err)?.[1];
  const said = [code, message?.replace(/ - .*/, '')].filter((it) => it !== undefined && it !== '');
  const because = said.length > 0 ? said.join(', ') : `npm ended with ${run.code ?? 'a signal'}`;
  return { is: 'not checked', about, because: `the registry did not answer (${because})` };
}

function parsed({ out }: Run): object {
  try {
    const value: unknown = JSON.parse(out);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
