/** What the dashboard shows, asked of the template of the example. */
import { describe, expect, test } from '@jest/globals';
import { metricNames } from '../../domain/config/names.ts';
import pharmacy from '../../rotation.config.ts';
import type { Synthesized } from './synthesized.ts';

export function dashboard(stack: Synthesized): void {
  describe('the dashboard', () => {
    const { Properties } = stack.one('AWS::CloudWatch::Dashboard');
    const body = bodyOf(Properties.DashboardBody);

    test('is named for its region: dashboards are the whole account’s', () => {
      expect(JSON.stringify(Properties.DashboardName)).toContain('quarterturn-pharmacy-prod-');
      expect(JSON.stringify(Properties.DashboardName)).toMatch(/eu-west-1|AWS::Region/);
    });

    test('shows metrics that somebody emits, under the dimensions of this deployment', () => {
      const emitted = new Set<string>(Object.values(metricNames));
      const shown = body.widgets.flatMap(({ properties }) => properties.metrics ?? []);
      const own = shown.filter(([namespace]) => namespace === 'Quarterturn');
      expect(own.length).toBeGreaterThan(15);
      for (const [, name, dimension, value] of own) {
        expect(emitted).toContain(name);
        expect([dimension, value]).toEqual(
          name === 'ReencryptionUnproven'
            ? ['Secret', 'pharmacy/prod/pii']
            : ['Deployment', 'pharmacy/prod'],
        );
      }
      const names = new Set(own.map(([, name]) => name));
      for (const name of emitted) {
        // Days to the limit are the age, seen from the other end; restored logins are an alarm of the moment;
        // this deployment has no certificates.
        if (!/DaysToLimit|LoginsRestored|CertificateDaysLeft/.test(name))
          expect(names).toContain(name);
      }
      const others = new Set(
        shown.filter((one) => !own.includes(one)).map(([of, name]) => `${of} ${name}`),
      );
      expect([...others].sort()).toEqual([
        'AWS/Lambda Errors',
        'AWS/SQS ApproximateNumberOfMessagesVisible',
        'AWS/States ExecutionsAborted',
        'AWS/States ExecutionsFailed',
        'AWS/States ExecutionsSucceeded',
        'AWS/States ExecutionsTimedOut',
      ]);
    });

    test('draws the age of every secret against the limit of its own', () => {
      const ages = body.widgets.filter(({ properties }) =>
        properties.title?.startsWith('Age in days'),
      );
      const drawn = ages.flatMap(({ properties }) => {
        const limit = properties.annotations?.horizontal[0]?.value;
        return (properties.metrics ?? []).map((metric) => [metric[5], limit]);
      });
      const rotated = Object.entries(pharmacy.secrets).flatMap(([key, secret]) =>
        secret.kind === 'userManaged' ? [] : [[`pharmacy/prod/${key}`, secret.cadenceDays]],
      );
      expect(drawn.sort()).toEqual(rotated.sort());
    });
  });
}

interface Body {
  widgets: {
    type: string;
    properties: {
      title?: string;
      metrics?: unknown[][];
      annotations?: { horizontal: { value: number }[] };
    };
  }[];
}

/** With a word in place of what is known at deployment only. */
function bodyOf(body: string | { 'Fn::Join': [string, unknown[]] }): Body {
  const text =
    typeof body === 'string'
      ? body
      : body['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : 'x')).join('');
  return JSON.parse(text);
}
