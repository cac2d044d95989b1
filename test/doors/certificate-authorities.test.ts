import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  amazonTrustServices,
  certificateAuthorities,
} from '../../doors/certificate-authorities.ts';

/** A function's folder as the build leaves it. */
const built = join(import.meta.dirname, '../../dist/lambdas/database');
const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

describe('the certificate authorities of a database connection', () => {
  test("are RDS's own bundle, each of them readable", () => {
    const all = certificateAuthorities('rds', built).match(certificate) ?? [];
    expect(all.length).toBeGreaterThan(50);
    const subjects = all.map((pem) => new X509Certificate(pem).subject);
    expect(subjects.filter((subject) => subject.includes('Amazon RDS')).length).toBeGreaterThan(50);
  });

  test('are those of Amazon Trust Services for RDS Proxy, whose certificates come from ACM', () => {
    const names = (amazonTrustServices().match(certificate) ?? []).map(
      (pem) => /^CN=(.*)$/m.exec(new X509Certificate(pem).subject)?.[1],
    );
    expect(names.sort()).toEqual([
      ...['1', '2', '3', '4'].map((number) => `Amazon Root CA ${number}`),
      'Starfield Services Root Certificate Authority - G2',
    ]);
  });

  test('are the file beside the bundle, or an error that names it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'authorities-'));
    try {
      expect(() => certificateAuthorities('file', folder)).toThrow(
        expect.objectContaining({ code: 'ERR_ROTATION_CERTIFICATE_AUTHORITIES' }),
      );
      writeFileSync(join(folder, 'ca.pem'), 'not a certificate');
      expect(() => certificateAuthorities('file', folder)).toThrow(folder);
      const [one = ''] = certificateAuthorities('rds', built).match(certificate) ?? [];
      writeFileSync(join(folder, 'ca.pem'), one);
      expect(certificateAuthorities('file', folder)).toBe(one);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
