import { expect, test } from '@jest/globals';
import { embeddedMetrics } from '../../doors/metrics.ts';

test('writes one line in the embedded metric format, with exactly these dimensions', () => {
  const lines: string[] = [];
  embeddedMetrics((line) => void lines.push(line)).emit({
    dimensions: { Deployment: 'pharmacy/prod', Secret: 'pharmacy/prod/jwt' },
    values: { MaterialAgeDays: 9.5, DaysToLimit: 80.5 },
    at: new Date('2026-05-17T17:00:00Z'),
  });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\{.*\}\n$/);
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    _aws: {
      Timestamp: Date.parse('2026-05-17T17:00:00Z'),
      CloudWatchMetrics: [
        {
          Namespace: 'Quarterturn',
          Dimensions: [['Deployment', 'Secret']],
          Metrics: [{ Name: 'MaterialAgeDays' }, { Name: 'DaysToLimit' }],
        },
      ],
    },
    Deployment: 'pharmacy/prod',
    Secret: 'pharmacy/prod/jwt',
    MaterialAgeDays: 9.5,
    DaysToLimit: 80.5,
  });
});
