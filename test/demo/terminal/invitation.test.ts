import { expect, test } from '@jest/globals';
import { invitation } from '../../../demo/terminal/invitation.ts';
import { manifestOf, type RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import config from '../../../rotation.config.ts';

test('the sandbox invites to paste: settings first, then the command line, then aws', () => {
  const rotated = manifestOf(config).secrets.filter(
    (secret): secret is RotatedManifestSecret => secret.kind !== 'userManaged',
  );
  const text = invitation({
    sandbox: { url: 'http://127.0.0.1:4566', region: 'eu-west-1', account: '000000000000' },
    operator: { rotatedSecrets: () => rotated },
    operatorKey: { accessKeyId: 'LOCALUSER', secretAccessKey: 'of-the-sandbox' },
    directory: '/tmp/sandbox',
    file: 'rotation.config.ts',
  });
  const lines = text.split('\n').map((line) => line.trim());
  const at = (line: string) => lines.indexOf(line);
  expect(at('export AWS_ENDPOINT_URL=http://127.0.0.1:4566')).toBeGreaterThan(0);
  expect(at('npx quarterturn status')).toBeGreaterThan(
    at('export AWS_ENDPOINT_URL=http://127.0.0.1:4566'),
  );
  expect(lines).toContain('npx quarterturn rotate jwt');
  expect(lines).toContain('npx quarterturn emergency jwt --reason "practising"');
  expect(lines).toContain('npx quarterturn offboard arn:aws:iam::000000000000:user/api --dry-run');
  expect(lines).toContain(
    'aws secretsmanager rotate-secret --secret-id pharmacy/prod/jwt --endpoint-url http://127.0.0.1:4566',
  );
});
