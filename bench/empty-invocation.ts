/** The measure of all rotations: a function that does nothing, invoked by the same sandbox. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { startSandbox } from '../sandbox/start.ts';
import { functionResources, makeAssembly } from '../test/sandbox/assembly.ts';
import { median } from './measure.ts';

/** Median milliseconds of one warm invocation. */
export async function measureEmptyInvocation(runs: number): Promise<number> {
  const assembly = makeAssembly({ Resources: functionResources('Empty') });
  const sandbox = await startSandbox({
    assembly: assembly.folder,
    clock: { start: new Date('2026-01-05T03:00:00Z'), mode: 'manual' },
  });
  try {
    const credentials = sandbox.createPrincipal('bench', {
      policies: [
        {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: '*' }],
        },
      ],
    });
    const lambda = new LambdaClient({ endpoint: sandbox.url, region: sandbox.region, credentials });
    const FunctionName = sandbox.resources.get('Empty')?.physicalId ?? '';
    for (let run = -1; run < runs; run++) {
      await lambda.send(new InvokeCommand({ FunctionName, Payload: '{}' }));
    }
    lambda.destroy();
    const samples = sandbox.requests().filter(({ operation }) => operation === 'Invoke');
    return median(samples.slice(1).map(({ milliseconds }) => milliseconds));
  } finally {
    await sandbox.stop();
    assembly.remove();
  }
}
